package sensor

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/fault"
)

// formats are the readers by name.
var formats = []struct {
	name   string
	sniff  func(head []byte, name string) bool
	decode func(file string, data []byte) (Declared, error)
	files  []string
}{
	{Sysmon, SniffSysmon, DecodeSysmon, []string{"sysmon.xml", "linux.xml"}},
	{Auditpol, SniffAuditpol, DecodeAuditpol, []string{"auditpol.csv", "backup.csv"}},
	{Auditd, SniffAuditd, DecodeAuditd, []string{"audit.rules"}},
	{Osquery, SniffOsquery, DecodeOsquery, []string{"pack.conf", "osquery.json"}},
	{Channels, SniffChannels, DecodeChannels, []string{"channels.csv", "channels.txt"}},
}

func TestConfigurationsAsTheGoldenFilesSay(t *testing.T) {
	for _, f := range formats {
		for _, name := range f.files {
			d, err := f.decode(name, decodetest.Load(t, "testdata/"+name))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			decodetest.Golden(t, "testdata/"+name+".golden", d)
		}
	}
}

func TestNoFormatIsTakenForAnother(t *testing.T) {
	others, err := filepath.Glob("../*/testdata/*")
	if err != nil || len(others) < 10 {
		t.Fatalf("%v, %v", others, err)
	}
	for _, path := range others {
		if strings.HasSuffix(path, ".golden") {
			continue
		}
		head := decodetest.Load(t, path)
		for _, f := range formats {
			own := strings.HasPrefix(path, "../sensor/") && slices.Contains(f.files, filepath.Base(path))
			if f.sniff(head, path) != own {
				t.Errorf("%s: taken for %s: %v", path, f.name, !own)
			}
		}
	}
}

func TestWhatIsNoConfigurationIsInvalidAndSaysWhy(t *testing.T) {
	for _, c := range []struct {
		decode func(string, []byte) (Declared, error)
		text   string
		want   string
	}{
		{DecodeSysmon, "", "no element Sysmon"},
		{DecodeSysmon, "<a/>", "its root is a"},
		{DecodeSysmon, "<Sysmon>\n<EventFiltering>\n", "f:3: not XML"},
		{DecodeSysmon, "<Sysmon/>", "records no kind of event"},
		{DecodeSysmon, "<Sysmon>" + strings.Repeat("<a>", 100), "nested deeper"},
		{DecodeSysmon, "<!DOCTYPE x [<!ENTITY a \"b\">]><Sysmon>&a;</Sysmon>", "not XML"},
		{DecodeAuditpol, "Machine Name\n", `no column "subcategory"`},
		{DecodeAuditpol, "Subcategory,Subcategory GUID,Inclusion Setting\nLogon,{0CCE9215-69AE-11D9-BED3-505054503030},No Auditing\n", "no subcategory is audited; not audited, and not declared: Logon"},
		{DecodeAuditd, "-D\n", "the rules record nothing"},
		{DecodeAuditd, "-w /etc -p wa\n-e 0\n", "switched off here"},
		{DecodeOsquery, "[]", "no pack of osquery"},
		{DecodeOsquery, `{"queries": {`, "not JSON"},
		{DecodeOsquery, "{}", "no query"},
		{DecodeChannels, "LogName,IsEnabled\nSecurity,False\n", "no channel is enabled"},
	} {
		d, err := c.decode("f", []byte(c.text))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) || fault.HintOf(err) == "" && !strings.Contains(c.want, "XML") && !strings.Contains(c.want, "nested") && !strings.Contains(c.want, "root") && !strings.Contains(c.want, "no pack") {
			t.Errorf("%.40q: %+v, %v (hint %q); want %q", c.text, d, err, fault.HintOf(err), c.want)
		}
	}
}

// TestReadingIsLinear reads what would take very long if the time grew with the square
// of the size.
func TestReadingIsLinear(t *testing.T) {
	for name, c := range map[string]struct {
		decode func(string, []byte) (Declared, error)
		text   func(n int) string
	}{
		"watches":  {DecodeAuditd, func(n int) string { return repeat(n, "-w /etc/%d -p wa\n") }},
		"calls":    {DecodeAuditd, func(n int) string { return repeat(n, "-a always,exit -S call%d\n") }},
		"channels": {DecodeChannels, func(n int) string { return "Security\n" + repeat(n, "Acme-%d/Operational\n") }},
		"tables": {DecodeOsquery, func(n int) string {
			return `{"queries":{"q":{"interval":1,"query":"select * from ` + repeat(n, "t%d, ") + `z"}}}`
		}},
	} {
		if d, err := c.decode("f", []byte(c.text(20_000))); err != nil || len(d.Records) == 0 {
			t.Errorf("%s: %d declarations, %v", name, len(d.Records), err)
		}
	}
}

func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// FuzzDecode reads anything as every format, and asks that what is declared can be
// declared.
func FuzzDecode(f *testing.F) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		if !name.IsDir() && !strings.HasSuffix(name.Name(), ".golden") {
			f.Add(decodetest.Load(f, "testdata/"+name.Name()))
		}
	}
	f.Add([]byte("LogName,IsEnabled\n\"")) // a quote that is not closed
	f.Add([]byte(`{"packs":{"a":{"packs":{"b":{}}}}}`))
	f.Add([]byte("-a always,exit -S open -F dir=\n-w \xff -p\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range formats {
			format.sniff(data, "f")
			d, err := format.decode("f", data)
			if err != nil && fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%s: %v is not fault.Invalid", format.name, err)
			}
			for _, s := range d.Records {
				if s.Name == "" || len(s.Platforms) != 1 || s.Note == "" || s.Product == "" {
					t.Fatalf("%s: a declaration of nothing: %+v", format.name, s)
				}
			}
		}
	})
}
