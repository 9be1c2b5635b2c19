// Package report makes documents of what is judged, which are read without the store: a
// verdict for an auditor, where things stand for a leader.
//
// A document says what it says in blocks, apart from how it looks, so that every form (a
// page, Markdown, JSON) has the same and none leaves anything out. With it goes a seal: what
// was asked, the head of the ledger's tree, and the proof of each entry that it rests on. The
// package refuses a document without limits, and judges nothing.
package report

import (
	"strings"
	"time"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/control"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/ledger"
	"candor/internal/visibility"
)

// The kinds of documents.
const (
	KindVerdict   = "verdict"   // on one analytic
	KindGate      = "gate"      // whether one rule may be used
	KindExecutive = "executive" // where things stand
	KindStanding  = "standing"  // the same for a repository or a ticket
	// KindEngineering has all figures as tables, and KindNavigator is a layer of the ATT&CK
	// Navigator.
	KindEngineering = "engineering"
	KindNavigator   = "navigator"
	// KindCompliance is on controls, and KindDetect on every rule.
	KindCompliance = "compliance"
	KindDetect     = "detect"
	// KindDeTTECT is an administration of DeTT&CT.
	KindDeTTECT = "dettect"
)

// Document is what a report says.
type Document struct {
	Kind  string `json:"kind"`
	Title string `json:"title"`
	// Lead is the answer, before anything else.
	Lead     []string  `json:"lead"`
	Basis    Basis     `json:"basis"`
	Limits   []string  `json:"limits"`
	Sections []Section `json:"sections"`
}

// Basis is what a document was judged by.
type Basis struct {
	Release string            `json:"release"`
	AsOf    day.Date          `json:"as_of"`
	Window  visibility.Window `json:"window"`
	Policy  assure.PolicyRef  `json:"policy"`
	Scope   assure.ScopeRef   `json:"scope"`
	// Platform and Profile are what it is narrowed to; empty for all.
	Platform string `json:"platform,omitempty"`
	Profile  string `json:"profile,omitempty"`
}

// Section is a part of a document under a title.
type Section struct {
	Title string   `json:"title"`
	Text  []string `json:"text,omitempty"`
	// Quoted says that Text is what others wrote, and is shown as such.
	Quoted bool     `json:"quoted,omitempty"`
	Items  []string `json:"items,omitempty"`
	Table  *Table   `json:"table,omitempty"`
	Bars   []Bar    `json:"bars,omitempty"`
}

// Table is a table of texts, each row as long as Columns.
type Table struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	// Numbers are the columns that hold numbers, or nothing.
	Numbers []int `json:"numbers,omitempty"`
	// Empty says what it is that there is no row.
	Empty string `json:"empty"`
}

// Bar is a count out of a whole, as a picture beside its figures.
type Bar struct {
	Name string `json:"name"`
	N    int    `json:"n"`
	Of   int    `json:"of"`
	Note string `json:"note,omitempty"`
}

// Asked is what a report was asked for: who asks the same of the same evidence is told
// the same.
type Asked struct {
	Kind     string   `json:"kind"`
	ID       string   `json:"id,omitempty"`
	Domain   string   `json:"domain"`
	Version  string   `json:"version"`
	AsOf     day.Date `json:"as_of"`
	Platform string   `json:"platform,omitempty"`
	Profile  string   `json:"profile,omitempty"`
	Site     string   `json:"site,omitempty"`
	// Layer is that of a report for the Navigator, Before and After the assessments that it
	// is of.
	Layer  string `json:"layer,omitempty"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Controls is the mapping that a report on controls is by, Repository where rules stand.
	Controls   *control.Mapping `json:"controls,omitempty"`
	Repository *Repository      `json:"repository,omitempty"`
}

// Format is the version of the sealed form.
const Format = 1

// Sealed is a document with what proves it.
type Sealed struct {
	// Format comes first, so that another one is told before anything else is read.
	Format int    `json:"candor_report"`
	By     string `json:"by,omitempty"`
	// Made is when, and Program by which candor.
	Made    time.Time `json:"made"`
	Program string    `json:"program"`
	Asked   Asked     `json:"asked"`
	// Head is of the ledger's tree when it was made, and Entries are those that the document
	// rests on: batches of evidence, the policy and the release, each with the proof that it
	// is in the tree.
	Head ledger.Root `json:"head"`
	// Signed is the head as a signed note, see package head; empty where no key was at hand.
	Signed  string             `json:"signed_head,omitempty"`
	Entries []ledger.Inclusion `json:"entries"`
	// Unrecorded is what it rests on and has no entry yet.
	Unrecorded []string `json:"unrecorded,omitempty"`
	Document   Document `json:"document"`
}

// complete is fault.Internal for a document that may not leave the house: one that does not
// say what it cannot know, or what it was judged by.
func (d *Document) complete() error {
	lacks := ""
	switch {
	case len(d.Limits) == 0:
		lacks = "limits"
	case d.Basis.AsOf == "" || d.Basis.Release == "" || d.Basis.Policy.Name == "":
		lacks = "the release, the day or the policy that it was judged by"
	case len(d.Lead) == 0:
		lacks = "an answer"
	}
	for _, s := range d.Sections {
		for _, row := range tableRows(s.Table) {
			if len(row) != len(s.Table.Columns) {
				lacks = "a cell in a row of " + s.Title
			}
		}
	}
	if lacks != "" {
		return fault.New(fault.Internal, "the report %q lacks %s", d.Title, lacks).Next("report this as a fault of candor")
	}
	return nil
}

func tableRows(t *Table) [][]string {
	if t == nil {
		return nil
	}
	return t.Rows
}

// basisOf is what an assessment was judged by, narrowed as it was asked for.
func basisOf(a *assure.Assessment, r assessment.Request) Basis {
	return Basis{Release: a.Release.String(), AsOf: day.Of(a.AsOf), Window: a.Window, Policy: a.Policy, Scope: a.Scope, Platform: r.Platform, Profile: r.Profile}
}

// Words says the basis in lines.
func (b Basis) Words() []string {
	lines := []string{
		"ATT&CK release: " + b.Release,
		"Judged as of " + string(b.AsOf) + ", from evidence of " + string(b.Window.From) + " to " + string(b.Window.To),
		"Policy: " + strings.TrimSpace(b.Policy.Name+" "+b.Policy.Version) + ", SHA-256 " + b.Policy.SHA256,
	}
	for _, l := range b.Policy.Looser {
		lines = append(lines, "Asks less than the built-in policy: "+l)
	}
	of := []string{}
	if b.Scope.Organisation != "" {
		of = append(of, b.Scope.Organisation)
	}
	for _, x := range []struct{ name, value string }{{"site", b.Scope.Site}, {"platform", b.Platform}, {"threat profile", b.Profile}} {
		if x.value != "" {
			of = append(of, x.name+" "+x.value+" alone")
		}
	}
	if len(of) > 0 {
		lines = append(lines, "Of: "+strings.Join(of, ", "))
	}
	return lines
}
