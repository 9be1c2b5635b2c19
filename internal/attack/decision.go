package attack

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Holder is what names an ATT&CK ID: one rule, exercise, runbook, case and so on, by what
// evidence calls it. The zero Holder is whatever names it.
type Holder struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// The kinds of Holder.
const (
	OfRule     = "rule"
	OfExercise = "exercise"
	OfRunbook  = "runbook"
	OfTuning   = "tuning"
	OfGap      = "gap"
	OfProfile  = "profile"
	OfNote     = "note"
	OfCase     = "case"
	OfChain    = "chain"
	OfSignal   = "signal"
)

// Decision is what a person decided of an ATT&CK ID that a release does not have in force:
// what evidence that names it means there. The evidence stays as it is; who judges by that
// release or a later one of its domain reads it so.
type Decision struct {
	Domain string `json:"domain"`
	// Release is the number of the first release that it holds in.
	Release string `json:"release"`
	ID      string `json:"id"`
	// Holder is whose naming it is about; a decision about one is asked before one about all.
	Holder Holder `json:"holder"`
	// To are the ATT&CK IDs that it is read as; none says that it means nothing there.
	To  []string `json:"to"`
	Why string   `json:"why"`
	// By says it, At; RecordedBy names the token through which it came, if through one.
	By         string    `json:"by"`
	At         time.Time `json:"at"`
	RecordedBy string    `json:"recorded_by,omitempty"`
	// Withdrawn says that it holds no more, for the reason in Why.
	Withdrawn bool `json:"withdrawn"`
	// Batch brought it. It is no part of what is recorded.
	Batch string `json:"-"`
}

// Key names what a later statement supersedes.
func (d *Decision) Key() string {
	return strings.Join([]string{d.Domain, d.Release, d.ID, d.Holder.Kind, d.Holder.ID}, "|")
}

// Says tells the decision in words.
func (d *Decision) Says() string {
	as := "is read as " + Listed(d.To)
	if len(d.To) == 0 {
		as = "means nothing from " + d.Release + " on"
	}
	who := fmt.Sprintf("%s %s by decision of %s on %s", d.ID, as, d.By, d.At.UTC().Format(time.DateOnly))
	if d.Batch != "" {
		who += " (" + d.Batch + ")"
	}
	if d.Why != "" {
		who += ": " + d.Why
	}
	return who
}

// WithDecisions returns the same view that also knows what people decided of ATT&CK IDs.
// Those of another domain, of a later release, and those that were withdrawn say nothing.
func (l *Library) WithDecisions(all []Decision) *Library {
	with := *l
	with.decisions = map[string][]Decision{}
	for i := range all {
		if d := &all[i]; !d.Withdrawn && d.Domain == l.Release.Domain && CompareVersions(d.Release, l.Release.Version) <= 0 {
			id := strings.ToUpper(d.ID)
			with.decisions[id] = append(with.decisions[id], *d)
		}
	}
	for _, ds := range with.decisions {
		slices.SortFunc(ds, func(a, b Decision) int {
			return cmp.Or(CompareVersions(b.Release, a.Release), b.At.Compare(a.At), strings.Compare(a.Key(), b.Key()))
		})
	}
	return &with
}

// Alike reports whether another view is of the same release, and reads IDs of others alike.
func (l *Library) Alike(other *Library) bool {
	return l.Release == other.Release && reflect.DeepEqual(l.decisions, other.decisions) && reflect.DeepEqual(l.lineage, other.lineage)
}

// Decided returns what was decided of an ATT&CK ID as a holder names it; nil where nobody
// decided anything, and where the release has a live object of that ID: it means itself.
func (l *Library) Decided(h Holder, id string) *Decision {
	if len(l.decisions) == 0 {
		return nil
	}
	id = strings.ToUpper(strings.TrimSpace(id))
	ds := l.decisions[id]
	if len(ds) == 0 || l.InForce(id) {
		return nil
	}
	for _, of := range []Holder{h, {}} {
		if i := slices.IndexFunc(ds, func(d Decision) bool { return d.Holder == of }); i >= 0 {
			return &ds[i]
		}
	}
	return nil
}

// Deciding reports whether people decided anything that the view knows of.
func (l *Library) Deciding() bool { return len(l.decisions) > 0 }

// InForce reports whether the release has a live object of an ATT&CK ID.
func (l *Library) InForce(id string) bool {
	os := l.byID[id]
	return len(os) > 0 && os[0].Live() // live ones come first
}
