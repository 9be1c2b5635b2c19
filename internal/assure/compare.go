package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/measure"
)

// Comparison is what became of the verdicts from one assessment to another.
type Comparison struct {
	Before Stand `json:"before"`
	After  Stand `json:"after"`
	// Order says of which days the two are, and how far apart. Backwards says that
	// the first is of a later day, so that what is read as a gain was a loss.
	Order     string `json:"order"`
	Backwards bool   `json:"backwards"`
	// Shifts are the analytics that left their rung, by ATT&CK ID, and Ways sums
	// them by where from and where to.
	Shifts []Shift `json:"shifts"`
	Ways   []Way   `json:"ways"`
	// Appeared and Vanished are the analytics that only one assessment has.
	Appeared []Verdicted `json:"appeared"`
	Vanished []Verdicted `json:"vanished"`
	// Differences are those of what was judged by: release, policy, scope, and the
	// length of the window. That the window ends on another day is what comparing over
	// time means, and none.
	Differences []string `json:"differences"`
}

// Stand is an assessment in short.
type Stand struct {
	Release string    `json:"release"`
	AsOf    time.Time `json:"as_of"`
	Policy  PolicyRef `json:"policy"`
	Totals  Totals    `json:"totals"`
}

// Verdicted is an analytic with its rung.
type Verdicted struct {
	Analytic Name `json:"analytic"`
	Rung     Rung `json:"rung"`
}

// Way is how many analytics went from one rung to another.
type Way struct {
	From  Rung `json:"from"`
	To    Rung `json:"to"`
	Count int  `json:"count"`
}

// Shift is an analytic that left its rung, and why.
type Shift struct {
	Analytic Name    `json:"analytic"`
	From     Rung    `json:"from"`
	To       Rung    `json:"to"`
	Because  []Cause `json:"because"`
	// Waivers are those in force of it afterwards.
	Waivers []Waiver `json:"waivers"`
}

// Cause is one thing that the two verdicts rest on and that differs.
type Cause struct {
	// What is "visibility", "claims", "measurement", "exercises", "incidents", "runbook" or
	// "basis" when only what is judged by differs.
	What string `json:"what"`
	Text string `json:"text"`
	// New are the batches that only the later verdict rests on in this, and Gone
	// those that only the earlier one does.
	New  []string `json:"new_batches"`
	Gone []string `json:"gone_batches"`
}

// Compare says what moved from before to after and because of which evidence.
// Analytics are the same when their STIX ids are.
func Compare(before, after Assessment) Comparison {
	c := Comparison{Before: standOf(&before), After: standOf(&after), Shifts: []Shift{}, Ways: []Way{},
		Appeared: []Verdicted{}, Vanished: []Verdicted{}, Differences: differences(&before, &after)}
	c.Order, c.Backwards = order(before.AsOf, after.AsOf)
	was := map[string]*Verdict{}
	for i := range before.Verdicts {
		was[before.Verdicts[i].Analytic.StixID] = &before.Verdicts[i]
	}
	for i := range after.Verdicts {
		v := &after.Verdicts[i]
		old := was[v.Analytic.StixID]
		delete(was, v.Analytic.StixID)
		switch {
		case old == nil:
			c.Appeared = append(c.Appeared, Verdicted{v.Analytic, v.Rung})
		case old.Rung != v.Rung:
			c.Shifts = append(c.Shifts, Shift{Analytic: v.Analytic, From: old.Rung, To: v.Rung, Because: causes(old, v, c.Differences), Waivers: orEmpty(v.Waivers)})
		}
	}
	for _, v := range was {
		c.Vanished = append(c.Vanished, Verdicted{v.Analytic, v.Rung})
	}
	slices.SortFunc(c.Vanished, func(a, b Verdicted) int { return compareNames(a.Analytic, b.Analytic) })
	slices.SortFunc(c.Shifts, func(a, b Shift) int { return compareNames(a.Analytic, b.Analytic) })
	c.Ways = ways(c.Shifts)
	return c
}

// order says of which days two assessments are, and which comes first.
func order(before, after time.Time) (text string, backwards bool) {
	first, last := day.Of(before), day.Of(after)
	switch apart := first.Until(last); {
	case apart > 0:
		return fmt.Sprintf("From %s to %s, %s later.", first, last, count(int64(apart), "day")), false
	case apart < 0:
		return fmt.Sprintf("Backwards: from %s to %s, %s earlier.", first, last, count(int64(-apart), "day")), true
	}
	return fmt.Sprintf("Both are as of %s.", first), false
}

func standOf(a *Assessment) Stand {
	return Stand{Release: a.Release.String(), AsOf: a.AsOf, Policy: a.Policy, Totals: a.Totals}
}

// differences says what is not the same about what was judged by.
func differences(a, b *Assessment) []string {
	d := []string{}
	add := func(what, x, y string) {
		if x != y {
			d = append(d, fmt.Sprintf("%s: %s before, %s after", what, orNothing(x), orNothing(y)))
		}
	}
	add("release", a.Release.String(), b.Release.String())
	add("policy", a.Policy.String(), b.Policy.String())
	if x, y := windowText(a), windowText(b); a.Window.From.Until(a.Window.To) != b.Window.From.Until(b.Window.To) {
		add("window", x, y)
	}
	add("site", a.Scope.Site, b.Scope.Site)
	add("scope", strings.Join(a.Scope.Platforms, ", "), strings.Join(b.Scope.Platforms, ", "))
	return d
}

func windowText(a *Assessment) string {
	return count(int64(a.Window.From.Until(a.Window.To)+1), "day")
}

func orNothing(s string) string {
	if s == "" {
		return "not stated"
	}
	return s
}

func ways(shifts []Shift) []Way {
	n := map[Way]int{}
	for _, s := range shifts {
		n[Way{From: s.From, To: s.To}]++
	}
	list := make([]Way, 0, len(n))
	for w, count := range n {
		w.Count = count
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b Way) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(string(a.From), string(b.From)), strings.Compare(string(a.To), string(b.To)))
	})
	return list
}

// facet is one thing that verdicts rest on: what it came to in words, and the
// prefixes of the codes of the reasons that say so.
type facet struct {
	what     string
	say      func(*Verdict) string
	prefixes []string
}

func facets() []facet {
	return []facet{
		{"visibility", func(v *Verdict) string { return plainWords(string(v.Visibility.State)) }, []string{"visibility_", "external_source"}},
		{"claims", claimsWords, []string{"claim", "not_claimed"}},
		{"measurement", measurementWords, []string{"measured_", "noisy", "not_measured"}},
		{"exercises", func(v *Verdict) string {
			return strings.TrimSpace(plainWords(v.Exercises.State) + " " + v.Exercises.LastTime)
		}, []string{"exercise_"}},
		{"incidents", func(v *Verdict) string {
			return strings.TrimSpace(plainWords(v.Incidents.State) + " " + v.Incidents.LastCase)
		}, []string{"incident_"}},
		{"runbook", func(v *Verdict) string {
			return strings.TrimSpace(plainWords(v.Runbook.State) + " " + v.Runbook.ID + " " + v.Runbook.Reviewed)
		}, []string{"runbook_"}},
	}
}

func plainWords(s string) string { return strings.ReplaceAll(s, "_", " ") }

func claimsWords(v *Verdict) string {
	var ids []string
	for _, c := range v.Claims {
		if c.Enabled && c.Counts {
			ids = append(ids, c.RuleID)
		}
	}
	slices.Sort(ids)
	if len(ids) == 0 {
		return "no rule that counts"
	}
	return count(int64(len(ids)), "rule") + " that count, " + listed(ids, 3)
}

func measurementWords(v *Verdict) string {
	m := v.Measurement
	if m == nil {
		return "none"
	}
	words := plainWords(string(m.Conclusion))
	if m.Noisy && m.Conclusion != measure.NotGoodEnough {
		words += " and over volume"
	}
	return fmt.Sprintf("%s, %s", words, precisionText(m))
}

// causes says what the two verdicts rest on and what of it differs. Where nothing
// does, what is judged by must: then it says so.
func causes(old, v *Verdict, differences []string) []Cause {
	list := []Cause{}
	for _, f := range facets() {
		was, is := f.say(old), f.say(v)
		if was == is {
			continue
		}
		before, after := batchesOf(old.Reasons, f.prefixes), batchesOf(v.Reasons, f.prefixes)
		c := Cause{What: f.what, Text: fmt.Sprintf("%s: %s before, %s after", f.what, was, is), New: without(after, before), Gone: without(before, after)}
		if len(c.New)+len(c.Gone) == 0 {
			c.Text += "; the same evidence, judged on another day or by another policy"
			if slices.ContainsFunc(differences, func(d string) bool { return strings.HasPrefix(d, "release: ") }) {
				c.Text = strings.TrimSuffix(c.Text, "on another day or by another policy") + "by another release"
			}
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		text := "what it rests on is the same; it is judged on another day"
		if len(differences) > 0 {
			text = "what it rests on is the same; it is judged by something else: " + strings.Join(differences, "; ")
		}
		list = append(list, Cause{What: "basis", Text: text, New: []string{}, Gone: []string{}})
	}
	return list
}

// batchesOf returns the batches that the reasons with such codes rest on.
func batchesOf(reasons []evidence.Reason, prefixes []string) []string {
	var ids []string
	for _, r := range reasons {
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(r.Code, p) }) {
			continue
		}
		for _, ref := range r.Refs {
			if ref.Kind == "batch" {
				ids = append(ids, ref.ID)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// without returns what is in a and not in b.
func without(a, b []string) []string {
	only := []string{}
	for _, s := range a {
		if !slices.Contains(b, s) {
			only = append(only, s)
		}
	}
	return only
}
