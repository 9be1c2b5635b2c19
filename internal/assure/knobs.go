package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/runbook"
)

// Knob is an element of an analytic that ATT&CK says an organisation should set for
// itself, with what is known to be set here. None of it moves a rung: that a value
// is recorded does not say that it is a good one.
type Knob struct {
	Element     string `json:"element"`
	Description string `json:"description"`
	// Settings are in order of the rule, the one for all rules first; none says that
	// nobody recorded a value.
	Settings []Setting `json:"settings"`
}

// Setting is a tuning record in force.
type Setting struct {
	Value      string   `json:"value"`
	Baseline   string   `json:"baseline,omitempty"`
	RuleID     string   `json:"rule_id,omitempty"`
	Date       day.Date `json:"date"`
	ApprovedBy string   `json:"approved_by,omitempty"`
	Notes      string   `json:"notes,omitempty"`
	Batch      string   `json:"batch"`
}

// UnmappedTuning is a tuning record of what the release does not have.
type UnmappedTuning struct {
	Analytic string `json:"analytic"`
	Element  string `json:"element"`
	RuleID   string `json:"rule_id,omitempty"`
	Why      string `json:"why"`
	Batch    string `json:"batch"`
}

// tuningIndex finds tuning records by the ATT&CK ID of the analytic.
type tuningIndex map[string][]evidence.Of[runbook.Tuning]

// indexTunings indexes the records of today and before.
func indexTunings(lib *attack.Library, ts []evidence.Of[runbook.Tuning], today day.Date) tuningIndex {
	x := tuningIndex{}
	for _, t := range ts {
		if t.Value.Date <= today {
			for _, id := range Decides(lib, attack.Holder{Kind: attack.OfTuning, ID: t.Value.Key()}, t.Value.Analytic) {
				x[id] = append(x[id], t)
			}
		}
	}
	return x
}

// of returns the knobs of an analytic in ATT&CK's order.
func (x tuningIndex) of(o *attack.Object) []Knob {
	knobs := make([]Knob, 0, len(o.Mutable))
	for _, m := range o.Mutable {
		k := Knob{Element: m.Field, Description: m.Description, Settings: []Setting{}}
		for _, t := range x[strings.ToUpper(o.ATTACKID)] {
			if attack.Fold(t.Value.Element) == attack.Fold(m.Field) {
				v := &t.Value
				k.Settings = append(k.Settings, Setting{v.Value, v.Baseline, v.RuleID, v.Date, v.ApprovedBy, v.Notes, t.Batch})
			}
		}
		slices.SortFunc(k.Settings, func(a, b Setting) int {
			return cmp.Or(strings.Compare(a.RuleID, b.RuleID), strings.Compare(string(a.Date), string(b.Date)), strings.Compare(a.Value, b.Value), strings.Compare(a.Batch, b.Batch))
		})
		knobs = append(knobs, k)
	}
	return knobs
}

// unmapped lists the records of analytics and elements that the release does not
// have.
func (x tuningIndex) unmapped(subjects []*subject) []UnmappedTuning {
	elements := map[string]map[string]bool{}
	for _, s := range subjects {
		of := map[string]bool{}
		for _, m := range s.object.Mutable {
			of[attack.Fold(m.Field)] = true
		}
		elements[strings.ToUpper(s.Analytic.ATTACKID)] = of
	}
	list := []UnmappedTuning{}
	for id, ts := range x {
		for _, t := range ts {
			u := UnmappedTuning{Analytic: t.Value.Analytic, Element: t.Value.Element, RuleID: t.Value.RuleID, Batch: t.Batch}
			switch of := elements[id]; {
			case of == nil:
				u.Why = fmt.Sprintf("the release has no live analytic %s", t.Value.Analytic)
			case of[attack.Fold(t.Value.Element)]:
				continue
			default:
				u.Why = fmt.Sprintf("%s has no mutable element of that name", id)
			}
			list = append(list, u)
		}
	}
	slices.SortFunc(list, func(a, b UnmappedTuning) int {
		return cmp.Or(compareIDs(a.Analytic, b.Analytic), strings.Compare(a.Element, b.Element), strings.Compare(a.RuleID, b.RuleID), strings.Compare(a.Batch, b.Batch))
	})
	return list
}
