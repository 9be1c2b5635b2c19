package sensor

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"candor/internal/decode"
	"candor/internal/telemetry"
)

// The columns of what PowerShell exports of Get-WinEvent -ListLog.
const (
	colLog     = "logname"
	colEnabled = "isenabled"
	colRecords = "recordcount"
)

// SniffChannels reports whether a file begins as a list of Windows' event channels
// does: PowerShell's export, or one channel a line, one of them well known.
func SniffChannels(head []byte, _ string) bool {
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	have := decode.Columns(afterType(head), ',')
	if slices.Contains(have, colLog) && slices.Contains(have, colEnabled) {
		return true
	}
	known := 0
	for line := range bytes.Lines(head) {
		text := strings.TrimSpace(string(line))
		if strings.ContainsAny(text, ",;:\t{}[]<>=\"") {
			return false
		}
		if strings.HasSuffix(text, "/Operational") || slices.Contains([]string{"Security", "Application", "System"}, text) {
			known++
		}
	}
	return known > 1
}

// afterType is what follows the line with the type that old versions of PowerShell
// begin an export with.
func afterType(data []byte) []byte {
	if bytes.HasPrefix(data, []byte("#TYPE")) {
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	return data
}

// DecodeChannels reads a list of Windows' event channels: what PowerShell exports of
// Get-WinEvent -ListLog, of which the enabled ones are declared, or plain text with one
// channel a line, all of which are. It fails with fault.Invalid when there is none.
func DecodeChannels(file string, data []byte) (Declared, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := &channelReader{reading: reading{file: file}, at: map[string]int{}}
	if slices.Contains(decode.Columns(afterType(data), ','), colLog) {
		if err := r.export(data); err != nil {
			return Declared{}, err
		}
	} else {
		r.list(data)
	}
	return r.result("no channel is enabled")
}

type channelReader struct {
	reading
	seen     words
	at       map[string]int // declarations by name
	off      int
	analytic int
}

// export reads PowerShell's export.
func (r *channelReader) export(data []byte) error {
	shift := 0
	if rest := afterType(data); len(rest) < len(data) {
		data, shift = rest, 1
	}
	t, err := decode.NewTable(r.file, bytes.NewReader(data), comma(data))
	if err != nil {
		return err
	}
	t.Shift(shift)
	if err := t.Require(colLog, colEnabled); err != nil {
		return err
	}
	for {
		row, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		name, note := row.Need(colLog), "enabled"
		on, err := strconv.ParseBool(row.Get(colEnabled))
		if err != nil {
			row.Fail(colEnabled, row.Get(colEnabled), "neither True nor False")
		}
		if n := row.Get(colRecords); n == "0" {
			note = "enabled, and empty when it was listed"
		}
		if j, bad := row.Bad(); bad {
			r.out.Rejects = append(r.out.Rejects, j)
			continue
		}
		if !on {
			r.off++
			continue
		}
		r.channel(name, note)
	}
	if r.off > 0 {
		r.warn(0, "not enabled, and not declared: %s", counted(r.off, "channel"))
	}
	return nil
}

// comma returns what stands between cells: PowerShell writes a semicolon where the
// system's language does.
func comma(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	rd := csv.NewReader(bytes.NewReader(first))
	rd.Comma = ';'
	if cells, err := rd.Read(); err == nil && len(cells) > 1 {
		return ';'
	}
	return ','
}

// list reads one channel a line.
func (r *channelReader) list(data []byte) {
	n := 0
	for line := range bytes.Lines(data) {
		n++
		switch text := strings.TrimSpace(string(line)); {
		case text == "" || strings.HasPrefix(text, "#"):
		case strings.ContainsAny(text, "\t,;<>\"") || len(text) > 256 || strings.ToValidUTF8(text, "") != text:
			r.reject(n, "", text, "not the name of a channel")
		case strings.HasSuffix(text, "/Analytic") || strings.HasSuffix(text, "/Debug"):
			r.analytic++
		default:
			r.channel(text, "in the list of channels")
		}
	}
	if len(r.out.Records) > 0 {
		r.warn(0, "a plain list does not say which channels are enabled: each is declared as collected; what wevtutil el prints are those that exist")
	}
	if r.analytic > 0 {
		r.warn(0, "passed over, because it is off by itself: %s for analysis or debugging", counted(r.analytic, "channel"))
	}
}

// channel declares a channel once.
func (r *channelReader) channel(name, note string) {
	if r.seen.has[name] {
		return
	}
	r.seen.add(name)
	note = name + ": " + note
	for _, at := range channelNames(name) {
		if i, there := r.at[at]; there { // two channels that ATT&CK has one name for
			r.out.Records[i].Note += "; " + note
			continue
		}
		r.at[at] = len(r.out.Records)
		r.out.Records = append(r.out.Records, telemetry.Source{Name: at, Platforms: []string{"Windows"}, Product: "Windows Event Log", Note: note})
	}
}

// wellKnown are channels that ATT&CK 18.1 has names of its own for.
var wellKnown = map[string][]string{
	"security": {"WinEventLog:Security"}, "system": {"WinEventLog:System"}, "application": {"WinEventLog:Application"},
	"microsoft-windows-sysmon/operational":            {"WinEventLog:Sysmon"},
	"windows powershell":                              {"WinEventLog:PowerShell"},
	"microsoft-windows-powershell/operational":        {"WinEventLog:PowerShell"},
	"powershellcore/operational":                      {"WinEventLog:PowerShell"},
	"microsoft-windows-taskscheduler/operational":     {"WinEventLog:TaskScheduler"},
	"microsoft-windows-wmi-activity/operational":      {"WinEventLog:WMI"},
	"microsoft-windows-winrm/operational":             {"WinEventLog:WinRM"},
	"microsoft-windows-windows defender/operational":  {"WinEventLog:Windows Defender", "WinEventLog:Microsoft-Windows-Windows Defender/Operational"},
	"microsoft-windows-codeintegrity/operational":     {"WinEventLog:CodeIntegrity", "WinEventLog:Microsoft-Windows-CodeIntegrity/Operational"},
	"microsoft-windows-applocker/exe and dll":         {"WinEventLog:AppLocker"},
	"microsoft-windows-applocker/msi and script":      {"WinEventLog:AppLocker"},
	"microsoft-windows-security-kerberos/operational": {"WinEventLog:Kerberos"},
	"microsoft-iis-configuration/operational":         {"WinEventLog:Microsoft-IIS-Configuration"},
	"ad fs/admin": {"WinEventLog:ADFS"},
	"oalerts":     {"WinEventLog:Microsoft-Office-Alerts"},
	"microsoft-windows-dhcp-server/operational":     {"wineventlog:dhcp"},
	"microsoft-windows-wlan-autoconfig/operational": {"WinEventLog:Microsoft-Windows-WLAN-AutoConfig"},
	"microsoft-windows-shell-core/operational":      {"WinEventLog:Microsoft-Windows-Shell-Core"},
	"microsoft-windows-backup":                      {"WinEventLog:Microsoft-Windows-Backup"},
	"microsoft-windows-kernel-boot/operational":     {"WinEventLog:Microsoft-Windows-Kernel-Boot"},
}

// channelNames returns what ATT&CK calls a channel; one that it does not name is
// called after itself.
func channelNames(channel string) []string {
	if known, ok := wellKnown[strings.ToLower(channel)]; ok {
		return known
	}
	return []string{"WinEventLog:" + channel}
}
