package report

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/control"
	"candor/internal/fault"
	"candor/internal/matrix"
	"candor/internal/near"
)

// The reports that can be asked for, as every face names them.
const (
	OfVerdict     = "verdict"
	OfExecutive   = "executive"
	OfMarkdown    = "markdown"
	OfCompliance  = "compliance"
	OfEngineering = "engineering"
	OfNavigator   = "navigator"
	OfDetect      = "detect"
	OfDeTTECT     = "dettect"
)

// Offer is a report that can be asked for.
type Offer struct {
	// Name is what it is asked for by, and Title what it is for people.
	Name, Title string
	// For says who reads it, and Holds what it says.
	For, Holds string
	// Ends are its forms, as the ends of the names of files; the first is the usual one.
	Ends []string
	// One says that it is about one analytic or rule, and Any that it may be. Choices are
	// what it is one of.
	One, Any bool
	Choices  []string
	// Narrowed says that it can be narrowed to a platform and a threat profile.
	Narrowed bool
	own      map[string]func(*Issued) ([]byte, error)
}

// Offers lists the reports that there are.
func Offers() []Offer {
	documents := []string{".md", ".html", ".pdf", ".json"}
	return []Offer{
		{Name: OfVerdict, Title: "One analytic or rule", For: "an auditor", One: true, Ends: documents,
			Holds: "the verdict with each reason and what it rests on, log sources, rules, alerts with counts and intervals, exercises, incidents, runbook, what both gates asked and found, and the batches with their proofs"},
		{Name: OfExecutive, Title: "Where things stand", For: "a leader", Narrowed: true, Ends: documents,
			Holds: "how many analytics stand where, how that moved, what may be told and what is refused although it was shown to work, gaps with their owners, what to do or fund next and what it lifts, what stops counting soon"},
		{Name: OfMarkdown, Title: "For a repository or a ticket", For: "whoever works there", Any: true, Narrowed: true, Ends: documents,
			Holds: "where things stand by tactic, each analytic that a rule claims and why it stands there, what is refused, next steps and gaps; or one analytic or rule"},
		{Name: OfCompliance, Title: "Controls", For: "whoever answers for controls", Ends: []string{".json", ".html", ".md", ".pdf"}, own: forms{".json": OSCAL}.alone(),
			Holds: "what the gate for reporting says of all that bears on each control of a mapping that you give, what was observed, when and until when it counts, and risks; as OSCAL, or to be read"},
		{Name: OfEngineering, Title: "Tables", For: "detection engineers", Narrowed: true, Ends: []string{".csv", ".xlsx", ".json", ".html", ".md"},
			own:   map[string]func(*Issued) ([]byte, error){".csv": func(m *Issued) ([]byte, error) { return CSV(&m.Sealed, m.wanted.table()) }, ".xlsx": func(m *Issued) ([]byte, error) { return XLSX(&m.Sealed) }},
			Holds: "analytics, rules, log sources and next steps as tables; each proportion with its counts and its interval"},
		{Name: OfNavigator, Title: "A layer of the ATT&CK Navigator", For: "whoever plans by the matrix", Narrowed: true, Choices: Layers(), Ends: []string{".json", ".html", ".md"},
			own:   map[string]func(*Issued) ([]byte, error){".json": func(m *Issued) ([]byte, error) { return m.layer.JSON() }},
			Holds: "techniques with the colour of the worst case of their own analytics, the distribution as comment, and the limits as metadata"},
		{Name: OfDetect, Title: "Rules", For: "the CI of a rules repository", Ends: []string{".sarif", ".xml", ".json", ".html", ".md"}, own: forms{".sarif": SARIF, ".xml": JUnit}.alone(),
			Holds: "what is shown of each rule, as SARIF or JUnit XML"},
		{Name: OfDeTTECT, Title: "A file of DeTT&CT", For: "whoever works with DeTT&CT", Narrowed: true, Choices: Administrations(), Ends: []string{".yaml", ".json", ".html", ".md"}, own: forms{".yaml": DeTTECT}.alone(),
			Holds: "data sources with their quality, or techniques with their scores, and what each score was derived from"},
	}
}

// forms are those that a report has for itself, of what is sealed alone.
type forms map[string]func(*Sealed) ([]byte, error)

func (f forms) alone() map[string]func(*Issued) ([]byte, error) {
	of := map[string]func(*Issued) ([]byte, error){}
	for end, write := range f {
		of[end] = func(m *Issued) ([]byte, error) { return write(&m.Sealed) }
	}
	return of
}

// Offered returns the report of a name; fault.NotFound where there is none.
func Offered(name string) (Offer, error) {
	all := Offers()
	names := make([]string, len(all))
	for i := range all {
		if names[i] = all[i].Name; names[i] == name {
			return all[i], nil
		}
	}
	return Offer{}, fault.New(fault.NotFound, "there is no report %q", name).Next("%s", near.Hint(name, names, ""))
}

// Takes is fault.Usage for a form that the report does not have.
func (o *Offer) Takes(end string) error {
	if slices.Contains(o.Ends, end) {
		return nil
	}
	return fault.New(fault.Usage, "the report %s has no form %q", o.Name, end).Next("its forms are %s", strings.Join(o.Ends, ", "))
}

// Has reports whether a form is the report's own, and not the one of its record.
func (o *Offer) Has(end string) bool { return o.own[end] != nil }

// Wanted is a report as it is asked for.
type Wanted struct {
	// Report is its name, and Of what it is about: an analytic or a rule, a layer, a file.
	Report, Of string
	// Before and After are the kept assessments that a difference is of.
	Before, After string
	// Table is the one that a form of one table has.
	Table string
	// At is where rules stand, and Controls the mapping of controls.
	At       Repository
	Controls *control.Mapping
	// By is who asks for it.
	By string
}

func (w *Wanted) table() string {
	if w.Table == "" {
		return TableAnalytics
	}
	return w.Table
}

// check is fault.Usage for what a report is not about or does not take.
func (w *Wanted) check(r assessment.Request) error {
	o, err := Offered(w.Report)
	if err != nil {
		return err
	}
	not := func(what, next string) error {
		return fault.New(fault.Usage, "the report %s %s", o.Name, what).Next("%s", next)
	}
	switch {
	case o.One && w.Of == "":
		return not("is of one analytic or rule, and none is named", "name one, for example AN0001")
	case o.Choices != nil && !slices.Contains(o.Choices, w.Of) && w.Of == "":
		return not("is one of several, and none is named", "name one of "+strings.Join(o.Choices, ", "))
	case w.Of != "" && !o.One && !o.Any && o.Choices == nil:
		return not("is of the whole, and not of "+w.Of, "leave that out; the report verdict is of one analytic or rule")
	case !o.Narrowed && r.Platform+r.Profile != "":
		return not("is of every platform and technique", "leave out platform and profile")
	case w.Before+w.After != "" && o.Name != OfNavigator:
		return not("is not of two assessments", "the layer difference of the report navigator is")
	case w.Table != "" && o.Name != OfEngineering:
		return not("has no table to choose", "leave the table out")
	case w.Table != "" && !slices.Contains(Tables(), w.Table):
		return fault.New(fault.Usage, "the report has no table %q", w.Table).Next("%s", near.Hint(w.Table, Tables(), ""))
	case w.At.Under != "" && o.Name != OfDetect:
		return not("names no files of rules", "leave the folder out")
	case (w.Controls != nil) != (o.Name == OfCompliance):
		return not("needs a mapping of controls, or is not by one", "doc/report.md says what a mapping has")
	}
	return nil
}

// Issued is a report that was made, in whichever form it is wanted.
type Issued struct {
	Sealed
	offer  Offer
	wanted Wanted
	layer  *matrix.Layer
}

// Make makes a report. It is fault.Usage for what a report does not take, and fails as those
// who make the report do.
func (s *Service) Make(ctx context.Context, r assessment.Request, w Wanted) (*Issued, error) {
	if err := w.check(r); err != nil {
		return nil, err
	}
	m := &Issued{wanted: w}
	m.offer, _ = Offered(w.Report)
	var err error
	switch w.Report {
	case OfExecutive:
		m.Sealed, err = s.Executive(ctx, r, w.By)
	case OfEngineering:
		m.Sealed, err = s.Engineering(ctx, r, w.By)
	case OfNavigator:
		m.Sealed, m.layer, err = s.Navigator(ctx, r, Layered{w.Of, w.Before, w.After}, w.By)
	case OfCompliance:
		m.Sealed, err = s.Compliance(ctx, r, w.Controls, w.By)
	case OfDetect:
		m.Sealed, err = s.Detect(ctx, r, w.At, w.By)
	case OfDeTTECT:
		m.Sealed, err = s.DeTTECT(ctx, r, w.Of, w.By)
	case OfMarkdown:
		if w.Of == "" {
			m.Sealed, err = s.Standing(ctx, r, w.By)
			break
		}
		m.Sealed, err = s.Verdict(ctx, r, w.Of, w.By)
	default:
		m.Sealed, err = s.Verdict(ctx, r, w.Of, w.By)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// In writes a report in a form. PDF is printed from its page, in the form .html.
func (m *Issued) In(end string) ([]byte, error) {
	if err := m.offer.Takes(end); err != nil {
		return nil, err
	}
	if own := m.offer.own[end]; own != nil {
		return own(m)
	}
	switch end {
	case ".md":
		return Markdown(&m.Sealed), nil
	case ".json":
		b, err := json.MarshalIndent(&m.Sealed, "", "  ")
		return append(b, '\n'), err
	}
	return HTML(&m.Sealed)
}

// Name is what a file of the report is called, of letters, digits, dots and hyphens alone.
func (m *Issued) Name(end string) string {
	parts := []string{"candor", m.wanted.Report}
	a := &m.Asked
	table := ""
	if end == ".csv" {
		table = m.wanted.table()
	}
	for _, p := range []string{a.ID, a.Layer, table, a.Site, a.Platform, a.Profile, string(a.AsOf)} {
		if p = strings.Trim(strings.Map(inNames, p), "-."); p != "" {
			parts = append(parts, p[:min(len(p), 60)])
		}
	}
	return strings.Join(parts, "-") + end
}

// inNames keeps of a character what is harmless in the name of a file.
func inNames(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' {
		return r
	}
	return '-'
}

// Media is what a form is as a type of media.
func Media(end string) string {
	of := map[string]string{".md": "text/markdown; charset=utf-8", ".html": "text/html; charset=utf-8", ".pdf": "application/pdf", ".csv": "text/csv; charset=utf-8",
		".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".sarif": "application/sarif+json", ".xml": "application/xml", ".yaml": "application/yaml"}
	if m, ok := of[end]; ok {
		return m
	}
	return "application/json"
}
