package matrix

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"candor/internal/assure"
	"candor/internal/day"
)

// What became of a technique from one assessment to another, the worse case first.
const (
	movedDown  = "lost"
	movedOther = "moved"
	movedOne   = "in one alone"
	movedUp    = "gained"
	movedNot   = "unmoved"
)

// movedStates lists what can become of a technique.
func movedStates() []State {
	ss := []State{
		{movedDown, "LO", "lost", "an analytic of it is not reliable any more, or is newly contradicted", assure.Contradicted, ""},
		{movedOther, "MO", "moved", "an analytic of it left its rung, and none was reliable before or is newly so", assure.Unproven, ""},
		{movedOne, "ON", "in one alone", "an analytic of it is in one of the two assessments alone", assure.Observable, ""},
		{movedUp, "GA", "gained", "an analytic of it is newly reliable, and none of it was lost", assure.Reliable, ""},
		{movedNot, "UN", "unmoved", "every analytic of it stands where it stood", assure.NotApplicable, ""},
	}
	for i := range ss {
		ss[i].Colour = Colour(ss[i].Paint)
	}
	return ss
}

// moving collects what became of techniques.
type moving struct {
	states map[string]map[string]int // technique -> state -> analytics
	notes  map[string][]layerMeta
}

func (m *moving) add(of []assure.Name, state, note, value string) {
	for _, t := range of {
		if m.states[t.ATTACKID] == nil {
			m.states[t.ATTACKID] = map[string]int{}
		}
		m.states[t.ATTACKID][state]++
		if note != "" {
			m.notes[t.ATTACKID] = append(m.notes[t.ATTACKID], layerMeta{note, value})
		}
	}
}

// Difference returns what moved from one assessment to another as a layer of the ATT&CK
// Navigator: each technique with the colour of the worst that became of an analytic of it,
// every analytic that moved as metadata, and no score.
func Difference(before, after *assure.Assessment, c *assure.Comparison) *Layer {
	m := &moving{map[string]map[string]int{}, map[string][]layerMeta{}}
	shifts, alone := map[string]assure.Shift{}, map[string]bool{}
	for _, s := range c.Shifts {
		shifts[s.Analytic.StixID] = s
	}
	for _, v := range slices.Concat(c.Appeared, c.Vanished) {
		alone[v.Analytic.StixID] = true
	}
	for i := range after.Verdicts {
		v := &after.Verdicts[i]
		s, moved := shifts[v.Analytic.StixID]
		switch {
		case alone[v.Analytic.StixID]:
			m.add(v.Techniques, movedOne, v.Analytic.ATTACKID, "only afterwards, "+words(v.Rung))
		case moved:
			m.add(v.Techniques, shiftState(&s), v.Analytic.ATTACKID, words(s.From)+" before, "+words(s.To)+" after")
		default:
			m.add(v.Techniques, movedNot, "", "")
		}
	}
	for i := range before.Verdicts {
		if v := &before.Verdicts[i]; alone[v.Analytic.StixID] {
			m.add(v.Techniques, movedOne, v.Analytic.ATTACKID, "only before, "+words(v.Rung))
		}
	}
	return m.layer(after, c)
}

func shiftState(s *assure.Shift) string {
	switch {
	case s.From == assure.Reliable || s.To == assure.Contradicted:
		return movedDown
	case s.To == assure.Reliable:
		return movedUp
	}
	return movedOther
}

func words(r assure.Rung) string { return strings.ReplaceAll(string(r), "_", " ") }

func (m *moving) layer(after *assure.Assessment, c *assure.Comparison) *Layer {
	l := newLayer(after.Release)
	l.Name = fmt.Sprintf("Candor: what moved from %s to %s, %s", day.Of(c.Before.AsOf), day.Of(c.After.AsOf), after.Release)
	said := []string{c.Order, fmt.Sprintf("%d of %d analytics left their rung. Each technique has the colour of the worst that became of its own analytics; there is no score.", len(c.Shifts), len(after.Verdicts))}
	for _, d := range c.Differences {
		said = append(said, "Judged by something else: "+d+".")
	}
	l.Description = strings.Join(append(said, after.Beside...), " ")
	l.Metadata = []layerMeta{{"before", c.Before.Release + " as of " + string(day.Of(c.Before.AsOf)) + ", policy " + c.Before.Policy.String()},
		{"after", c.After.Release + " as of " + string(day.Of(c.After.AsOf)) + ", policy " + c.After.Policy.String()}}
	states := movedStates()
	for _, s := range states {
		l.Legend = append(l.Legend, layerLegend{Label: s.Code + " " + s.Name, Color: s.Colour})
	}
	for id, counts := range m.states {
		mark := layerMark{Technique: id, Enabled: true, Metadata: []layerMeta{}, Links: []struct{}{}}
		all, parts := 0, []string{}
		for _, s := range states {
			n := counts[s.Key]
			if n == 0 {
				continue
			}
			mark.Color = cmp.Or(mark.Color, s.Colour)
			all += n
			parts = append(parts, s.Name+" "+strconv.Itoa(n))
		}
		mark.Comment = fmt.Sprintf("of %d: %s", all, strings.Join(parts, ", "))
		mark.Metadata = append(mark.Metadata, m.notes[id]...)
		l.Techniques = append(l.Techniques, mark)
	}
	slices.SortFunc(l.Techniques, func(a, b layerMark) int { return strings.Compare(a.Technique, b.Technique) })
	return l
}
