package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/assure"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/figure"
	"candor/internal/policy"
)

// tagged counts, of the tests of techniques that some rule is tagged with, what fired.
type tagged struct {
	Tests, Untagged                    int
	Same, Parent, Other, Lacking, None int
}

// Of is how many tests are of a technique that some rule is tagged with.
func (t tagged) Of() int { return t.Same + t.Parent + t.Other + t.Lacking + t.None }

// byTag compares the technique of each test with the tags of the rules that fired.
func (s *study) byTag() tagged {
	tags := map[string]bool{}
	for i := range s.rules {
		for _, t := range s.rules[i].Value.Techniques {
			tags[t] = true
		}
	}
	out := tagged{Tests: len(s.tests)}
	for i := range s.tests {
		of := strings.ToUpper(s.tests[i].Technique)
		if to, ok := s.renamed[of]; ok {
			of = to
		}
		if !tags[of] {
			out.Untagged++
			continue
		}
		out.count(s, i, of)
	}
	return out
}

func (t *tagged) count(s *study, i int, of string) {
	var fired []string
	known := false
	for _, f := range s.tests[i].Fired {
		for _, r := range s.byFile[f.Link[strings.LastIndex(f.Link, "/")+1:]] {
			known = true
			fired = append(fired, r.Techniques...)
		}
	}
	switch {
	case len(s.tests[i].Fired) == 0:
		t.None++
	case slices.Contains(fired, of):
		t.Same++
	case slices.ContainsFunc(fired, func(f string) bool { return parent(f) == parent(of) }):
		t.Parent++
	case known:
		t.Other++
	default:
		t.Lacking++
	}
}

// parent is the technique that a sub-technique is of, or the technique itself.
func parent(id string) string {
	of, _, _ := strings.Cut(id, ".")
	return of
}

func (t tagged) print(w io.Writer) {
	fmt.Fprintf(w, "By tag: %d tests that were run, %d of them of techniques that some rule is tagged with. Fired:\n", t.Tests, t.Of())
	for _, row := range []struct {
		n    int
		what string
	}{
		{t.Same, "a rule with that tag"}, {t.Parent, "only rules with a tag of the same parent technique"}, {t.Other, "only rules of other techniques, or without a tag"},
		{t.Lacking, "only rules that the archive lacks"}, {t.None, "no Sigma rule"},
	} {
		fmt.Fprintf(w, "  %4d  %7s  %s\n", row.n, figure.Percent(float64(row.n)/float64(max(t.Of(), 1))), row.what)
	}
	fmt.Fprintln(w, "Tests that nothing caught are not in the map, which flatters: the true shares of the first rows are smaller.")
}

// verdict counts what the tests come to when candor holds them against the alerts.
type verdict struct {
	Release string
	// Tests are those that speak for an analytic which some rule claims, by what they come
	// to at best for one of those.
	Tests int
	Bases map[assure.Basis]int
	// Claimed are the techniques among them, and Borne those of which a claiming rule fired
	// in at least one test.
	Claimed, Borne int
}

// judged judges the tests as exercises that ran, of which the alerts say what came.
func (s *study) judged() verdict {
	p := policy.Default()
	ev := assure.Evidence{Rules: s.rules}
	book := history.NewBook()
	rules := map[string]*assure.AlertRule{}
	place := int64(0)
	for i := range s.tests {
		ev.Exercises = append(ev.Exercises, evidence.Of[exercise.Exercise]{Value: s.exercise(i), Batch: "map"})
		for _, a := range s.alerts(i) {
			book.Add(1, place, &a)
			place++
			rules[a.RuleID] = &assure.AlertRule{ID: a.RuleID, Name: a.RuleName, Source: "map"}
		}
	}
	for _, r := range rules {
		ev.AlertRules = append(ev.AlertRules, *r)
	}
	asOf := began.Add(time.Duration(len(s.tests))*apart + 8*24*time.Hour)
	g := assure.GroundOf(s.library, ev, p, asOf)
	surround(g, book, &ev)
	return sum(g.Assess(ev, asOf))
}

// surround adds what lay around the tests.
func surround(g *assure.Ground, book *history.Book, ev *assure.Evidence) {
	qs, from, to := g.Questions(ev)
	ev.Around = assure.Surroundings{Seen: map[string][]assure.Sighting{}, Presence: book.Presence(from, to)}
	asked := make([]alert.Around, len(qs))
	for i := range qs {
		asked[i] = qs[i].Around
	}
	for _, n := range book.Near(asked) {
		if q := &qs[n.Asked]; !q.Wide { // each host is of one test: what is wide is what is near
			ev.Around.Seen[q.Of] = append(ev.Around.Seen[q.Of], assure.Sighting{Near: n, Wide: n.N})
		}
	}
}

// order is from the best that a test can come to to the worst.
func order() []assure.Basis {
	return []assure.Basis{assure.Corroborated, assure.Coincidence, assure.Silent, assure.Unheard}
}

func sum(a assure.Assessment) verdict {
	out := verdict{Release: a.Release.String(), Bases: map[assure.Basis]int{}}
	best, techniques := map[string]assure.Basis{}, map[string]bool{}
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		if !v.Claimed {
			continue
		}
		for _, t := range v.Exercises.Trials {
			if have, ok := best[t.ID]; !ok || slices.Index(order(), t.Basis) < slices.Index(order(), have) {
				best[t.ID] = t.Basis
			}
			techniques[t.Technique] = techniques[t.Technique] || t.Basis == assure.Corroborated
		}
	}
	for _, b := range best {
		out.Bases[b]++
	}
	out.Tests, out.Claimed = len(best), len(techniques)
	for _, borne := range techniques {
		if borne {
			out.Borne++
		}
	}
	return out
}

func (v verdict) print(w io.Writer) {
	fmt.Fprintf(w, "\nAs candor judges them by %s: %d tests speak for an analytic of their platform that an enabled rule claims.\n", v.Release, v.Tests)
	for _, b := range order() {
		if n := v.Bases[b]; n > 0 {
			fmt.Fprintf(w, "  %4d  %7s  %s\n", n, figure.Percent(float64(n)/float64(v.Tests)), b.Words())
		}
	}
	fmt.Fprintf(w, "Of %d claimed techniques that were tested, a claiming rule fired in at least one test of %d (%s).\n", v.Claimed, v.Borne,
		figure.Percent(float64(v.Borne)/float64(max(v.Claimed, 1))))
	fmt.Fprintln(w, "Times and hosts are synthetic: the map says neither. That each test has a host of its own keeps coincidence out.")
}
