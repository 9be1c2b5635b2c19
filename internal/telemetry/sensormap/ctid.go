package sensormap

import (
	"bytes"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"candor/internal/decode"
	"candor/internal/telemetry"
)

// The columns of a mapping. The sensor is a column of collections of mappings, and
// otherwise what the file is called after.
const (
	colEvent     = "event id"
	colSensor    = "log source"
	colComponent = "att&ck data component"
	colSource    = "att&ck data source"
)

// SniffCTID reports whether a file begins as a sensor mapping does.
func SniffCTID(head []byte, _ string) bool {
	have := decode.Columns(head, ',')
	return slices.Contains(have, colEvent) && slices.Contains(have, colComponent)
}

// sensor is one of those that mappings are of.
type sensor struct {
	name      string // in lower case
	product   string
	platforms []string
	// at returns the log source and channel of an event; no name where it has none.
	at func(event string) (name, channel string)
}

// sensors are those that the Center has mapped.
var sensors = [...]sensor{
	{"sysmon", "Sysmon", []string{"Windows"}, func(event string) (string, string) { return "WinEventLog:Sysmon", eventCode(event) }},
	{"winevtx", "Windows Event Log", []string{"Windows"}, windowsEvent},
	{"auditd", "Linux audit", []string{"Linux"}, func(event string) (string, string) { return "auditd:" + event, "" }},
	{"osquery", "osquery", []string{"Linux", "macOS", "Windows"}, func(event string) (string, string) { return "osquery", event }},
	{"cloudtrail", "AWS CloudTrail", []string{"IaaS"}, func(event string) (string, string) { return "AWS:CloudTrail", event }},
	{"zeek", "Zeek", nil, func(event string) (string, string) { return "NSM:Flow", event }},
}

func eventCode(event string) string { return "EventCode=" + event }

// windowsLogs are the logs of Windows by the codes of their events, as Microsoft gives
// them.
var windowsLogs = [...]struct {
	from, to int
	name     string
}{
	{400, 403, "WinEventLog:PowerShell"}, {600, 600, "WinEventLog:PowerShell"}, {800, 800, "WinEventLog:PowerShell"},
	{4100, 4106, "WinEventLog:PowerShell"}, {1100, 1108, "WinEventLog:Security"}, {4608, 6425, "WinEventLog:Security"},
	{7000, 7045, "WinEventLog:System"}, {104, 104, "WinEventLog:System"}, {6005, 6013, "WinEventLog:System"},
}

// wmiEvents are those codes among the Security log's range that are WMI's.
const firstWMI, lastWMI = 5857, 5861

func windowsEvent(event string) (name, channel string) {
	code, err := strconv.Atoi(event)
	if err != nil {
		return "", ""
	}
	if code >= firstWMI && code <= lastWMI {
		return "WinEventLog:WMI", eventCode(event)
	}
	for i := len(windowsLogs) - 1; i >= 0; i-- { // the narrower come last
		if l := windowsLogs[i]; code >= l.from && code <= l.to {
			return l.name, eventCode(event)
		}
	}
	return "", ""
}

// ctidReader reads one mapping.
type ctidReader struct {
	out      Declared
	file     string
	seen     map[string]int // declarations by what they name
	nameless int
}

// DecodeCTID reads a sensor mapping of the Center for Threat-Informed Defense, CSV:
// each event is declared with the data component that it is mapped to. File tells the
// sensor where no column does. It fails with fault.Invalid when the file as a whole is
// none.
func DecodeCTID(file string, data []byte) (Declared, error) {
	t, err := decode.NewTable(file, bytes.NewReader(data), ',')
	if err != nil {
		return Declared{}, err
	}
	if err := t.Require(colEvent, colComponent); err != nil {
		return Declared{}, err
	}
	of := sensorOf(path.Base(strings.ReplaceAll(file, `\`, "/")))
	if _, ok := t.Column(colSensor); !ok && of == nil {
		return Declared{}, decode.Invalid(file, 1, "neither a column LOG SOURCE nor the file's name says which sensor this is of").
			Next("name the file after the sensor, one of: %s", sensorNames())
	}
	r := &ctidReader{file: file, seen: map[string]int{}}
	for {
		row, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Declared{}, err
		}
		r.row(&row, of)
	}
	if r.nameless > 0 {
		r.out.Warnings = append(r.out.Warnings, file+": passed over, because no event is named: "+counted(r.nameless, "row"))
	}
	if len(r.out.Records) > 0 {
		r.out.Warnings = append(r.out.Warnings, file+": a mapping says what the sensor can record; that yours does is declared with it, and feeds show it")
	}
	if len(r.out.Records)+len(r.out.Rejects) == 0 {
		return Declared{}, decode.Invalid(file, 0, "the mapping names no event").Next("export the mapping with its column EVENT ID filled; nothing was added")
	}
	return r.out, nil
}

// sensorOf returns the sensor that a text begins with, nil for none.
func sensorOf(text string) *sensor {
	text = strings.ToLower(strings.TrimSpace(text))
	for i := range sensors {
		if strings.HasPrefix(text, sensors[i].name) {
			return &sensors[i]
		}
	}
	return nil
}

func sensorNames() string {
	var names []string
	for i := range sensors {
		names = append(names, sensors[i].name)
	}
	return strings.Join(names, ", ")
}

func (r *ctidReader) row(row *decode.Row, of *sensor) {
	if named := row.Get(colSensor); named != "" {
		if of = sensorOf(named); of == nil {
			row.Fail(colSensor, named, "not one of "+sensorNames())
		}
	}
	component := row.Need(colComponent)
	if of == nil {
		row.Fail(colSensor, "", "is empty")
	}
	if j, bad := row.Bad(); bad {
		r.out.Rejects = append(r.out.Rejects, j)
		return
	}
	event := row.Get(colEvent)
	name, channel := "", ""
	if event != "" {
		name, channel = of.at(event)
	}
	if name == "" {
		r.nameless++
		return
	}
	if name == "osquery" {
		for _, system := range []struct{ name, platform string }{{"linux:osquery", "Linux"}, {"macos:osquery", "macOS"}, {"windows:osquery", "Windows"}} {
			r.declare(telemetry.Source{Name: system.name, Channel: channel, Component: component, Platforms: []string{system.platform}, Product: of.product})
		}
		return
	}
	r.declare(telemetry.Source{Name: name, Channel: channel, Component: component, Platforms: of.platforms, Product: of.product})
}

// declare declares a source once.
func (r *ctidReader) declare(s telemetry.Source) {
	id := s.Name + "\x00" + s.Channel + "\x00" + s.Component
	if _, there := r.seen[id]; there {
		return
	}
	r.seen[id] = len(r.out.Records)
	s.Note = "sensor mapping of the Center for Threat-Informed Defense"
	r.out.Records = append(r.out.Records, s)
}
