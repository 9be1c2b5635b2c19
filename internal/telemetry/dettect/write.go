package dettect

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"candor/internal/day"
	"candor/internal/inert"
)

// The versions of the files that are written, which DeTT&CT 2.2.0 has.
const (
	versionSources    = 1.1
	versionTechniques = 1.2
)

// Header is what an administration says before its entries.
type Header struct {
	Name   string
	Domain string
	Notes  []string
}

// Held is what is said of a data source on one platform, whose name is that of the systems
// that it applies to. A score of 0 says that nothing is known.
type Held struct {
	Name       string
	Platform   string
	Registered day.Date
	Connected  day.Date // the first day that is known; empty for none
	Available  bool
	Devices    int
	Timeliness int
	Comment    string
}

// Scored is what is said of a technique on one platform.
type Scored struct {
	Technique  string
	Name       string
	Platform   string
	Day        day.Date
	Detection  int
	Location   []string
	Comment    string
	Visibility int
	Seen       string // the comment of the score of visibility
}

// text is what others wrote, on one line and with nothing that is obeyed: DeTT&CT makes
// workbooks in which a text that begins as a formula is one, and so it stands behind an
// apostrophe.
type text string

func (t text) MarshalYAML() (any, error) {
	s := inert.Line(string(t))
	if strings.HasPrefix(s, "=") || strings.HasPrefix(s, "{=") {
		s = "'" + s
	}
	return s, nil
}

// stamp is a day as DeTT&CT wants it, without quotes; an empty one is none.
type stamp day.Date

func (d stamp) MarshalYAML() (any, error) {
	if d == "" {
		return nil, nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!timestamp", Value: string(d)}, nil
}

// sourcesFile has no exceptions: DeTT&CT's own checks fail over an empty list of them.
type sourcesFile struct {
	Version float64      `yaml:"version"`
	Type    string       `yaml:"file_type"`
	Name    text         `yaml:"name"`
	Domain  text         `yaml:"domain"`
	Notes   text         `yaml:"notes"`
	Systems []systemOut  `yaml:"systems"`
	Sources []*sourceOut `yaml:"data_sources"`
}

type systemOut struct {
	Name     text     `yaml:"applicable_to"`
	Platform []string `yaml:"platform"`
}

type sourceOut struct {
	Name    text      `yaml:"data_source_name"`
	Entries []heldOut `yaml:"data_source"`
}

type heldOut struct {
	To         []text   `yaml:"applicable_to"`
	Registered stamp    `yaml:"date_registered"`
	Connected  stamp    `yaml:"date_connected"`
	Products   []string `yaml:"products"`
	Available  bool     `yaml:"available_for_data_analytics"`
	Comment    text     `yaml:"comment"`
	Quality    quality  `yaml:"data_quality"`
}

type quality struct {
	Devices     int `yaml:"device_completeness"`
	Fields      int `yaml:"data_field_completeness"`
	Timeliness  int `yaml:"timeliness"`
	Consistency int `yaml:"consistency"`
	Retention   int `yaml:"retention"`
}

type techniquesFile struct {
	Version    float64         `yaml:"version"`
	Type       string          `yaml:"file_type"`
	Name       text            `yaml:"name"`
	Domain     text            `yaml:"domain"`
	Notes      text            `yaml:"notes"`
	Platform   []string        `yaml:"platform"`
	Techniques []*techniqueOut `yaml:"techniques"`
}

type techniqueOut struct {
	ID         text         `yaml:"technique_id"`
	Name       text         `yaml:"technique_name"`
	Detection  []detectOut  `yaml:"detection"`
	Visibility []visibleOut `yaml:"visibility"`
}

type detectOut struct {
	To       []text     `yaml:"applicable_to"`
	Location []text     `yaml:"location"`
	Comment  text       `yaml:"comment"`
	Book     []scoreOut `yaml:"score_logbook"`
}

type visibleOut struct {
	To      []text     `yaml:"applicable_to"`
	Comment text       `yaml:"comment"`
	Book    []scoreOut `yaml:"score_logbook"`
}

type scoreOut struct {
	Date    stamp `yaml:"date"`
	Score   int   `yaml:"score"`
	Comment text  `yaml:"comment"`
}

// WriteSources writes a data source administration of version 1.1. Each platform is a system
// of its own.
func WriteSources(h Header, list []Held) ([]byte, error) {
	f := sourcesFile{versionSources, typeSources, text(h.Name), text(h.Domain), h.notes(), []systemOut{}, []*sourceOut{}}
	at := map[string]*sourceOut{}
	systems := map[string]bool{}
	for i := range list {
		e := &list[i]
		if !systems[e.Platform] {
			systems[e.Platform] = true
			f.Systems = append(f.Systems, systemOut{text(e.Platform), []string{accepted(h.Domain, e.Platform)}})
		}
		of := at[e.Name]
		if of == nil {
			of = &sourceOut{Name: text(e.Name)}
			at[e.Name], f.Sources = of, append(f.Sources, of)
		}
		of.Entries = append(of.Entries, heldOut{To: []text{text(e.Platform)}, Registered: stamp(e.Registered), Connected: stamp(e.Connected), Products: []string{}, Available: e.Available,
			Comment: text(e.Comment), Quality: quality{Devices: e.Devices, Timeliness: e.Timeliness}})
	}
	return encoded(f)
}

// WriteTechniques writes a technique administration of version 1.2.
func WriteTechniques(h Header, list []Scored) ([]byte, error) {
	f := techniquesFile{versionTechniques, typeTechniques, text(h.Name), text(h.Domain), h.notes(), nil, []*techniqueOut{}}
	at := map[string]*techniqueOut{}
	for i := range list {
		e := &list[i]
		if p := accepted(h.Domain, e.Platform); !slices.Contains(f.Platform, p) {
			f.Platform = append(f.Platform, p)
		}
		of := at[e.Technique]
		if of == nil {
			of = &techniqueOut{ID: text(e.Technique), Name: text(e.Name)}
			at[e.Technique], f.Techniques = of, append(f.Techniques, of)
		}
		of.add(e)
	}
	if len(f.Platform) == 0 || slices.Contains(f.Platform, all) {
		f.Platform = []string{all}
	}
	return encoded(f)
}

// add puts what is said of one platform beside what is said of others. Where there is no
// detection, DeTT&CT has no day.
func (t *techniqueOut) add(e *Scored) {
	d := detectOut{To: []text{text(e.Platform)}, Location: []text{}, Comment: "", Book: []scoreOut{{stamp(e.Day), e.Detection, text(e.Comment)}}}
	if e.Detection < 0 {
		d.Book[0].Date = ""
	}
	for _, l := range e.Location {
		d.Location = append(d.Location, text(l))
	}
	t.Detection = append(t.Detection, d)
	t.Visibility = append(t.Visibility, visibleOut{d.To, "", []scoreOut{{stamp(e.Day), e.Visibility, text(e.Seen)}}})
}

func (h *Header) notes() text { return text(strings.Join(h.Notes, " | ")) }

// accepted is the platform that DeTT&CT 2.2.0 has for one of ATT&CK's; what it does not have
// is of every platform, and stays a system of its own by its name.
func accepted(domain, platform string) string {
	known := []string{"PRE", "Windows", "macOS", "Linux", "Office Suite", "IaaS", "SaaS", "Network Devices", "Containers", "Identity Provider", "ESXi"}
	switch domain {
	case "mobile-attack":
		known = []string{"Android", "iOS"}
	case "ics-attack":
		known = nil
	}
	switch platform {
	case "Office 365", "Google Workspace":
		platform = "Office Suite"
	case "Azure AD":
		platform = "Identity Provider"
	case "Network":
		platform = "Network Devices"
	}
	if slices.Contains(known, platform) {
		return platform
	}
	return all
}

func encoded(v any) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("write a file of DeTT&CT: %w", err)
	}
	return b.Bytes(), e.Close()
}
