package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"candor/internal/fault"
)

// OSCALVersion is the version of OSCAL that is written.
const OSCALVersion = "1.2.1"

// The namespace of what OSCAL has no name for.
const oscalNamespace = "urn:candor:oscal"

type oscalProp struct {
	Name  string `json:"name"`
	NS    string `json:"ns"`
	Value string `json:"value"`
}

type oscalMetadata struct {
	Title        string       `json:"title"`
	LastModified string       `json:"last-modified"`
	Version      string       `json:"version"`
	OSCAL        string       `json:"oscal-version"`
	Props        []oscalProp  `json:"props,omitempty"`
	Parties      []oscalParty `json:"parties,omitempty"`
	Remarks      string       `json:"remarks"`
}

type oscalParty struct {
	UUID string `json:"uuid"`
	Type string `json:"type"`
	Name string `json:"name"`
}

type oscalHref struct {
	Href        string `json:"href"`
	Description string `json:"description,omitempty"`
}

type oscalObservation struct {
	UUID        string      `json:"uuid"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Methods     []string    `json:"methods"`
	Evidence    []oscalHref `json:"relevant-evidence,omitempty"`
	Collected   string      `json:"collected"`
	Expires     string      `json:"expires,omitempty"`
}

type oscalRisk struct {
	UUID        string `json:"uuid"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Statement   string `json:"statement"`
	Status      string `json:"status"`
	Deadline    string `json:"deadline,omitempty"`
}

type oscalFinding struct {
	UUID         string             `json:"uuid"`
	Title        string             `json:"title"`
	Description  string             `json:"description"`
	Target       oscalTarget        `json:"target"`
	Observations []oscalObservedRef `json:"related-observations,omitempty"`
	Risks        []oscalRiskRef     `json:"related-risks,omitempty"`
}

type oscalTarget struct {
	Type   string      `json:"type"`
	ID     string      `json:"target-id"`
	Status oscalStatus `json:"status"`
}

type oscalStatus struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
}

type oscalObservedRef struct {
	UUID string `json:"observation-uuid"`
}

type oscalRiskRef struct {
	UUID string `json:"risk-uuid"`
}

type oscalSelection struct {
	Controls []struct {
		ID string `json:"control-id"`
	} `json:"include-controls"`
}

type oscalResult struct {
	UUID        string      `json:"uuid"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Start       string      `json:"start"`
	End         string      `json:"end"`
	Props       []oscalProp `json:"props,omitempty"`
	Reviewed    struct {
		Selections []oscalSelection `json:"control-selections"`
	} `json:"reviewed-controls"`
	Observations []oscalObservation `json:"observations,omitempty"`
	Risks        []oscalRisk        `json:"risks,omitempty"`
	Findings     []oscalFinding     `json:"findings,omitempty"`
	Remarks      string             `json:"remarks"`
}

type oscalHash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

type oscalLink struct {
	Href   string      `json:"href"`
	Hashes []oscalHash `json:"hashes,omitempty"`
}

type oscalBytes struct {
	Filename string `json:"filename"`
	Type     string `json:"media-type"`
	Value    string `json:"value"`
}

type oscalResource struct {
	UUID        string      `json:"uuid"`
	Title       string      `json:"title"`
	Description string      `json:"description,omitempty"`
	Links       []oscalLink `json:"rlinks,omitempty"`
	Bytes       *oscalBytes `json:"base64,omitempty"`
}

type oscalDocument struct {
	Results struct {
		UUID     string        `json:"uuid"`
		Metadata oscalMetadata `json:"metadata"`
		Plan     oscalHref     `json:"import-ap"`
		Results  []oscalResult `json:"results"`
		Back     struct {
			Resources []oscalResource `json:"resources"`
		} `json:"back-matter"`
	} `json:"assessment-results"`
}

// oscalWriter makes OSCAL of a report.
type oscalWriter struct{ s *Sealed }

// id is a UUID that the same report has for the same thing again.
func (w oscalWriter) id(parts ...string) string {
	b := sha256.Sum256([]byte(strings.Join(append([]string{w.s.Made.Format(time.RFC3339), w.s.head(), w.s.Document.Title}, parts...), "\x00")))
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// said is a text as OSCAL has texts, Markdown in one line, which may not be empty.
func said(text string) string {
	if text = plain(text); text != "" {
		return text
	}
	return "Nothing is recorded."
}

// OSCAL writes a report on controls as assessment results of OSCAL: a finding for each control,
// with the observations and risks that it follows from. It has the record of the report, from
// which verify tells whether it is what was written.
func OSCAL(s *Sealed) ([]byte, error) {
	if s.Document.Kind != KindCompliance {
		return nil, fault.New(fault.Usage, "a report of kind %q is none on controls", s.Document.Kind).Next("candor report compliance makes one")
	}
	record, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the report: %w", err)
	}
	w := oscalWriter{s}
	var d oscalDocument
	r := &d.Results
	r.UUID = w.id("results")
	r.Metadata = w.metadata()
	r.Plan = oscalHref{Href: "#" + w.id("policy")}
	r.Results = []oscalResult{w.result()}
	r.Back.Resources = append(w.resources(), oscalResource{UUID: w.id("record"), Title: "The record of this report",
		Description: "candor report verify reads it, and says whether this file is what was written.", Bytes: &oscalBytes{recordName, "application/json", base64.StdEncoding.EncodeToString(record)}})
	b, err := json.MarshalIndent(&d, "", "  ")
	return append(b, '\n'), err
}

// recordName is the name of the record among what a file of another format carries.
const recordName = "candor-report.json"

func (w oscalWriter) metadata() oscalMetadata {
	b := &w.s.Document.Basis
	m := oscalMetadata{Title: said(w.s.Document.Title), LastModified: w.s.Made.Format(time.RFC3339), Version: string(b.AsOf), OSCAL: OSCALVersion,
		Remarks: said("Limits: " + strings.Join(w.s.Document.Limits, " "))}
	m.Props = w.props()
	if w.s.By != "" {
		m.Parties = []oscalParty{{w.id("by"), "person", said(w.s.By)}}
	}
	return m
}

// props are what OSCAL has no place for.
func (w oscalWriter) props() []oscalProp {
	list := []oscalProp{{"program", oscalNamespace, said(w.s.Program)}, {"policy", oscalNamespace, said(w.s.Document.Basis.Policy.Name)}, {"attack-release", oscalNamespace, said(w.s.Document.Basis.Release)}}
	if h := w.s.head(); h != "" {
		list = append(list, oscalProp{"ledger-head", oscalNamespace, h})
	}
	return list
}

func (w oscalWriter) result() oscalResult {
	d := &w.s.Document
	r := oscalResult{UUID: w.id("result"), Title: said(d.Title), Description: said(strings.Join(d.Lead, " ")), Start: string(d.Basis.Window.From) + "T00:00:00Z", End: endOf(d.Basis.AsOf).Format(time.RFC3339),
		Remarks: said("Limits: " + strings.Join(d.Limits, " ") + " Judged by: " + strings.Join(d.Basis.Words(), ". "))}
	var selection oscalSelection
	observed := recordsOf[observedRecord](d, partObservations)
	for i := range observed {
		r.Observations = append(r.Observations, w.observation(&observed[i]))
	}
	risks := recordsOf[riskRecord](d, partRisks)
	for i := range risks {
		x := &risks[i]
		r.Risks = append(r.Risks, oscalRisk{w.risk(i), said(x.Title), said("Against control " + x.Control + "."), said(x.Statement), x.Status, x.Deadline})
	}
	for _, c := range recordsOf[controlRecord](d, partControls) {
		selection.Controls = append(selection.Controls, struct {
			ID string `json:"control-id"`
		}{c.ID})
		f := oscalFinding{UUID: w.id("finding", c.ID), Title: said(strings.TrimSpace(c.ID + " " + c.Title)), Description: said(c.Why), Target: oscalTarget{"objective-id", c.ID, stateOf(&c)}}
		for i := range observed {
			if slices.Contains(c.Analytics, observed[i].Analytic) {
				f.Observations = append(f.Observations, oscalObservedRef{r.Observations[i].UUID})
			}
		}
		for i := range risks {
			if risks[i].Control == c.ID {
				f.Risks = append(f.Risks, oscalRiskRef{w.risk(i)})
			}
		}
		r.Findings = append(r.Findings, f)
	}
	r.Reviewed.Selections = []oscalSelection{selection}
	return r
}

func (w oscalWriter) risk(i int) string { return w.id("risk", fmt.Sprint(i)) }

// stateOf is what a finding says: nothing that applies, or something that is refused, is not
// satisfied.
func stateOf(c *controlRecord) oscalStatus {
	switch {
	case c.Satisfied:
		return oscalStatus{"satisfied", "pass"}
	case c.Apply == 0:
		return oscalStatus{"not-satisfied", "other"}
	}
	return oscalStatus{"not-satisfied", "fail"}
}

func (w oscalWriter) observation(o *observedRecord) oscalObservation {
	x := oscalObservation{UUID: w.id("observation", o.Analytic, o.Title), Title: said(o.Analytic + ": " + o.Title), Description: said(o.Says), Methods: o.Methods, Collected: o.Collected, Expires: o.Expires}
	for _, id := range o.Evidence {
		x.Evidence = append(x.Evidence, oscalHref{"#" + w.id("batch", id), said("Batch " + id)})
	}
	return x
}

// sha256Form is a hash as it stands in evidence.
var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

func hashed(href, sum string) []oscalLink {
	l := oscalLink{Href: href}
	if sha256Form.MatchString(sum) {
		l.Hashes = []oscalHash{{"SHA-256", sum}}
	}
	return []oscalLink{l}
}

// resources are what the results point at: the policy, which is the plan that was followed, and
// the batches of evidence, each with its hash.
func (w oscalWriter) resources() []oscalResource {
	b := &w.s.Document.Basis
	list := []oscalResource{{UUID: w.id("policy"), Title: "The policy that was judged by, in place of an assessment plan", Description: said(strings.Join(b.Words(), ". ")),
		Links: hashed("urn:candor:policy:"+url.PathEscape(b.Policy.Name), b.Policy.SHA256)}}
	at := map[string]bool{}
	if sec := w.s.Document.section(partEvidence); sec != nil {
		for _, row := range tableRows(sec.Table) {
			at[row[0]] = true
			list = append(list, oscalResource{UUID: w.id("batch", row[0]), Title: said("Batch " + row[0]), Description: said(fmt.Sprintf("%s, added %s by %s, %s records; entries of the ledger: %s.", row[1], row[2], row[3], row[4], row[6])),
				Links: hashed("urn:candor:batch:"+url.PathEscape(row[0]), row[5])})
		}
	}
	for _, o := range recordsOf[observedRecord](&w.s.Document, partObservations) {
		for _, id := range o.Evidence {
			if !at[id] {
				at[id] = true
				list = append(list, oscalResource{UUID: w.id("batch", id), Title: said("Batch " + id), Description: "It is not among the batches that are in force.", Links: hashed("urn:candor:batch:"+url.PathEscape(id), "")})
			}
		}
	}
	return list
}

// recordsOf are those of the part of a document under a title.
func recordsOf[T any](d *Document, title string) []T {
	s := d.section(title)
	if s == nil {
		return nil
	}
	return records[T](s.Table)
}

// Carried returns the record that a file of another format carries, or b itself where it is none
// of these. It is fault.Conflict for a file that is not what its record makes.
func Carried(b []byte) ([]byte, error) {
	var file struct {
		OSCAL *struct {
			Back struct {
				Resources []oscalResource `json:"resources"`
			} `json:"back-matter"`
		} `json:"assessment-results"`
		Runs []struct {
			Properties struct {
				Record string `json:"candorReport"`
			} `json:"properties"`
		} `json:"runs"`
	}
	if !bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) || json.Unmarshal(b, &file) != nil {
		return b, nil
	}
	write, text := OSCAL, ""
	switch {
	case file.OSCAL != nil:
		for _, r := range file.OSCAL.Back.Resources {
			if r.Bytes != nil && r.Bytes.Filename == recordName {
				text = r.Bytes.Value
			}
		}
	case len(file.Runs) > 0:
		write, text = SARIF, file.Runs[0].Properties.Record
	default:
		return b, nil
	}
	record, err := base64.StdEncoding.DecodeString(text)
	if err != nil || text == "" {
		return nil, fault.New(fault.Invalid, "the file carries no record of a report").Next("get the file as candor report wrote it")
	}
	var s Sealed
	if err := decode(record, &s); err != nil {
		return nil, err
	}
	again, err := write(&s)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, fault.New(fault.Conflict, "the file is not what its record makes: %s", strings.Join(differing(again, b), "; ")).Next("get the file as it was written")
	}
	return record, nil
}
