package attack_test

import (
	"testing"

	"candor/internal/attack"
)

func TestALogOfOneSystemIsNoLogOfAnother(t *testing.T) {
	for _, tt := range []struct {
		source    string
		platforms []string
		want      string
	}{
		{"WinEventLog:Sysmon", []string{"Linux"}, "Windows"},
		{"wineventlog:dhcp", []string{"macOS"}, "Windows"},
		{"WinEventLog:Sysmon", []string{"Windows"}, ""},
		{"WinEventLog:Sysmon", []string{"linux", "windows"}, ""},
		{"WinEventLog:Security", []string{"Identity Provider"}, ""},
		{"WinEventLog:Application", []string{"Office Suite"}, ""},
		{"auditd:SYSCALL", []string{"Containers"}, ""},
		{"auditd:SYSCALL", []string{"macOS"}, "Linux"},
		{"networkdevice:syslog", []string{"Linux"}, "Network Devices"},
		{"NSM:Flow", []string{"Linux"}, ""},
		{"EDR:file", []string{"Linux"}, ""},
		{"networkconfig ", []string{"Linux"}, "Network Devices"},
		{"WinEventLog:Sysmon", nil, ""},
		{"", []string{"Linux"}, ""},
	} {
		if got := attack.Elsewhere(tt.source, tt.platforms); got != tt.want {
			t.Errorf("%q for %v: %q, want %q", tt.source, tt.platforms, got, tt.want)
		}
	}
}
