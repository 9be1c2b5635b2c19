package place

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/attack"
)

func TestSigmasLogSourcesInATTACKsWords(t *testing.T) {
	for _, c := range []struct {
		where     [3]string // product, category, service
		events    []string
		platforms string
		log       Log
	}{
		{[3]string{"windows", "process_creation", ""}, nil, "Windows", Log{Component: "Process Creation", Name: "WinEventLog:Security", Channel: "EventCode=4688"}},
		{[3]string{"windows", "registry_set", ""}, nil, "Windows", Log{Component: "Windows Registry Key Modification", Name: "WinEventLog:Sysmon", Channel: "EventCode=13"}},
		{[3]string{"windows", "", "sysmon"}, []string{"13"}, "Windows", Log{Component: "Windows Registry Key Modification", Name: "WinEventLog:Sysmon", Channel: "EventCode=13"}},
		{[3]string{"linux", "process_creation", ""}, nil, "Linux", Log{Component: "Process Creation", Name: "auditd:SYSCALL", Channel: "execve"}},
		{[3]string{"macos", "process_creation", ""}, nil, "macOS", Log{Component: "Process Creation", Name: "macos:endpointsecurity"}},
		{[3]string{"windows", "", "security"}, nil, "Windows", Log{Name: "WinEventLog:Security"}},
		{[3]string{"windows", "", "security"}, []string{"4624"}, "Windows", Log{Component: "Logon Session Creation", Name: "WinEventLog:Security", Channel: "EventCode=4624"}},
		{[3]string{"linux", "", "auditd"}, []string{"execve"}, "Linux", Log{Name: "auditd:EXECVE"}},
		{[3]string{"windows", "", "bits-client"}, nil, "Windows", Log{Component: "Application Log Content"}},
		{[3]string{"azure", "", "signinlogs"}, nil, "Identity Provider", Log{Name: "azure:signinlogs"}},
		{[3]string{"azure", "", "activitylogs"}, nil, "IaaS", Log{Name: "azure:activity"}},
		{[3]string{"cisco", "", "duo"}, nil, "Identity Provider", Log{Component: "User Account Authentication", Name: "saas:auth"}},
		{[3]string{"cisco", "", "bgp"}, nil, "Network Devices", Log{Name: "networkdevice:syslog"}},
		{[3]string{"", "webserver", ""}, nil, "", Log{Component: "Application Log Content"}},
		{[3]string{"kubernetes", "application", "audit"}, nil, "Containers", Log{Name: "kubernetes:audit"}},
	} {
		p, ok := Sigma(c.where[0], c.where[1], c.where[2], c.events)
		if !ok || c.platforms != "" && !slices.Contains(p.Platforms, c.platforms) || !slices.Contains(p.Logs, c.log) {
			t.Errorf("%v with events %v: %+v, %v; want %s and %+v among them", c.where, c.events, p, ok, c.platforms, c.log)
		}
	}
	if p, ok := Sigma("toaster", "", "", nil); ok {
		t.Errorf("an unknown log source is %+v", p)
	}
}

// TestSigmasLogSourcesAreWhatATTACKHas holds the table against ATT&CK 18.1: every data
// component, every log source and every channel with both must be there.
func TestSigmasLogSourcesAreWhatATTACKHas(t *testing.T) {
	r := enterprise181(t)
	check := func(where string, l Log) {
		if l.Component != "" && !r.components[l.Component] {
			t.Errorf("%s: 18.1 has no live data component %q", where, l.Component)
		}
		if l.Name != "" && len(r.named[l.Name]) == 0 {
			t.Errorf("%s: no analytic of 18.1 names log source %q", where, l.Name)
		} else if l.Name != "" && !slices.ContainsFunc(r.named[l.Name], func(n Log) bool {
			return (l.Component == "" || l.Component == n.Component) && attack.NewChannel(l.Channel).Meets(attack.NewChannel(n.Channel))
		}) {
			t.Errorf("%s: no analytic of 18.1 names %+v", where, l)
		}
	}
	for _, f := range sigmaFacts {
		for _, l := range f.logs {
			check(strings.Join([]string{f.product, f.category, f.service}, "/"), l)
		}
		for _, p := range f.platforms {
			if !r.platforms[p] {
				t.Errorf("no analytic of 18.1 has platform %q", p)
			}
		}
	}
	for _, e := range auditRecords {
		check("auditd/"+e.id, e.log)
	}
	if !slices.ContainsFunc(sigmaFacts[:], func(f sigmaFact) bool { return f.byEvent }) {
		t.Error("no fact looks at events")
	}
}

func TestACategoryOfAProductThatIsNotKnown(t *testing.T) {
	for _, category := range []string{"process_creation", "network_connection", "file_event"} {
		if at, ok := Sigma("plan9", category, "", nil); ok || len(at.Logs) > 0 {
			t.Errorf("%s of a product that nobody knows is %+v", category, at)
		}
		if at, ok := Sigma("", category, "", nil); !ok || len(at.Logs) == 0 {
			t.Errorf("%s of no product: %+v", category, at)
		}
	}
}
