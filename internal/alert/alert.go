// Package alert holds alerts, the statements that people and machines make about
// them, and the counts that measurements start from.
//
// Dispositions are a history: a later statement supersedes an earlier one and
// both are kept. The package refuses to turn counts into proportions; that is
// package measure's.
package alert

import (
	"math/bits"
	"slices"
	"strings"
	"time"

	"candor/internal/day"
)

// Class is what a disposition comes to, whatever a vendor calls it.
type Class string

// The classes that alerts count under. Everything that does not say what an alert
// was is Unlabelled: undetermined, insufficient data, open, or no statement at all.
const (
	TruePositive   Class = "true_positive"   // malicious, correctly found
	BenignPositive Class = "benign_positive" // found what it looks for, but expected
	FalseLogic     Class = "false_positive_logic"
	FalseData      Class = "false_positive_data"
	FalsePositive  Class = "false_positive" // false, and not said why
	Test           Class = "test"           // an exercise caused it
	Duplicate      Class = "duplicate"
	Unlabelled     Class = "unlabelled"
)

// Open is the class of a statement that people work on the alert, still or again.
// An alert counts as Unlabelled under it; unlike one that was closed without a
// word, it takes on nothing from a case that was closed before.
const Open Class = "open"

// Classes lists every class that alerts count under, in the order in which they
// are shown.
func Classes() []Class {
	return []Class{TruePositive, BenignPositive, FalsePositive, FalseLogic, FalseData, Test, Duplicate, Unlabelled}
}

// ParseClass returns the class of a statement named s, which may be written with
// spaces or dashes, and whether there is one. "undetermined", "insufficient_data"
// and "none" are Unlabelled, and "reopened" is Open.
func ParseClass(s string) (Class, bool) {
	s = strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(s)))
	switch s {
	case "undetermined", "insufficient_data", "none", "":
		return Unlabelled, true
	case "reopened":
		return Open, true
	}
	c := Class(s)
	return c, c.Valid()
}

// Valid reports whether a statement may have the class c.
func (c Class) Valid() bool {
	switch c {
	case TruePositive, BenignPositive, FalseLogic, FalseData, FalsePositive, Test, Duplicate, Unlabelled, Open:
		return true
	}
	return false
}

// Labels reports whether c says what an alert was.
func (c Class) Labels() bool { return c.Valid() && c != Unlabelled && c != Open }

// False reports whether c is one of the false positive classes.
func (c Class) False() bool { return c == FalsePositive || c == FalseLogic || c == FalseData }

// Provenance is who made a disposition.
type Provenance string

// The provenances.
const (
	Analyst    Provenance = "analyst"
	Automation Provenance = "automation"
	Incident   Provenance = "incident" // inherited from a case
	Exercise   Provenance = "exercise"
	AI         Provenance = "ai" // by a model that weighs text, not by a rule that was written down
)

// Provenances lists every provenance, in the order in which they are shown.
func Provenances() []Provenance { return []Provenance{Analyst, Incident, Exercise, Automation, AI} }

// ParseProvenance returns the provenance named s and whether there is one.
func ParseProvenance(s string) (Provenance, bool) {
	p := Provenance(strings.ToLower(strings.TrimSpace(s)))
	if !slices.Contains(Provenances(), p) {
		return "", false
	}
	return p, true
}

// ParseReading reports whether the statement that s calls a reading is a second one,
// and whether s is a word for either.
func ParseReading(s string) (second, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "first":
		return false, true
	case "second":
		return true, true
	}
	return false, false
}

// Alert is one firing of a rule, or a statement about one: with neither a RuleID
// nor a Time it says nothing but what else is set of the alert that its Identity names.
type Alert struct {
	ID       string    `json:"id"`
	RuleID   string    `json:"rule_id"`
	RuleName string    `json:"rule_name,omitempty"`
	Time     time.Time `json:"time"`
	Site     string    `json:"site,omitempty"`
	// Entity is what the alert is about first of all, its primary entity, whose bursts are
	// clusters, EntityType what kind of thing that is, and Others what else it is about, none
	// of them twice; see SetEntities.
	Entity     string     `json:"entity,omitempty"`
	EntityType EntityType `json:"entity_type,omitempty"`
	Others     []Entity   `json:"other_entities,omitempty"`
	Severity   string     `json:"severity,omitempty"`
	// Score is the rule's own score, if it gives one.
	Score  *float64 `json:"score,omitempty"`
	CaseID string   `json:"case_id,omitempty"`
	// Techniques and Tactic are what the alert itself names.
	Techniques []string `json:"techniques,omitempty"`
	Tactic     string   `json:"tactic,omitempty"`
	// Source is whose alert it is: the source of its rule, or the product that raised it.
	Source string `json:"source,omitempty"`
	// Origin is whose alert it is as whoever added its batch said; see Identity. A store
	// sets it.
	Origin string            `json:"origin,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
	// Disposition is the statement that came with the alert, if any.
	Disposition *Disposition `json:"disposition,omitempty"`
	// Second is the second reading in force, where an alert is shown as it counts; see
	// Disposition.Second. It is nil on what arrives.
	Second *Disposition `json:"second_reading,omitempty"`
}

// RuleMark stands between the source of a rule and what the source calls it. No source has it.
const RuleMark = "\x1f"

// RuleKey is what a rule is known by to those who count alerts: its id where the alerts
// name no source, else both. Alerts of one id and of several sources are of several rules.
func RuleKey(source, id string) string {
	if source == "" && !strings.Contains(id, RuleMark) {
		return id
	}
	return source + RuleMark + id
}

// CutRule returns the source and the id of a rule that RuleKey gave a key.
func CutRule(key string) (source, id string) {
	if source, id, ok := strings.Cut(key, RuleMark); ok {
		return source, id
	}
	return "", key
}

// Rule is the key of the alert's rule; see RuleKey.
func (a *Alert) Rule() string { return RuleKey(a.Source, a.RuleID) }

// Partial reports whether a is no alert, but a statement about one that is known.
func (a *Alert) Partial() bool { return a.RuleID == "" && a.Time.IsZero() }

// Day is the alert's day in UTC, 2006-01-02.
func (a *Alert) Day() string { return string(day.Of(a.Time)) }

// Cluster names the burst that the alert belongs to: its case where one is
// known, else site, entity and UTC day. Hosts and accounts are the same however the
// case of their names is spelled.
func (a *Alert) Cluster() string { return a.ClusterOn(a.Day()) }

// ClusterOn does so of an alert whose day is known.
func (a *Alert) ClusterOn(day string) string {
	if a.CaseID != "" {
		return caseMark + a.CaseID
	}
	return a.Site + "\x1f" + FoldEntity(a.Entity) + "\x1f" + day
}

// Disposition is a statement by someone about an alert.
type Disposition struct {
	AlertID string `json:"alert_id,omitempty"`
	Class   Class  `json:"class"`
	// Word is the vendor's own word for the class.
	Word       string     `json:"word,omitempty"`
	Time       time.Time  `json:"time"`
	By         string     `json:"by,omitempty"`
	Provenance Provenance `json:"provenance"`
	// Second says that it is a second reading: somebody else looked at the alert without
	// being told what it was taken for. It never changes under which class the alert
	// counts; it says how far that class can be relied on.
	Second bool `json:"second,omitempty"`
	// DuplicateOf is the ID of the alert that this one repeats, if its class is Duplicate
	// and the statement names it.
	DuplicateOf string `json:"duplicate_of,omitempty"`
	// Withdrawn says that every batch that made the statement was withdrawn, so
	// that it no longer counts.
	Withdrawn bool `json:"withdrawn,omitempty"`
	// Ambiguous says that the statement names its alert by what several have, so that it
	// counts for none of them. A store sets it in a history.
	Ambiguous bool `json:"ambiguous,omitempty"`
	// Batch is the batch that made the statement: the first of those that count, else
	// the first. A store sets it in a history.
	Batch string `json:"batch,omitempty"`
}

// Hour is the hour of the alert's day in UTC, 0 to 23.
func (a *Alert) Hour() int { return a.Time.UTC().Hour() }

// Hours is a set of hours of a day: bit h says that hour h, 0 to 23, is in it.
type Hours uint32

// HourSet returns the set that holds one hour, 0 to 23.
func HourSet(hour int) Hours { return 1 << hour }

// Len returns how many hours the set holds.
func (h Hours) Len() int { return bits.OnesCount32(uint32(h)) }

// First returns the set of the first n hours of h, or h where it has no more.
func (h Hours) First(n int64) Hours {
	rest := h
	for ; n > 0 && rest != 0; n-- {
		rest &= rest - 1 // without its lowest bit
	}
	return h &^ rest
}

// Tally is the number of alerts of one rule, cluster, day, class, provenance and
// site: the sufficient counts of every measurement. An alert counts once, under its
// latest disposition; an unlabelled one has no provenance.
type Tally struct {
	RuleID     string // the rule's key, as RuleKey gives it
	Cluster    string
	Day        string
	Class      Class
	Provenance Provenance
	// Opened is when it was said of unlabelled alerts of a case that they are open,
	// if that is their latest disposition; see Open.
	Opened time.Time
	// Site is that of the alerts: a case can have alerts of several.
	Site string
	// Hours are those hours of Day, in UTC, in which at least one of the alerts fell;
	// none where that is not known.
	Hours Hours
	N     int64
	// By is who labelled the alerts, and Said when, the zero time where that is not known;
	// Second is what a second reading says, Reader who made it and SecondBy in which
	// provenance. Void says that a test is explained by no exercise, or a duplicate names
	// no original. Only what answers a Question sets them.
	By       string
	Said     time.Time
	Second   Class
	Reader   string
	SecondBy Provenance
	Void     bool
}
