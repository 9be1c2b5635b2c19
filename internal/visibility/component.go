package visibility

import (
	"slices"
	"strings"

	"candor/internal/attack"
)

// components are the live data components of a release by what they may be called.
type components struct {
	called map[string]*attack.Object // by folded ID, STIX id and name
	names  map[string]string         // spelled names by folded ones
}

func newComponents(lib *attack.Library) components {
	c := components{called: map[string]*attack.Object{}, names: map[string]string{}}
	for _, o := range lib.OfKind(attack.KindComponent) {
		if !o.Live() {
			continue
		}
		for _, word := range []string{o.ID, o.ATTACKID, o.Name} {
			if word != "" {
				c.called[attack.Fold(word)] = o
			}
		}
		c.names[attack.Fold(o.Name)] = o.Name
	}
	return c
}

// none says that a release has no data component at all, as those before 12 have not.
func (c components) none() bool { return len(c.names) == 0 }

// find returns the component that a text means, folded, and how it is read where it is
// not what the release calls it: nil where it means none.
func (c components) find(text string) (o *attack.Object, how string) {
	word := attack.Fold(text)
	if o := c.called[word]; o != nil {
		return o, ""
	}
	if _, component, ok := strings.Cut(word, ":"); ok {
		if o := c.called[attack.Fold(component)]; o != nil {
			return o, "ATT&CK 9 to 17 named it together with its data source"
		}
	}
	if now := successors(word); len(now) == 1 {
		if o := c.called[attack.Fold(now[0])]; o != nil {
			return o, "ATT&CK called it so until release 8"
		}
	}
	return nil, ""
}

// nearest returns what may have been meant by a text that means no component.
func (c components) nearest(text string) []string {
	word := attack.Fold(text)
	if _, component, ok := strings.Cut(word, ":"); ok {
		word = attack.Fold(component)
	}
	if now := successors(word); len(now) > 0 {
		return now
	}
	return near(word, c.names)
}

// successors returns what took the place of a data source of ATT&CK 1 to 8, nil for
// another word.
func successors(word string) []string {
	i := slices.IndexFunc(former[:], func(f formerly) bool { return f.old == word })
	if i < 0 {
		return nil
	}
	return former[i].now
}

// formerly is a data source as the techniques of ATT&CK 1 to 8 name it, folded, and
// the data components, or log sources, that hold what it stood for.
type formerly struct {
	old string
	now []string
}

// former is made from the techniques that MITRE carried over: what the same techniques
// name in 6.3 and in 9.0, where the meaning leaves no doubt. Names that stood for
// several things have several, and are told, not read.
var former = [...]formerly{
	{"api monitoring", []string{"OS API Execution"}},
	{"application logs", []string{"Application Log Content"}},
	{"authentication logs", []string{"User Account Authentication", "Logon Session Creation"}},
	{"aws cloudtrail logs", []string{"AWS:CloudTrail"}},
	{"azure activity logs", []string{"azure:activity"}},
	{"binary file metadata", []string{"File Metadata"}},
	{"bios", []string{"Firmware Modification"}},
	{"component firmware", []string{"Firmware Modification"}},
	{"digital certificate logs", []string{"Certificate Registration"}},
	{"dll monitoring", []string{"Module Load"}},
	{"dns records", []string{"Active DNS", "Passive DNS", "Network Traffic Content"}},
	{"efi", []string{"Firmware Modification"}},
	{"email gateway", []string{"Application Log Content"}},
	{"file monitoring", []string{"File Creation", "File Modification", "File Access", "File Deletion", "File Metadata"}},
	{"host network interface", []string{"Network Traffic Flow", "Network Traffic Content"}},
	{"kernel drivers", []string{"Driver Load"}},
	{"loaded dlls", []string{"Module Load"}},
	{"mail server", []string{"Application Log Content"}},
	{"mbr", []string{"Drive Modification"}},
	{"named pipes", []string{"Named Pipe Metadata"}},
	{"netflow/enclave netflow", []string{"Network Traffic Flow"}},
	{"network device logs", []string{"Network Traffic Flow", "Network Traffic Content"}},
	{"network intrusion detection system", []string{"Network Traffic Content", "Network Traffic Flow"}},
	{"network protocol analysis", []string{"Network Traffic Flow", "Network Traffic Content"}},
	{"office 365 account logs", []string{"m365:unified"}},
	{"office 365 audit logs", []string{"m365:unified"}},
	{"office 365 trace logs", []string{"m365:messagetrace"}},
	{"packet capture", []string{"Network Traffic Content"}},
	{"powershell logs", []string{"Command Execution", "Script Execution"}},
	{"process command-line parameters", []string{"Command Execution", "Process Creation"}},
	{"process monitoring", []string{"Process Creation"}},
	{"process use of network", []string{"Network Connection Creation", "Network Traffic Flow"}},
	{"sensor health and status", []string{"Host Status"}},
	{"services", []string{"Service Creation", "Service Modification", "Service Metadata"}},
	{"ssl/tls inspection", []string{"Network Traffic Content"}},
	{"stackdriver logs", []string{"gcp:audit"}},
	{"system calls", []string{"OS API Execution"}},
	{"third-party application logs", []string{"Application Log Content"}},
	{"vbr", []string{"Drive Modification"}},
	{"web application firewall logs", []string{"Application Log Content", "Network Traffic Content"}},
	{"web logs", []string{"Application Log Content", "Network Traffic Content"}},
	{"web proxy", []string{"Network Traffic Content"}},
	{"windows error reporting", []string{"Application Log Content"}},
	{"windows event logs", []string{"WinEventLog:Security", "WinEventLog:System", "WinEventLog:Application"}},
	{"windows registry", []string{"Windows Registry Key Creation", "Windows Registry Key Modification", "Windows Registry Key Access", "Windows Registry Key Deletion"}},
	{"wmi objects", []string{"WMI Creation"}},
}
