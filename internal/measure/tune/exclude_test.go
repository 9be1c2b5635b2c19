package tune

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
)

// of sets a field of rows, and the host on which they fired.
func of(rows []Row, host string, fields ...string) []Row {
	for i := range rows {
		rows[i].Host = host
		for j := 0; j+1 < len(fields); j += 2 {
			rows[i].Fields[fields[j]] = fields[j+1]
		}
		rows[i].Fields["entity"] = host
	}
	return rows
}

// office is a rule over ten days: hits on two hosts, misses of a backup that also
// runs where the hits are, and others of no one cause.
func office() []Row {
	var rows []Row
	for d := range 10 {
		rows = append(rows, slices.Concat(
			of(fired(d, 2, alert.TruePositive, 80, "ann"), "mail", "process", "curl"),
			of(fired(d, 4, alert.FalsePositive, 20, "svc"), "vault", "process", "backup"),
			of(fired(d, 1, alert.FalsePositive, 20, "root"), "mail", "process", "backup"),
			of(fired(d, 1, alert.BenignPositive, 60, "bea"), "desk", "process", "curl"),
			of(fired(d, 1, alert.Unlabelled, 60, "bea"), "desk", "process", "curl"))...)
	}
	return rows
}

func exclusion(r *Result, field, value string) *Exclusion {
	for i := range r.Exclusions {
		if x := &r.Exclusions[i]; x.Field == field && x.Value == value {
			return x
		}
	}
	return nil
}

func TestAnExclusionSaysWhatItRestsOnAndWhatItWouldLeave(t *testing.T) {
	r := try(t, office())
	x := exclusion(&r, "process", "backup")
	if x == nil {
		t.Fatalf("no exclusion of the backup: %+v, refused %+v", r.Exclusions, r.Refused)
	}
	if x.Older.FalsePositive != 35 || x.Newer.FalsePositive != 15 || x.Older.Clusters != 35 || x.Newer.Clusters != 15 {
		t.Errorf("removes %+v and %+v, want 35 and 15 in as many clusters", x.Older, x.Newer)
	}
	if o := x.After.Older; o.Episodes != 21 || o.EpisodeHits != 14 || o.Kept != 28 || o.Unlabelled != 7 || o.AlertsPerDay != 4 {
		t.Errorf("left of the older part %+v, want 14 of 21 episodes and 28 alerts", o)
	}
	if x.Blinds.Touched != 2 || x.Blinds.Blind != 1 || x.Blinds.Hosts[0] != (Host{Host: "vault", Alerts: 40}) {
		t.Errorf("blinds %+v, want vault alone: mail has other alerts", x.Blinds)
	}
	want := "It rests on 35 clusters of the older part and 15 of the newer. Of the older part 21 labelled episodes would be left, 14 with a true positive. " +
		"Of the newer part 9 labelled episodes would be left, 6 with a true positive. It blinds the rule on vault: all of its 40 alerts would be gone."
	if x.Text != want {
		t.Errorf("text\n%s\nwant\n%s", x.Text, want)
	}
}

func TestExcludingAHostBlindsItThere(t *testing.T) {
	r := try(t, office())
	x := exclusion(&r, "entity", "vault")
	if x == nil || x.Blinds.Blind != 1 || !strings.Contains(x.Text, "It blinds the rule on vault") {
		t.Errorf("%+v", x)
	}
}

func TestFewClustersAreNotEnough(t *testing.T) {
	rows := office()
	burst := of(fired(0, 40, alert.FalsePositive, 20, "cem"), "lab", "process", "make")
	for i := range burst {
		burst[i].Cluster = fmt.Sprint("burst ", i%4) // forty alerts, four bursts
	}
	r := try(t, append(burst, rows...))
	if x := exclusion(&r, "process", "make"); x != nil {
		t.Errorf("suggests %+v, which rests on four bursts", x)
	}
	i := slices.IndexFunc(r.Refused, func(x Refusal) bool { return x.Field == "process" && x.Value == "make" })
	if i < 0 || r.Refused[i].Reason != FewClusters || r.Refused[i].Text != "It rests on 4 clusters of the older part; 5 are asked for." {
		t.Errorf("refused %+v", r.Refused)
	}
	i = slices.IndexFunc(r.Values, func(v Value) bool { return v.Field == "process" && v.Value == "make" })
	if i < 0 || r.Values[i].Clusters != 4 {
		t.Errorf("values %+v", r.Values)
	}
}

func TestLabelsInDisguiseAreRefused(t *testing.T) {
	note := func(v string) func(*Row) string { return func(*Row) string { return v } }
	by := func(hit, miss string) func(*Row) string {
		return func(r *Row) string {
			if r.hit() {
				return hit
			}
			return miss
		}
	}
	for _, c := range []struct {
		name   string
		value  func(*Row) string
		reason Reason
		text   string
	}{
		{"spells a class", func(r *Row) string {
			if strings.Contains(r.ID, "root") { // not even where it is wrong about some
				return "scan"
			}
			return by("scan", "False Positive")(r)
		}, SpellsClass, `its value "False Positive", on`},
		{"as Sentinel writes it", by("", "FalsePositive - IncorrectAlertLogic"), SpellsClass, "spells a class"},
		{"in short", by("TP", "x"), SpellsClass, `"TP"`},
		{"marks every miss", func(r *Row) string {
			if r.hit() {
				return "ticket of " + r.ID
			}
			return "-"
		}, Separates, `all 60 misses have the value "-" and none of the 20 hits has`},
		{"marks every hit", func(r *Row) string {
			if r.hit() {
				return "yes"
			}
			return "ticket of " + r.ID
		}, Separates, `all 20 hits have the value "yes" and none of the 60 misses has`},
		{"tells apart by several values", func(r *Row) string {
			return by("ab", "cd")(r)[len(r.ID)%2:len(r.ID)%2+1] + fmt.Sprint(r.Time.Day()%2)
		}, Separates, "have only hits and"},
		{"says nothing", note("x"), "", ""},
		{"is a product's name", by("TP-Link", "FPGA"), Separates, "all 60 misses"},
		{"a user of such a name", func(r *Row) string { return "fp" + fmt.Sprint(len(r.ID)%2) + r.Fields["process"] }, "", ""},
	} {
		rows := office()
		for i := range rows {
			if v := c.value(&rows[i]); v != "" && rows[i].Class != alert.Unlabelled {
				rows[i].Fields["triage"] = v
			}
		}
		r := try(t, rows)
		i := slices.IndexFunc(r.Refused, func(x Refusal) bool { return x.Field == "triage" && x.Reason != FewClusters })
		if c.reason == "" && i >= 0 || c.reason != "" && (i < 0 || r.Refused[i].Reason != c.reason || !strings.Contains(r.Refused[i].Text, c.text)) {
			t.Errorf("%s: refused %+v; want %q, %q", c.name, r.Refused, c.reason, c.text)
		}
		shown := slices.ContainsFunc(r.Values, func(v Value) bool { return v.Field == "triage" }) || slices.ContainsFunc(r.Exclusions, func(v Exclusion) bool { return v.Field == "triage" })
		if c.reason != "" && shown {
			t.Errorf("%s: values of a refused field are shown", c.name)
		}
	}
}

func TestWhereItFiredIsNoLabel(t *testing.T) {
	var rows []Row
	for d := range 10 {
		rows = append(rows, slices.Concat(of(fired(d, 2, alert.TruePositive, 80, "ann"), "mail"), of(fired(d, 4, alert.FalsePositive, 20, "ann"), "vault"))...)
	}
	r := try(t, rows)
	if x := exclusion(&r, "entity", "vault"); x == nil || x.Blinds.Blind != 1 {
		t.Errorf("exclusions %+v, refused %+v", r.Exclusions, r.Refused)
	}
}

// TestExclusionsAgreeWithTheDefinitions looks at what is left of drawn alerts, and
// at the hosts, one by one.
func TestExclusionsAgreeWithTheDefinitions(t *testing.T) {
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
	seen := 0
	rapid.Check(t, func(t *rapid.T) {
		rows := drawRows(t)
		for i := range rows { // what is drawn of dee is never true
			if u := rows[i].Fields; u["user"] == "cid" && !rows[i].hit() && !rows[i].Doubted {
				u["user"] = "dee"
			}
		}
		for d := range 10 { // and so much is there of dee that it marks misses
			rows = append(rows, slices.Concat(fired(d, 2, alert.TruePositive, 9, "ann"), of(fired(d, 3, alert.FalsePositive, 3, "dee"), "h4"))...)
		}
		slices.SortStableFunc(rows, func(a, b Row) int { return a.Time.Compare(b.Time) })
		r := try(t, rows)
		for _, x := range r.Exclusions {
			seen++
			gone := func(r *Row) bool { return r.Fields[x.Field] == x.Value }
			if diff := cmp.Diff(plain(rows, r.Older, 0, gone), names(x.After.Older), near); diff != "" {
				t.Fatalf("older part without %s=%s: %s", x.Field, x.Value, diff)
			}
			if diff := cmp.Diff(plain(rows, r.Newer, 1, gone), names(x.After.Newer), near); diff != "" {
				t.Fatalf("newer part without %s=%s: %s", x.Field, x.Value, diff)
			}
			blind := map[string]bool{}
			for i := range rows {
				if h := rows[i].Host; h != "" {
					blind[h] = !slices.ContainsFunc(rows, func(r Row) bool { return r.Host == h && !gone(&r) })
				}
			}
			for _, h := range x.Blinds.Hosts {
				if !blind[h.Host] {
					t.Fatalf("%s is not blind: %+v", h.Host, x.Blinds)
				}
				delete(blind, h.Host)
			}
			for h, b := range blind {
				if b {
					t.Fatalf("%s is blind and not named: %+v", h, x.Blinds)
				}
			}
		}
	})
	if seen == 0 {
		t.Error("no exclusion was drawn, so that nothing was compared")
	}
}
