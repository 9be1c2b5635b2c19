package place

import (
	"strings"
	"sync"
)

// codes are event codes of one log that mean one data component.
type codes struct {
	log       string
	component string
	// attack are the codes that analytics of ATT&CK 18.1 name for the log; other are
	// those that Microsoft's description of the event places in the component.
	attack, other string
}

// eventCodes is what the numbered events of logs are.
var eventCodes = [...]codes{
	{sysmon, procNew, "1", ""},
	{sysmon, fileMod, "2", ""},
	{sysmon, netConn, "3 22", ""},
	{sysmon, serviceMet, "4", ""},
	{sysmon, procEnd, "5", ""},
	{sysmon, driverLoad, "6", ""},
	{sysmon, moduleLoad, "7", ""},
	{sysmon, procMod, "8", ""},
	{sysmon, driveRead, "9", ""},
	{sysmon, procAccess, "10 25", ""},
	{sysmon, fileNew, "11", "27 29"},
	{sysmon, regNew, "12", ""},
	{sysmon, regMod, "13 14", ""},
	{sysmon, fileMeta, "15", ""},
	{sysmon, hostStatus, "16", "255"},
	{sysmon, pipe, "17", "18"},
	{sysmon, wmiNew, "", "19 20 21"},
	{sysmon, fileGone, "23", "26 28"},

	{security, appLog, "1102 6416", "1100 1104"},
	{security, hostStatus, "1074 1166 7045", ""},
	{security, logon, "4624 4648", ""},
	{security, logonMeta, "4634 4672 4778 4779 4800 4801", "4647 4627"},
	{security, userAuth, "1200 1202 4625 4771 4776", "4774 4777"},
	{security, "", "4656 4658 4663 4670", ""}, // of files, processes, keys
	{security, regMod, "4657", ""},
	{security, adAccess, "4661 4662", ""},
	{security, userMeta, "4673", "4674 4798 4799"},
	{security, procNew, "1 4688", ""},
	{security, procEnd, "", "4689"},
	{security, moduleLoad, "3033", ""},
	{security, command, "4103 4104 4105 4106", ""},
	{security, serviceNew, "4697", ""},
	{security, jobNew, "4698", ""},
	{security, jobMod, "4702", "4699 4700 4701"},
	{security, userMod, "4704 4723 4724 4728 4729 4732 4733 4738 4740 4756 4757", "4703 4705 4717 4718 4722 4725 4735 4737 4755 4765 4766 4767 4780 4781 4794 5376 5377"},
	{security, userNew, "4720", ""},
	{security, userGone, "4726", ""},
	{security, groupMod, "", "4727 4730 4731 4734 4744 4745 4746 4747 4748 4749 4750 4751 4752 4753 4754 4758 4759 4760 4761 4762 4763 4764 4783 4784 4790"},
	{security, adMod, "4739 5136", "4706 4707 4713 4716 4742 4865 4866 4867 4899 4900"},
	{security, adNew, "4928", "4741 5137"},
	{security, adGone, "4929", "4743 5141"},
	{security, adCred, "4768 4769 4770", "4772 4773 4886 4887 4876"},
	{security, hostStatus, "", "4608 4609 4616 4719 4902 4904 4905 4906 4907 4912 1101 1108"},
	{security, share, "5140 5145", "5142 5143 5144 5168"},
	{security, netConn, "5156 5157", "5154 5155 5158 5159"},
	{security, fwRule, "", "4946 4947 4948 4950 5025 5447 5449"},

	{system, jobMeta, "106 200", ""},
	{system, netContent, "302 5005", ""},
	{system, appLog, "1000 1020 1063 1341 1342", ""},
	{system, hostStatus, "", "104 1001 1074 6005 6006 6008"},
	{system, driveNew, "1006 2003 10001", ""},
	{system, script, "1502 1503 4016 5312", ""},
	{system, serviceNew, "7031 7034 7036 7045", "7009 7022 7023 7024"},
	{system, serviceMet, "7035", ""},
	{system, serviceMod, "7040", ""},
	{system, netConn, "8001", ""},
	{system, userNew, "", "4720"},
	{system, userGone, "", "4726"},

	{powershell, procMeta, "400 403", "600 800"},
	{powershell, "", "4103 4104 4105 4106", ""}, // commands and scripts
	{application, appLog, "1000", ""},
	{wmi, wmiNew, "5857 5858 5860 5861", "5859"},
	{taskSched, jobNew, "106", ""},
	{taskSched, jobMeta, "", "129 140 141 200 201"},
	{firewallAS, netFlow, "2004 2005 2006", ""},
	{firewallAS, fwRule, "", "2003 2009 2033 2052 2060 2071 2097"},
	{linSysmon, procNew, "1", ""},
	{linSysmon, netConn, "3 22", ""},
	{linSysmon, moduleLoad, "7", ""},
	{linSysmon, procEnd, "", "5"},
	{linSysmon, fileNew, "", "11"},
	{linSysmon, fileGone, "", "23"},
	{linSysmon, driveRead, "", "9"},
}

// event is a numbered event of a log.
type event struct{ log, code string }

var events = sync.OnceValue(func() map[event]Log {
	out := map[event]Log{}
	for _, c := range eventCodes {
		for code := range strings.FieldsSeq(c.attack) {
			out[event{c.log, code}] = Log{Component: c.component, Name: c.log, Channel: "EventCode=" + code}
		}
		for code := range strings.FieldsSeq(c.other) {
			out[event{c.log, code}] = Log{Component: c.component, Name: c.log}
		}
	}
	return out
})

// Event returns what a numbered event of a log is, the log by ATT&CK's name. Where
// ATT&CK names its code the log is of that channel; where it does not, of the data
// component that the event belongs to. An event that is in no table is the log's, of
// a channel that no analytic names.
func Event(log, code string) Log {
	if l, ok := events()[event{log, code}]; ok {
		return l
	}
	return Log{Name: log, Channel: "EventCode=" + code}
}

// KnownEvent reports whether a numbered event of a log is in the tables.
func KnownEvent(log, code string) bool {
	_, ok := events()[event{log, code}]
	return ok
}

// WindowsLog returns ATT&CK's name of a log of Windows by its channel or provider, and
// whether there is one: "Microsoft-Windows-Sysmon/Operational" is WinEventLog:Sysmon.
func WindowsLog(channel string) (string, bool) {
	c := strings.ToLower(channel)
	for _, w := range [...]struct{ part, log string }{
		{"sysmon", sysmon}, {"powershell", powershell}, {"wmi-activity", wmi}, {"taskscheduler", taskSched},
		{"windows firewall", firewallAS}, {"codeintegrity", codeInteg}, {"windows defender", defender},
		{"security-auditing", security}, {"eventlog", security}, {"service control manager", system}, {"microsoft-windows-ntlm", ""},
	} {
		if strings.Contains(c, w.part) {
			return w.log, w.log != ""
		}
	}
	switch c {
	case "security":
		return security, true
	case "system":
		return system, true
	case "application":
		return application, true
	}
	return "", false
}
