// Package take writes the analyst context of an ATT&CK object: what it means for
// leaders and engineers, derived from the official object, its relations and the
// organisation's own verdicts.
//
// A take is made of statements. Each is one rule of a table applied to facts, and
// carries what every name, number and date in it rests on. The package refuses to
// say what no fact shows: it knows no attribution, no exploitation and no promise
// of coverage. Its functions are pure; the day is that of the assessment.
package take

import (
	"slices"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/correlate/credit"
	"candor/internal/evidence"
	"candor/internal/standing"
)

// Audience is for whom a statement is written.
type Audience string

// The audiences. What is for both stands in either reading.
const (
	Leader   Audience = "leader" // plain words, no identifiers
	Engineer Audience = "engineer"
	Both     Audience = "both"
)

// Audiences lists those that a take can be read as.
func Audiences() []Audience { return []Audience{Leader, Engineer} }

// Hears reports whether a reader of audience a is meant by a statement for b.
func (a Audience) Hears(b Audience) bool { return a == "" || b == Both || a == b }

// SectionName names a part of a take. The names are stable.
type SectionName string

// The sections.
const (
	Summary    SectionName = "summary"
	Executive  SectionName = "executive_priority"
	Technical  SectionName = "technical_view"
	Telemetry  SectionName = "likely_telemetry"
	Direction  SectionName = "detection_direction"
	Mitigation SectionName = "mitigation_priorities"
	Limits     SectionName = "notes_and_limits"
	Confident  SectionName = "confidence"
)

// SectionNames lists the sections in the order in which they are read.
func SectionNames() []SectionName {
	return []SectionName{Summary, Executive, Technical, Telemetry, Direction, Mitigation, Limits, Confident}
}

// Title is the section's name for people.
func (n SectionName) Title() string {
	switch n {
	case Summary:
		return "Summary"
	case Executive:
		return "Executive priority"
	case Technical:
		return "Technical view"
	case Telemetry:
		return "Likely telemetry"
	case Direction:
		return "Detection direction"
	case Mitigation:
		return "Mitigation priorities"
	case Limits:
		return "Notes and limits"
	}
	return "Confidence"
}

// SourceKind says what a source is.
type SourceKind string

// The kinds of source.
const (
	Field       SourceKind = "field"       // of an official object
	Relation    SourceKind = "relation"    // between two official objects
	Batch       SourceKind = "batch"       // of evidence
	Reason      SourceKind = "reason"      // of a judgement
	Setting     SourceKind = "policy"      // a setting
	Computation SourceKind = "computation" // a figure that is worked out from others
)

// Source is what a statement rests on.
type Source struct {
	Kind SourceKind `json:"kind"`
	// ID is a STIX id, a batch, a key of policy, a code of a judgement, or the name
	// of the computation: "count" of Inputs, "percent" or "times" of them.
	ID string `json:"id"`
	// Field is the STIX field, the relation's type, or the object that a judgement
	// is about.
	Field string `json:"field,omitempty"`
	// Hash is the SHA-256 of the object whose field it is.
	Hash string `json:"object_sha256,omitempty"`
	// Value is what it says, and Inputs what a computation was made from.
	Value  string         `json:"value,omitempty"`
	Inputs []string       `json:"inputs,omitempty"`
	Refs   []evidence.Ref `json:"evidence,omitempty"`
}

// Statement is one sentence with what it rests on.
type Statement struct {
	// Code names the rule that made it; it is stable.
	Code     string   `json:"code"`
	Text     string   `json:"text"`
	Audience Audience `json:"audience"`
	Sources  []Source `json:"sources"`
	// Weight is above 0 where the statement promises something, below 0 where it
	// takes something back.
	Weight int `json:"weight"`
}

// Section is a part of a take.
type Section struct {
	Name       SectionName `json:"name"`
	Title      string      `json:"title"`
	Statements []Statement `json:"statements"`
	// Empty says why there is nothing to say; empty where there is.
	Empty string `json:"empty,omitempty"`
	// ReplacedBy is the ID of the note that is shown in its place, if one is.
	ReplacedBy string `json:"replaced_by,omitempty"`
}

// Level is how sure a take is of what it says.
type Level string

// The levels.
const (
	Low    Level = "low"
	Medium Level = "medium"
	High   Level = "high"
)

// Confidence is about the take, not about the threat.
type Confidence struct {
	Level  Level   `json:"level"`
	Reason string  `json:"reason"`
	Points []Point `json:"points"`
	Sum    int     `json:"sum"`
}

// Point is one thing that was counted for or against.
type Point struct {
	Code   string `json:"code"`
	Points int    `json:"points"`
	Text   string `json:"text"`
}

// Adjacent is a stage next to the object's technique: another technique that its
// known users also use, with how that one stands here.
type Adjacent struct {
	Technique assure.Name `json:"technique"`
	Tactic    assure.Name `json:"tactic"`
	// Support of BasisUsers use it too, which is Confidence of them and Lift times what
	// chance would give.
	Support    int     `json:"support"`
	BasisUsers int     `json:"basis_users"`
	Confidence float64 `json:"confidence"`
	Lift       float64 `json:"lift"`
	// Here is on which rungs its analytics stand, by platform in scope.
	Here []PlatformRungs `json:"here"`
	// Chains are those that line the two up, with what they were measured to be worth.
	Chains []credit.Joined `json:"chains"`
}

// PlatformRungs is on which rungs the analytics of a platform stand.
type PlatformRungs struct {
	Platform string             `json:"platform"`
	Rungs    []assure.RungCount `json:"rungs"`
}

// Take is the analyst context of an object.
type Take struct {
	Object  assure.Name      `json:"object"`
	Kind    attack.Kind      `json:"kind"`
	Hash    string           `json:"object_sha256,omitempty"`
	Release attack.Release   `json:"release"`
	AsOf    string           `json:"as_of"`
	Policy  assure.PolicyRef `json:"policy"`
	// Local says that there is evidence of the organisation; without it a take
	// speaks of the official object alone.
	Local      bool       `json:"local"`
	Sections   []Section  `json:"sections"`
	Confidence Confidence `json:"confidence"`
	// Adjacent are the stages next to the technique AdjacentOf, Initial Access first, and
	// AdjacentNote says on whose users they are based.
	Adjacent     []Adjacent `json:"adjacent"`
	AdjacentOf   string     `json:"adjacent_of,omitempty"`
	AdjacentNote string     `json:"adjacent_note,omitempty"`
	// Standing is how the techniques that it is about stand; nil for an analytic.
	Standing *standing.Standing `json:"standing,omitempty"`
	// Notes are what people wrote about the object and stands. Nothing of it is derived,
	// and nothing derived rests on it.
	Notes []Noted `json:"notes"`
}

// Section returns a part of the take.
func (t *Take) Section(n SectionName) Section {
	for _, s := range t.Sections {
		if s.Name == n {
			return s
		}
	}
	return Section{Name: n, Title: n.Title()}
}

// For returns the take as an audience reads it. An empty audience reads it all.
func (t Take) For(a Audience) Take {
	sections := make([]Section, len(t.Sections))
	for i, s := range t.Sections {
		sections[i] = s
		sections[i].Statements = []Statement{}
		for _, st := range s.Statements {
			if a.Hears(st.Audience) {
				sections[i].Statements = append(sections[i].Statements, st)
			}
		}
	}
	t.Sections = sections
	t.Notes = slices.DeleteFunc(slices.Clone(t.Notes), func(n Noted) bool { return !a.hears(n) })
	return t
}
