package attack

import (
	"slices"
	"strings"
)

// homeOf returns the operating system whose own log a log source is, by the word
// before the colon of its name, folded: as the analytics of Enterprise 18.1 name them.
func homeOf(family string) string {
	switch family {
	case "wineventlog", "windows", "etw", "windows firewall log":
		return "Windows"
	case "auditd", "linux", "linuxsyslog", "journald", "iptables", "netfilter/iptables":
		return "Linux"
	case "macos", "fs", "openbsm", "pf", "apple tcc logs":
		return "macOS"
	case "esxi", "esxis", "esxcli", "esxilogs", "vpxd.log":
		return "ESXi"
	case "networkdevice", "networkconfig":
		return "Network Devices"
	}
	return ""
}

// Home returns the platform whose own log the named log source is, for example
// "Windows" for "WinEventLog:Sysmon"; empty where it may be of any, as what a sensor
// of the network sees is.
func Home(logSource string) string {
	family, _, _ := strings.Cut(Fold(logSource), ":")
	return homeOf(strings.TrimSpace(family))
}

// Elsewhere returns the Home of a log source that none of the given platforms can
// write, else nothing: an analytic of Linux that names "WinEventLog:Sysmon" names a log
// of Windows. Only operating systems exclude each other; a cloud, a container or an
// application runs on one, and what it runs on may well be the log that is meant.
func Elsewhere(logSource string, platforms []string) string {
	home := Home(logSource)
	if home == "" || len(platforms) == 0 {
		return ""
	}
	for _, p := range platforms {
		if strings.EqualFold(p, home) || !slices.ContainsFunc(systems(), func(s string) bool { return strings.EqualFold(s, p) }) {
			return ""
		}
	}
	return home
}

// systems are the platforms that are operating systems of their own.
func systems() []string {
	return []string{"Windows", "Linux", "macOS", "ESXi", "Network Devices", "Android", "iOS"}
}
