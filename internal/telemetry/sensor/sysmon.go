package sensor

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"candor/internal/decode"
	"candor/internal/fault"
	"candor/internal/telemetry"
)

// sysmonEvents are the kinds of event that a configuration filters, with the codes
// that they are recorded under, as Microsoft's documentation of Sysmon 15 has them.
var sysmonEvents = [...]struct {
	element string
	codes   []int
}{
	{"ProcessCreate", []int{1}}, {"FileCreateTime", []int{2}}, {"NetworkConnect", []int{3}}, {"ProcessTerminate", []int{5}},
	{"DriverLoad", []int{6}}, {"ImageLoad", []int{7}}, {"CreateRemoteThread", []int{8}}, {"RawAccessRead", []int{9}},
	{"ProcessAccess", []int{10}}, {"FileCreate", []int{11}}, {"RegistryEvent", []int{12, 13, 14}}, {"FileCreateStreamHash", []int{15}},
	{"PipeEvent", []int{17, 18}}, {"WmiEvent", []int{19, 20, 21}}, {"DnsQuery", []int{22}}, {"FileDelete", []int{23}},
	{"ClipboardChange", []int{24}}, {"ProcessTampering", []int{25}}, {"FileDeleteDetected", []int{26}}, {"FileBlockExecutable", []int{27}},
	{"FileBlockShredding", []int{28}}, {"FileExecutableDetected", []int{29}},
}

// SniffSysmon reports whether a file begins as a configuration of Sysmon does.
func SniffSysmon(head []byte, _ string) bool {
	return bytes.Contains(head, []byte("<Sysmon")) && (bytes.Contains(head, []byte("schemaversion")) || bytes.Contains(head, []byte("<EventFiltering")))
}

// maxDepth is how deep elements may be nested; Sysmon needs five.
const maxDepth = 64

// filter is what a configuration says of one kind of event.
type filter struct {
	// included says that an element includes: then only what its conditions match is
	// recorded, whatever another one excludes.
	included           bool
	includes, excludes int // conditions
}

// sysmonReader reads one configuration.
type sysmonReader struct {
	reading
	lines   *lineCounter
	filters map[string]*filter
	at      *filter // the kind of event within which the reader is
	include bool    // its onmatch
	depth   int     // of elements, and of the kind's own
	within  int
	root    bool
	unix    int // conditions that name a path of Linux, and of Windows
	windows int
}

// DecodeSysmon reads a configuration of Sysmon, XML, of any schema. Each kind of event
// that it records is declared, with how it is filtered; kinds that it does not speak of
// are not. It fails with fault.Invalid when the file is none.
func DecodeSysmon(file string, data []byte) (Declared, error) {
	r := &sysmonReader{reading: reading{file: file}, lines: newLineCounter(data), filters: map[string]*filter{}}
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	d.Strict = true
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Declared{}, notXML(file, err)
		}
		if err := r.token(token, d.InputOffset()); err != nil {
			return Declared{}, err
		}
	}
	if !r.root {
		return Declared{}, decode.Invalid(file, 1, "the file is no configuration of Sysmon: it has no element Sysmon").Next("export it with sysmon -c, or name the XML file that Sysmon was installed with")
	}
	r.declare()
	return r.result("the configuration records no kind of event that can be filtered")
}

func notXML(file string, err error) *fault.Error {
	var at *xml.SyntaxError
	if errors.As(err, &at) {
		return decode.Invalid(file, at.Line, "not XML: %s", at.Msg)
	}
	return decode.Invalid(file, 0, "not XML: %v", err)
}

func (r *sysmonReader) token(token xml.Token, offset int64) error {
	switch t := token.(type) {
	case xml.StartElement:
		if r.depth++; r.depth > maxDepth {
			return decode.Invalid(r.file, r.lines.at(offset), "elements are nested deeper than %d", maxDepth)
		}
		return r.start(t, offset)
	case xml.EndElement:
		if r.depth--; r.at != nil && r.depth < r.within {
			r.at = nil
		}
	case xml.CharData:
		if r.at != nil && r.depth > r.within {
			r.system(string(t))
		}
	}
	return nil
}

func (r *sysmonReader) start(t xml.StartElement, offset int64) error {
	switch name := t.Name.Local; {
	case r.depth == 1:
		if r.root = strings.EqualFold(name, "Sysmon"); !r.root {
			return decode.Invalid(r.file, r.lines.at(offset), "the file is no configuration of Sysmon: its root is %s", name)
		}
	case r.at != nil && !strings.EqualFold(name, "Rule"): // a rule groups conditions
		if r.include {
			r.at.includes++
		} else {
			r.at.excludes++
		}
	case r.at == nil && slices.ContainsFunc(sysmonEvents[:], func(e struct {
		element string
		codes   []int
	}) bool {
		return e.element == name
	}):
		r.enter(name, t, offset)
	}
	return nil
}

// enter begins a kind of event.
func (r *sysmonReader) enter(name string, t xml.StartElement, offset int64) {
	match := ""
	for _, a := range t.Attr {
		if strings.EqualFold(a.Name.Local, "onmatch") {
			match = strings.ToLower(strings.TrimSpace(a.Value))
		}
	}
	line := r.lines.at(offset)
	if match != "include" && match != "exclude" {
		r.reject(line, "onmatch", match, name+" says neither include nor exclude")
		return
	}
	if r.filters[name] == nil {
		r.filters[name] = &filter{}
	}
	r.at, r.include, r.within = r.filters[name], match == "include", r.depth
	r.at.included = r.at.included || r.include
}

// system counts what a condition tells of the operating system.
func (r *sysmonReader) system(text string) {
	switch text = strings.TrimSpace(text); {
	case strings.HasPrefix(text, "/"):
		r.unix++
	case strings.ContainsAny(text, `\`) || strings.HasSuffix(strings.ToLower(text), ".exe"):
		r.windows++
	}
}

// declare makes declarations of the filters.
func (r *sysmonReader) declare() {
	name, platform := "WinEventLog:Sysmon", "Windows"
	if r.unix > 0 && r.windows == 0 {
		name, platform = "linux:Sysmon", "Linux"
	}
	var unsaid, nothing []string
	for _, e := range sysmonEvents {
		f := r.filters[e.element]
		switch {
		case f == nil:
			unsaid = append(unsaid, e.element)
		case f.included && f.includes == 0:
			nothing = append(nothing, e.element)
		default:
			for _, code := range e.codes {
				r.out.Records = append(r.out.Records, telemetry.Source{
					Name: name, Channel: "EventCode=" + strconv.Itoa(code), Platforms: []string{platform}, Product: "Sysmon", Note: e.element + ": " + f.words(),
				})
			}
		}
	}
	if len(nothing) > 0 {
		r.warn(0, "%s: included by no condition, and so never recorded", strings.Join(nothing, ", "))
	}
	if len(unsaid) > 0 && len(r.filters) > 0 {
		r.warn(0, "the configuration says nothing of %s, so that they are not declared: what Sysmon does of itself hangs on its version", some(unsaid, 6))
	}
}

// words says what of a kind of event is recorded.
func (f *filter) words() string {
	switch {
	case !f.included && f.excludes == 0:
		return "every event is recorded"
	case !f.included:
		return fmt.Sprintf("recorded but for what %s", conditions(f.excludes, "excludes", "exclude"))
	case f.excludes > 0:
		return fmt.Sprintf("only what %s, but for what %s", conditions(f.includes, "includes", "include"), conditions(f.excludes, "excludes", "exclude"))
	}
	return fmt.Sprintf("only what %s", conditions(f.includes, "includes", "include"))
}

func conditions(n int, one, many string) string {
	if n == 1 {
		return "1 condition " + one
	}
	return fmt.Sprintf("%d conditions %s", n, many)
}

// lineCounter tells the lines of growing offsets.
type lineCounter struct {
	data []byte
	done int64
	line int
}

func newLineCounter(data []byte) *lineCounter { return &lineCounter{data: data, line: 1} }

// at returns the line of an offset; offsets must not fall.
func (c *lineCounter) at(offset int64) int {
	offset = min(offset, int64(len(c.data)))
	if offset > c.done {
		c.line += bytes.Count(c.data[c.done:offset], []byte("\n"))
		c.done = offset
	}
	return c.line
}
