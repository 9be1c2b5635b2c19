package correlate

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Type is what a definition asks of a window; Sigma's name for it.
type Type string

// The types, as Sigma's correlation rules specification 2 names them, and value_sum.
const (
	EventCount      Type = "event_count"
	ValueCount      Type = "value_count"
	ValueSum        Type = "value_sum"
	Temporal        Type = "temporal"
	TemporalOrdered Type = "temporal_ordered"
)

// Types lists them.
func Types() []Type { return []Type{EventCount, ValueCount, ValueSum, Temporal, TemporalOrdered} }

// Valued reports whether a type reads the values of a field.
func (t Type) Valued() bool { return t == ValueCount || t == ValueSum }

// Kind is what a selector looks at.
type Kind string

// The kinds of selector.
const (
	OfRule      Kind = "rule"
	OfTechnique Kind = "technique" // and its sub-techniques
	OfTactic    Kind = "tactic"
	OfSignal    Kind = "signal"
	OfFamily    Kind = "family"
	OfChain     Kind = "chain" // another definition
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{OfRule, OfTechnique, OfTactic, OfSignal, OfFamily, OfChain} }

// Selector says which observations are of a stage.
type Selector struct {
	Kind Kind
	Name string
	// Line is where it stands in its file, from 1.
	Line int
}

// String is the selector as a definition writes it.
func (s Selector) String() string {
	if s.Kind == "" {
		return s.Name
	}
	return string(s.Kind) + ":" + s.Name
}

// Unbounded is the Upper of a condition that has no upper bound.
const Unbounded int64 = math.MaxInt64

// Milli is how many units of a condition's bounds are one of a sum.
const Milli = 1000

// Condition is what the amount of a window is held against, both bounds included. Bounds
// are whole numbers of observations, values or stages, and of a sum thousandths.
type Condition struct{ Lower, Upper int64 }

// Definition is one correlation rule.
type Definition struct {
	ID, Name, Title, Description, Level string
	Type                                Type
	// Stages are what its rules name.
	Stages []Selector
	// GroupBy are the fields, or aliases, that its observations have in common.
	GroupBy   []string
	Span      time.Duration
	Condition Condition
	// Field is what value_count and value_sum read.
	Field []string
	// Aliases says for an alias which field it stands for in observations of a stage, by
	// the stage as the definition writes it.
	Aliases map[string]map[string]string
	// Off says that it is not run until it is turned on.
	Off bool
	// File is where it stands, Line where it begins, and Lines where its keys stand.
	File  string
	Line  int
	Lines map[string]int
}

// Key is what a definition is called: its name, else its id, else its title.
func (d *Definition) Key() string { return cmp.Or(d.Name, d.ID, d.Title) }

// called reports whether a reference means the definition.
func (d *Definition) called(name string) bool {
	return name != "" && (d.ID == name || d.Name == name || d.Key() == name)
}

// Span bounds and other limits of definitions.
const (
	MostStages = 64
	// MostCounted bounds the observations that event_count asks for, and MostValues the
	// values of value_count: a group holds as many.
	MostCounted = 10_000
	MostValues  = 1_000
	// LongestSpan is the longest timespan.
	LongestSpan = 366 * 24 * time.Hour
)

// Family is a kind of sensor: what its members raise is not independent of each other.
type Family struct {
	Name string
	// Members are ids or names of rules and names of signals; with a star at the end, all
	// that begin so.
	Members []string
	File    string
	Line    int
}

// Families says of which family observations are.
type Families struct {
	exact    map[string]string
	prefixes []prefixed // longest first
}

type prefixed struct{ prefix, family string }

// NewFamilies returns the families as one. A member that two of them name is given to the
// first; Compile refuses it.
func NewFamilies(list []Family) Families {
	f := Families{exact: map[string]string{}}
	for i := range list {
		for _, m := range list[i].Members {
			if prefix, star := strings.CutSuffix(m, "*"); star {
				f.prefixes = append(f.prefixes, prefixed{prefix, list[i].Name})
			} else if _, have := f.exact[m]; !have {
				f.exact[m] = list[i].Name
			}
		}
	}
	slices.SortStableFunc(f.prefixes, func(a, b prefixed) int { return len(b.prefix) - len(a.prefix) })
	return f
}

// Of returns the family of a sort: the one that names it, else the one that names the
// longest beginning of it; empty for none.
func (f Families) Of(s *Sort) string {
	names := [...]string{s.Rule, s.Name, s.Signal}
	for _, n := range names {
		if of, ok := f.exact[n]; ok && n != "" {
			return of
		}
	}
	for _, p := range f.prefixes {
		for _, n := range names {
			if n != "" && strings.HasPrefix(n, p.prefix) {
				return p.family
			}
		}
	}
	return ""
}

// Known is a rule that stands beside definitions, under all its names.
type Known struct{ ID, Name, Title string }

// Set is what definition files say.
type Set struct {
	Definitions []Definition
	Families    []Family
	// Rules are the detection rules that stand beside the definitions: what these call a
	// rule and what alerts call it may differ.
	Rules []Known
}

// Spell is a timespan as definitions write it.
func Spell(d time.Duration) string {
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d%u.of == 0 {
			return strconv.FormatInt(int64(d/u.of), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}
