package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

// reading is what an ATT&CK ID that evidence names stands for in the release.
type reading struct {
	id string
	// decided says that a person decided so, and against that only what speaks against a
	// verdict is read so.
	decided, against bool
}

// readings returns what an ID stands for where a holder names it. What was decided takes the
// place of what ATT&CK says for what speaks for a verdict: what speaks against one is read
// both ways, so that no decision takes a failure away. Of a decision for several nobody can
// tell which of them a success was of, so that it is of none.
func readings(lib *attack.Library, h attack.Holder, id string) []reading {
	now := Current(lib, id)
	d := lib.Decided(h, id)
	if d == nil {
		return []reading{{id: now}}
	}
	var rs []reading
	for _, to := range d.To {
		rs = append(rs, reading{id: Current(lib, to), decided: true, against: len(d.To) > 1})
	}
	if lib.InForce(now) && !slices.ContainsFunc(rs, func(r reading) bool { return r.id == now }) {
		rs = append(rs, reading{id: now, decided: true, against: true})
	}
	return rs
}

// ReadAs returns the one ATT&CK ID that an ID stands for where a holder names it: what was
// decided, where that is one, else what it is in the release.
func ReadAs(lib *attack.Library, h attack.Holder, id string) string {
	if d := lib.Decided(h, id); d != nil && len(d.To) == 1 {
		return Current(lib, d.To[0])
	}
	return Current(lib, id)
}

// Decides returns the ATT&CK IDs that an ID stands for where a holder names it: what was
// decided, be it nothing, else what it is in the release.
func Decides(lib *attack.Library, h attack.Holder, id string) []string {
	d := lib.Decided(h, id)
	if d == nil {
		return []string{Current(lib, id)}
	}
	ids := []string{}
	for _, to := range d.To {
		ids = append(ids, Current(lib, to))
	}
	return ids
}

// Exercised returns the one ATT&CK ID that an exercise is of in the release.
func Exercised(lib *attack.Library, e *exercise.Exercise) string {
	id := cmp.Or(e.Analytic, e.Technique)
	if !lib.Deciding() { // to make the ID of an exercise takes long
		return Current(lib, id)
	}
	return ReadAs(lib, holderOf(e), id)
}

func holderOf(e *exercise.Exercise) attack.Holder {
	return attack.Holder{Kind: attack.OfExercise, ID: e.ID()}
}

func caseHolder(c *alert.Case) attack.Holder { return attack.Holder{Kind: attack.OfCase, ID: c.ID} }

// whyDecided says which of the exercises, incidents and runbooks that bear on s name an id
// that a person decided to read so; see whyReread for rules.
func (a *assessor) whyDecided(s *subject) []evidence.Reason {
	if !a.lib.Deciding() {
		return nil
	}
	var how, batches []string
	note := func(h attack.Holder, ids ...string) {
		for _, id := range ids {
			if d := a.lib.Decided(h, id); d != nil && !slices.Contains(how, d.Says()) {
				how, batches = append(how, d.Says()), append(batches, d.Batch)
			}
		}
	}
	for i := range s.Exercises.Trials {
		t := &s.Exercises.Trials[i]
		note(attack.Holder{Kind: attack.OfExercise, ID: t.ID}, cmp.Or(t.Analytic, t.Technique))
	}
	for _, c := range a.incidents.about(s) {
		note(caseHolder(&c.Value), slices.Concat(c.Value.Analytics, c.Value.Techniques)...)
	}
	if id := s.Runbook.ID; id != "" {
		for i := range a.ev.Runbooks {
			if r := &a.ev.Runbooks[i].Value; r.ID == id {
				note(attack.Holder{Kind: attack.OfRunbook, ID: id}, r.AppliesTo...)
			}
		}
	}
	if len(how) == 0 {
		return nil
	}
	text := fmt.Sprintf("What it rests on names ids that are not in force: %s.", strings.TrimSuffix(listedOf(how[:min(len(how), 3)], len(how)), "."))
	return []evidence.Reason{{Code: "read_by_decision", Text: text, Refs: append(evidence.Batches(batches...), object(s.Analytic))}}
}
