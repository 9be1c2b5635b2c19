// Package batchfile is the form in which a batch of alerts is kept: one Parquet file,
// written whole and never changed, which anybody can read who reads Parquet.
// doc/batches.md describes it.
//
// A file commits to all that is kept of its batch: the rows are what arrived, each with
// its place, and the batch's own row stands in the file's footer. The package holds the
// form and nothing else. It works nothing out of what arrived; that is package
// history's.
package batchfile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/stamp"
)

// Schema is the version of the form. A file of a later version is refused. What lands is
// written as version 1; version 2 says besides of a batch whose rows lie in another file
// than it landed in what was recorded of it then.
const Schema = 2

// The keys of the footer.
const (
	keySchema  = "candor.schema"
	keyBatches = "candor.batches"
)

// The kinds of statement.
const (
	reading       = "reading"        // says what an alert was
	secondReading = "second reading" // says so without knowing of the first; see alert.Disposition
)

// Head is the batch's own row, which stands in the footer.
type Head struct {
	// Number is the batch's place among the batches of its folder, from 1, in the order
	// in which they landed.
	Number int `json:"number"`
	// Rows is how many rows of the file are the batch's, and RowsHash the SHA-256 over
	// them in canonical form, in the order of the file.
	Rows     int64  `json:"rows"`
	RowsHash string `json:"rows_sha256"`
	// Batch is the batch, without what is not known before the file is whole: its
	// Content, and whether it was withdrawn later.
	Batch store.Batch `json:"batch"`
	// Landed is nil in the file in which the batch landed.
	Landed *Landed `json:"landed,omitempty"`
}

// Landed is what was recorded of a batch when it landed: the SHA-256 of its file, and of
// its rows how many there were and the hash over them. Where Rows is more than the head's,
// the others have expired.
type Landed struct {
	SHA256   string `json:"sha256"`
	Rows     int64  `json:"rows"`
	RowsHash string `json:"rows_sha256"`
}

// row is a row of the file. The order of the columns is part of the form.
type row struct {
	Batch       string            `parquet:"batch,dict"`
	Place       int64             `parquet:"place"`
	Source      string            `parquet:"source,optional,dict"`
	Site        string            `parquet:"site,optional,dict"`
	ID          string            `parquet:"id"`
	Time        *int64            `parquet:"time,optional,timestamp(nanosecond:local)"`
	RuleID      string            `parquet:"rule_id,optional,dict"`
	RuleName    string            `parquet:"rule_name,optional,dict"`
	RuleSource  string            `parquet:"rule_source,optional,dict"`
	RuleVersion string            `parquet:"rule_version,optional,dict"`
	Severity    string            `parquet:"severity,optional,dict"`
	Score       *float64          `parquet:"score,optional"`
	CaseID      string            `parquet:"case_id,optional,dict"`
	Tactic      string            `parquet:"tactic,optional,dict"`
	Techniques  []string          `parquet:"techniques,list"`
	Entities    []entity          `parquet:"entities,list"`
	Fields      map[string]string `parquet:"fields"`
	Statements  []statement       `parquet:"statements,list"`
	pairs       []pair            // Fields, of a row that was read
}

// entity is something that an alert is about. The first is the primary one, whose bursts
// are clusters.
type entity struct {
	Type    string `parquet:"type,optional,dict"`
	Name    string `parquet:"name,dict"`
	Primary bool   `parquet:"primary"`
}

// statement is what was said of an alert.
type statement struct {
	Kind        string `parquet:"kind,dict"`
	Class       string `parquet:"class,dict"`
	Word        string `parquet:"word,optional,dict"`
	By          string `parquet:"by,optional,dict"`
	At          *int64 `parquet:"at,optional,timestamp(nanosecond:local)"`
	Provenance  string `parquet:"provenance,optional,dict"`
	DuplicateOf string `parquet:"duplicate_of,optional"`
}

// Row is a row as it is read: an alert, or a statement about one, with its place in
// its batch.
type Row struct {
	Batch string // the ID
	Place int64
	*alert.Alert
	row *row
}

// Whole returns the alert with its Fields, which one that Check tells of lacks.
func (r *Row) Whole() *alert.Alert {
	if r.row != nil {
		r.Alert.Fields, r.row = r.row.fields(), nil
	}
	return r.Alert
}

// Copied returns the whole alert in memory of its own: what is read is cut from pieces that
// stay as long as any of it is kept.
func (r *Row) Copied() *alert.Alert {
	a := *r.Whole()
	a.ID, a.Techniques, a.Others = strings.Clone(a.ID), slices.Clone(a.Techniques), slices.Clone(a.Others)
	if a.Score != nil {
		a.Score = new(*a.Score)
	}
	for k, v := range a.Fields {
		a.Fields[k] = strings.Clone(v)
	}
	if a.Disposition != nil {
		d := *a.Disposition
		d.AlertID, d.DuplicateOf = a.ID, strings.Clone(d.DuplicateOf)
		a.Disposition = &d
	}
	return &a
}

// put fills r with an alert that was checked. Times lie in the two places given.
func (r *row) put(batch string, place int64, a *alert.Alert, times *[2]int64) {
	*r = row{Batch: batch, Place: place, Source: a.Source, Site: a.Site, ID: a.ID, RuleID: a.RuleID, RuleName: a.RuleName,
		Severity: a.Severity, CaseID: a.CaseID, Tactic: a.Tactic, Techniques: a.Techniques, Fields: a.Fields, Score: a.Score}
	r.Time = put(&times[0], a.Time)
	if a.Entity != "" {
		r.Entities = make([]entity, 1, 1+len(a.Others))
		r.Entities[0] = entity{Type: string(a.EntityType), Name: a.Entity, Primary: true}
		for _, e := range a.Others {
			r.Entities = append(r.Entities, entity{Type: string(e.Type), Name: e.Name})
		}
	}
	if d := a.Disposition; d != nil {
		kind := reading
		if d.Second {
			kind = secondReading
		}
		r.Statements = []statement{{Kind: kind, DuplicateOf: d.DuplicateOf, Class: string(d.Class), Word: d.Word, By: d.By, At: put(&times[1], d.Time), Provenance: string(d.Provenance)}}
	}
}

func put(to *int64, t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	*to = t.UnixNano()
	return to
}

// moment is the stored form of a time that may be unknown.
func moment(t *int64) int64 {
	if t == nil {
		return stamp.Unknown
	}
	return *t
}

// alert puts what the row says into a, but for its Fields, and the statement into d.
func (r *row) alert(a *alert.Alert, d *alert.Disposition) error {
	*a = alert.Alert{ID: r.ID, RuleID: r.RuleID, RuleName: r.RuleName, Time: stamp.Time(moment(r.Time)), Site: r.Site, Severity: r.Severity,
		Score: r.Score, CaseID: r.CaseID, Tactic: r.Tactic, Source: r.Source}
	if len(r.Techniques) > 0 {
		a.Techniques = r.Techniques
	}
	for i, e := range r.Entities {
		switch {
		case e.Primary != (i == 0):
			return fault.New(fault.Unavailable, "row %d has entities of which not the first alone is primary", r.Place).Next("use a newer candor")
		case i == 0:
			a.Entity, a.EntityType = e.Name, alert.EntityType(e.Type)
			if len(r.Entities) > 1 {
				a.Others = make([]alert.Entity, 0, len(r.Entities)-1)
			}
		default:
			a.Others = append(a.Others, alert.Entity{Type: alert.EntityType(e.Type), Name: e.Name})
		}
	}
	if len(r.Statements) > 1 || len(r.Statements) == 1 && r.Statements[0].Kind != reading && r.Statements[0].Kind != secondReading {
		return fault.New(fault.Unavailable, "row %d has statements that this candor does not know", r.Place).Next("use a newer candor")
	}
	for _, s := range r.Statements {
		*d = alert.Disposition{AlertID: a.ID, Class: alert.Class(s.Class), Word: s.Word, Time: stamp.Time(moment(s.At)), By: s.By,
			Provenance: alert.Provenance(s.Provenance), Second: s.Kind == secondReading, DuplicateOf: s.DuplicateOf}
		a.Disposition = d
	}
	return nil
}

// Check refuses an alert that cannot be kept, with fault.Invalid. Every alert that is
// not partial needs an ID, a rule and a time between 1678 and 2262, every text must be
// UTF-8, and a disposition needs a class and, unless it is alert.Unlabelled or
// alert.Open, a provenance that package alert names.
func Check(a *alert.Alert) error {
	if a.ID == "" || (a.RuleID == "") != a.Time.IsZero() {
		return fault.New(fault.Invalid, "an alert needs an id, a rule and a time, and a statement about one neither rule nor time")
	}
	for _, f := range [...][2]string{{"id", a.ID}, {"rule_id", a.RuleID}, {"rule_name", a.RuleName}, {"site", a.Site}, {"entity", a.Entity},
		{"severity", a.Severity}, {"case_id", a.CaseID}, {"tactic", a.Tactic}, {"source", a.Source}} {
		if !valid(f[1]) {
			return notText(f[0], f[1])
		}
	}
	if strings.Contains(a.Source, alert.RuleMark) {
		return fault.New(fault.Invalid, "source %q has a character that no name of a source has", a.Source).Next("name the source by letters and digits")
	}
	for _, t := range a.Techniques {
		if !valid(t) {
			return notText("techniques", t)
		}
	}
	if err := checkEntities(a); err != nil {
		return err
	}
	for k, v := range a.Fields {
		if !valid(k) || !valid(v) {
			return notText("fields."+k, v)
		}
	}
	if _, err := stamp.Of(a.Time); err != nil || a.Disposition == nil {
		return err
	}
	return checkStatement(a.Disposition)
}

// checkEntities refuses what alert.Alert.SetEntities does not make.
func checkEntities(a *alert.Alert) error {
	switch {
	case a.Entity == "" && (a.EntityType != "" || len(a.Others) > 0):
		return fault.New(fault.Invalid, "an alert is about something, and about nothing first of all")
	case len(a.Others) >= alert.MaxEntities:
		return fault.New(fault.Invalid, "an alert is about more than %d entities", alert.MaxEntities)
	}
	for _, e := range append(a.Others[:len(a.Others):len(a.Others)], alert.Entity{Type: a.EntityType}) {
		if e.Type != alert.Untyped && !slices.Contains(alert.EntityTypes(), e.Type) {
			return fault.New(fault.Invalid, "an entity has unknown type %q", e.Type)
		}
		if !valid(e.Name) {
			return notText("entities", e.Name)
		}
	}
	return nil
}

func checkStatement(d *alert.Disposition) error {
	if !d.Class.Valid() {
		return fault.New(fault.Invalid, "disposition has unknown class %q", d.Class)
	}
	if _, ok := alert.ParseProvenance(string(d.Provenance)); !ok && (d.Class.Labels() || d.Provenance != "") {
		return fault.New(fault.Invalid, "disposition %s has unknown provenance %q", d.Class, d.Provenance)
	}
	if !valid(d.Word) {
		return notText("disposition", d.Word)
	}
	if !valid(d.By) {
		return notText("disposition_by", d.By)
	}
	if !valid(d.DuplicateOf) {
		return notText("duplicate_of", d.DuplicateOf)
	}
	_, err := stamp.Of(d.Time)
	return err
}

// encodeHeads returns the footer's rows of batches.
func encodeHeads(heads []Head) (string, error) {
	for i := range heads {
		b := &heads[i].Batch
		b.Content, b.RowsHash, b.Withdrawn, b.Found, b.Merged, b.Expired = "", "", nil, nil, "", 0
	}
	text, err := json.Marshal(heads)
	return string(text), err
}

func decodeHeads(text string) (heads []Head, err error) {
	if err := json.Unmarshal([]byte(text), &heads); err != nil {
		return nil, fmt.Errorf("the row of the batch: %w", err)
	}
	return heads, nil
}
