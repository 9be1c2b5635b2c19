package sigma

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/detection"
)

func TestRulesAsTheGoldenFileSays(t *testing.T) {
	decodetest.Golden(t, "testdata/rules.yml.golden", Decode("win/rules.yml", decodetest.Load(t, "testdata/rules.yml")))
}

func TestARuleWithoutIDKeepsItsKeyWherePathAndTitleStay(t *testing.T) {
	decode := func(name, title string) string {
		d := Decode(name, []byte("title: "+title+"\nlogsource: {product: windows}\ndetection: {s: {a: b}}\n"))
		if len(d.Records) != 1 {
			t.Fatalf("%+v", d)
		}
		return d.Records[0].ID
	}
	a := decode("a.yml", "x")
	if a == "" || a != decode("a.yml", "x") || a == decode("b.yml", "x") || a == decode("a.yml", "y") {
		t.Error("the key does not follow path and title")
	}
}

func TestLogSourcesInATTACKsWords(t *testing.T) {
	for _, c := range []struct {
		where     place
		events    []string
		platforms string
		log       detection.Log
	}{
		{place{product: "windows", category: "process_creation"}, nil, "Windows", detection.Log{Component: "Process Creation", Name: "WinEventLog:Security", Channel: "EventCode=4688"}},
		{place{product: "linux", category: "process_creation"}, nil, "Linux", detection.Log{Component: "Process Creation", Name: "auditd:SYSCALL", Channel: "execve"}},
		{place{product: "macos", category: "process_creation"}, nil, "macOS", detection.Log{Component: "Process Creation", Name: "macos:endpointsecurity"}},
		{place{product: "windows", service: "security"}, nil, "Windows", detection.Log{Name: "WinEventLog:Security"}},
		{place{product: "windows", service: "security"}, []string{"4624"}, "Windows", detection.Log{Component: "Logon Session Creation", Name: "WinEventLog:Security"}},
		{place{product: "linux", service: "auditd"}, []string{"execve"}, "Linux", detection.Log{Name: "auditd:EXECVE"}},
		{place{product: "windows", service: "bits-client"}, nil, "Windows", detection.Log{Component: "Application Log Content"}},
		{place{product: "azure", service: "signinlogs"}, nil, "Identity Provider", detection.Log{Name: "azure:signinlogs"}},
		{place{product: "azure", service: "activitylogs"}, nil, "IaaS", detection.Log{Name: "azure:activity"}},
		{place{product: "cisco", service: "duo"}, nil, "Identity Provider", detection.Log{Component: "User Account Authentication", Name: "saas:auth"}},
		{place{product: "cisco", service: "bgp"}, nil, "Network Devices", detection.Log{Name: "networkdevice:syslog"}},
		{place{category: "webserver"}, nil, "", detection.Log{Component: "Application Log Content"}},
		{place{product: "kubernetes", category: "application", service: "audit"}, nil, "Containers", detection.Log{Name: "kubernetes:audit"}},
	} {
		platforms, logs := c.where.resolve(c.events)
		if strings.Join(platforms, ",") != c.platforms || !slices.Contains(logs, c.log) {
			t.Errorf("%+v with events %v: platforms %v, logs %+v; want %s and %+v among them", c.where, c.events, platforms, logs, c.platforms, c.log)
		}
	}
	if p, l := (place{product: "toaster"}).resolve(nil); p != nil || l != nil {
		t.Errorf("an unknown place has platforms %v and logs %v", p, l)
	}
}

func TestAnEventThatIsFilteredOutIsNotRead(t *testing.T) {
	d := Decode("a.yml", []byte("title: x\nlogsource: {product: windows, service: security}\ndetection:\n  s: {EventID: 4624}\n  filter: {EventID: 4720}\n"))
	for _, l := range d.Records[0].Logs {
		if l.Component == "User Account Creation" {
			t.Errorf("logs %+v hold what the rule leaves out", d.Records[0].Logs)
		}
	}
}

func TestAFileWithoutRulesIsAReject(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "title: \xff\n", "a: [", "key: value\n"} {
		if d := Decode("a.yml", []byte(text)); len(d.Rejects) != 1 || len(d.Records) != 0 || d.Rejects[0].File != "a.yml" {
			t.Errorf("%q: %+v, want one reject", text, d)
		}
	}
}

func FuzzDecode(f *testing.F) {
	text := string(decodetest.Load(f, "testdata/rules.yml"))
	f.Add([]byte(text))
	for doc := range strings.SplitSeq(text, "---\n") {
		f.Add([]byte(doc))
	}
	f.Add([]byte("title: x\nlogsource: {product: windows}\ndetection: &d {a: *d, b: [*d, *d]}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := Decode("a.yml", data)
		if len(d.Records)+len(d.Rejects)+len(d.Warnings) == 0 {
			t.Fatal("the file came to nothing")
		}
		for _, r := range d.Records {
			if r.ID == "" || r.Name == "" {
				t.Fatalf("a rule without id or name: %+v", r)
			}
		}
	})
}
