package library_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/attack"
	"candor/internal/library"
)

// asked is what somebody looks for, and the ATT&CK IDs that are right, parted by
// spaces; "reads X" is right for what names a log source X.
type asked struct{ query, right string }

// tried are queries of the sort that the search was made with, and held those that
// were set aside until it was done: both were written down before.
var (
	tried = []asked{
		{"mimikats", "S0002"}, {"emotett", "S0367"}, {"trickbt", "S0266"}, {"kimsukky", "G0094"}, {"sandwrom", "G0034"},
		{"lazerus", "G0032"}, {"APT 28", "G0007"}, {"APT-41", "G0096"}, {"oceanlotus", "G0050"}, {"ocean lotus", "G0050"},
		{"HELIX KITTEN", "G0049"}, {"velvetchollima", "G0094"}, {"CVE-2017-11882", "T1203"}, {"CVE-2020-1472", "T1210"},
		{"CVE-2021-44228", "T1190"}, {"rubeus", "S1071"}, {"procdump", "T1003.001"}, {"ntdsutil", "T1003.003"},
		{"vssadmin", "T1490"}, {"EventCode=4625", "reads EventCode=4625"}, {"scheduled tas", "T1053.005 T1053"},
		{"credential dumpin", "T1003"}, {"lateral movment", "TA0008"}, {"persistance", "TA0003"}, {"golden ticket", "T1558.001"},
		{"kerberosting", "T1558.003"}, {"spear phishing attachment", "T1566.001"}, {"process hollow", "T1055.012"},
		{"web shells", "T1505.003"}, {"clear event logs", "T1070.001"}, {"lsass dump", "T1003.001"}, {"brute forcing", "T1110"},
		{"detection of employee names", "DET0857"}, {"employee names", "AN1989"},
	}
	held = []asked{
		{"cobaltstrike", "S0154"}, {"ryukk", "S0446"}, {"lockbit3", "S1202"}, {"wanacry", "S0366"}, {"notpetia", "S0368"},
		{"mudy water", "G0069"}, {"salt typhon", "G1045"}, {"scatered spider", "G1015"}, {"APT 10", "G0045"}, {"FIN 7", "G0046"},
		{"cozy bear", "G0016"}, {"energetic bear", "G0035"}, {"nobelium", "G0016"}, {"charmingkitten", "G0059"},
		{"CVE-2019-0604", "T1190"}, {"CVE-2021-26855", "T1190"}, {"CVE-2014-6324", "T1068"}, {"wevtutil", "S0645 T1070.001"},
		{"comsvcs", "T1003.001"}, {"rclone", "S1040"}, {"anydesk", "T1219.002 T1219"}, {"EventCode=4769", "reads EventCode=4769"},
		{"WinEventLog:Sysmon / EventCode=10", "reads EventCode=10"}, {"auditd:SYSCALL ptrace", "reads ptrace"},
		{"dll search order hijacking", "T1574.001"}, {"dns tunneling", "T1071.004 T1572"}, {"password spray", "T1110.003"},
		{"kerberoast", "T1558.003"}, {"remote desktop", "T1021.001"}, {"run keys", "T1547.001"}, {"bootkits", "T1542.003"},
		{"timestomping", "T1070.006"}, {"reg.exe", "S0075"}, {"psexec", "S0029"}, {"keystroke logging", "T1056.001"},
		{"screenshots", "T1113"}, {"crypto mining", "T1496 T1496.001"}, {"data encription for impact", "T1486"},
		{"AS-REP roasting", "T1558.004"}, {"asrep", "T1558.004"}, {"rundll", "T1218.011"}, {"pwershell", "T1059.001"},
		{"mfa fatigue", "T1621"}, {"t1003/001", "T1003.001"}, {"https://attack.mitre.org/techniques/T1055/012/", "T1055.012"},
		{"supply chain", "T1195"}, {"winrm", "T1021.006"}, {"bitsadmin", "S0190 T1197"}, {"golden saml", "T1606.002"},
		{"token theft", "T1134.001 T1528"}, {"sudo caching", "T1548.003"},
	}
)

// TestSearchFindsWhatAnalystsType counts how often what is right is among the first
// three, over names, aliases, misspelt names, tools, CVE ids, events and partial names,
// in Enterprise alone and where what other domains have competes.
func TestSearchFindsWhatAnalystsType(t *testing.T) {
	s, view := searchable(t)
	for _, set := range []struct {
		name    string
		queries []asked
		missed  int // at most, in Enterprise
	}{
		{"the 22 of the library", listed(t), 2}, {"tried", tried, 2}, {"held", held, 3},
	} {
		for domain, more := range map[string]int{"enterprise": 0, "": 3} {
			var missed []string
			for _, q := range set.queries {
				if ids := firstThree(t, s, q.query, domain); !slices.ContainsFunc(ids, func(id string) bool { return q.fits(view, id) }) {
					missed = append(missed, fmt.Sprintf("%q finds %s, right is %s", q.query, strings.Join(ids, " "), q.right))
				}
			}
			t.Logf("%s, domain %q: %d of %d among the first three\n%s", set.name, domain, len(set.queries)-len(missed), len(set.queries), strings.Join(missed, "\n"))
			if len(missed) > set.missed+more {
				t.Errorf("%s, domain %q: %d are missed, want %d at most", set.name, domain, len(missed), set.missed+more)
			}
		}
	}
}

// searchable returns a library with the newest release of each domain, and the one
// of Enterprise.
func searchable(tb testing.TB) (*library.Service, *attack.Library) {
	s, lib := openReal(tb, "enterprise-attack-18.1", "mobile-attack-18.1", "ics-attack-18.1")
	r, err := s.Release(context.Background(), attack.ReleaseRef{Domain: "enterprise"})
	if err != nil {
		tb.Fatal(err)
	}
	view, err := lib.Load(context.Background(), r)
	if err != nil {
		tb.Fatal(err)
	}
	return s, view
}

// listed returns the queries of the file beside the real data.
func listed(t *testing.T) []asked {
	f, err := os.Open(filepath.Join(dataFolder(t), "..", "mend", "library", "queries.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	var qs []asked
	for _, r := range rows[1:] {
		qs = append(qs, asked{r[0], r[1]})
	}
	return qs
}

// fits reports whether an object is right.
func (a asked) fits(view *attack.Library, id string) bool {
	want, logs := strings.CutPrefix(a.right, "reads ")
	if !logs {
		return slices.Contains(strings.Fields(a.right), id)
	}
	for _, o := range view.ByATTACKID(id) {
		for _, l := range slices.Concat(o.LogSources, o.Channels) {
			if strings.Contains(l.Channel, want) {
				return true
			}
		}
	}
	return false
}

func firstThree(tb testing.TB, s *library.Service, query, domain string) []string {
	found, _, err := s.Search(context.Background(), query, attack.ReleaseRef{Domain: domain}, 3)
	if err != nil {
		tb.Fatalf("%q: %v", query, err)
	}
	var ids []string
	for _, l := range found {
		ids = append(ids, l.ATTACKID)
	}
	return ids
}

// BenchmarkSearch asks all queries; it tells the median and the worst.
func BenchmarkSearch(b *testing.B) {
	s, _ := searchable(b)
	queries := slices.Concat(tried, held)
	var took []time.Duration
	for b.Loop() {
		for _, q := range queries {
			start := time.Now()
			firstThree(b, s, q.query, "enterprise")
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "median-us")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "p95-us")
	b.ReportMetric(float64(took[len(took)-1].Microseconds()), "worst-us")
}
