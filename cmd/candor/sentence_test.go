package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"candor/internal/assure"
	"candor/internal/claim"
	"candor/internal/figure"
	"candor/internal/visibility"
)

// sentences is a command of transcripts: it reads what candor assess --json printed
// last and holds the sentence of every rung against the visibility, the claims and the
// measurement that stand beside it.
func sentences(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: sentences")
	}
	var a assure.Assessment
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &a))
	wrong, kinds := 0, map[string]int{}
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		kinds[string(v.Rung)+" "+string(v.Visibility.Shortfall)]++
		for _, w := range mistakes(v) {
			wrong++
			ts.Logf("%s is %s, %s: %q: %s", v.Analytic.ATTACKID, v.Rung, v.Visibility.State, v.Sentence, w)
		}
	}
	for _, w := range split(&a) {
		wrong++
		ts.Logf("%s", w)
	}
	if wrong > 0 || len(a.Verdicts) == 0 {
		ts.Fatalf("%d mistakes in the sentences of %d verdicts", wrong, len(a.Verdicts))
	}
	ts.Logf("sentences held: %v", kinds)
}

// lead is how a sentence on what is needed begins, with what must then be so.
type lead struct {
	words *regexp.Regexp
	state visibility.State
	so    func(n map[visibility.NeedState]int) bool
}

func leads() []lead {
	missing := func(n map[visibility.NeedState]int) int { return n[visibility.Missing] + n[visibility.Silent] }
	arrives := func(n map[visibility.NeedState]int) int { return n[visibility.Measured] + n[visibility.Thin] }
	return []lead{
		{regexp.MustCompile(`None of the \d+ log sources that it needs is collected:|The log source that it needs is not collected`), visibility.Blind,
			func(n map[visibility.NeedState]int) bool { return len(n) == 1 && n[visibility.Missing] > 0 }},
		{regexp.MustCompile(`is collected or arrives|The log source that it needs does not arrive`), visibility.Blind,
			func(n map[visibility.NeedState]int) bool { return arrives(n) == 0 && n[visibility.Silent] > 0 }},
		{regexp.MustCompile(`Only a part of what it needs (is seen|arrives)`), visibility.Partial,
			func(n map[visibility.NeedState]int) bool { return arrives(n) > 0 && missing(n) > 0 }},
		{regexp.MustCompile(`Nothing of what it needs is seen, and a part is not even said`), visibility.Partial,
			func(n map[visibility.NeedState]int) bool { return arrives(n) == 0 && missing(n) > 0 && len(n) > 1 }},
		{regexp.MustCompile(`arrives on too few days or from too few hosts|Not all of what it needs arrives on enough`), visibility.Partial,
			func(n map[visibility.NeedState]int) bool {
				return n[visibility.Thin] > 0 && n[visibility.Missing] == 0
			}},
		{regexp.MustCompile(`never measured to arrive`), visibility.Declared,
			func(n map[visibility.NeedState]int) bool {
				return n[visibility.Unmeasured]+n[visibility.Silent] > 0 && n[visibility.Missing] == 0
			}},
		{regexp.MustCompile(`is stale since \d{4}-\d\d-\d\d`), visibility.Stale,
			func(n map[visibility.NeedState]int) bool {
				return n[visibility.Old]+n[visibility.Silent] > 0 && n[visibility.Missing]+n[visibility.Unmeasured] == 0
			}},
		{regexp.MustCompile(`All that it needs was measured to arrive`), visibility.Verified,
			func(n map[visibility.NeedState]int) bool { return len(n) == 1 && n[visibility.Measured] > 0 }},
		{regexp.MustCompile(`by an external source alone`), visibility.External, nil},
		{regexp.MustCompile(`ATT&CK names no log source for it`), visibility.Outside, func(n map[visibility.NeedState]int) bool { return len(n) == 0 }},
		{regexp.MustCompile(`has no sensor of its own`), visibility.Outside, nil},
		{regexp.MustCompile(`is not among those in scope`), visibility.OutOfScope, nil},
	}
}

// mistakes lists what a verdict's sentence says and the rest of the verdict does not.
// It is for policies that need all log sources.
func mistakes(v *assure.Verdict) []string {
	var wrong []string
	say := func(when bool, format string, args ...any) {
		if when {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	states := map[visibility.NeedState]int{}
	for _, n := range v.Visibility.Needs {
		states[n.State]++
	}
	matched := 0
	for _, l := range leads() {
		if l.words.MatchString(v.Visibility.Sentence) {
			matched++
			say(v.Visibility.State != l.state, "it says what is said of %s", l.state)
			say(l.so != nil && !l.so(states), "the needs are %v", states)
		}
	}
	say(matched != 1, "it begins in %d ways", matched)
	wrong = append(wrong, misplaced(&v.Visibility)...)
	switch v.Rung {
	case assure.NotApplicable, assure.Outside, assure.Blind, assure.Observable, assure.RuleOnly:
		say(!strings.Contains(v.Sentence, v.Visibility.Sentence), "it does not say how it is seen")
	default:
		say(strings.Contains(v.Sentence, v.Visibility.Sentence), "visibility does not decide it")
	}
	could := slices.ContainsFunc(v.Claims, func(c claim.Claim) bool { return !c.Cannot() })
	say(strings.Contains(v.Sentence, "No rule claims it") && len(v.Claims) > 0, "rules are mapped to it")
	say(strings.Contains(v.Sentence, "No rule of its platform") && could, "a rule of its platform is mapped to it")
	say(strings.Contains(v.Sentence, "claims it, on basis") && !v.Claimed, "none claims it")
	return append(wrong, unlikeMeasurement(v)...)
}

// unlikeMeasurement holds what the sentence says of alerts, exercises and runbooks
// against them.
func unlikeMeasurement(v *assure.Verdict) []string {
	var wrong []string
	holds := func(words string, ok bool) {
		if strings.Contains(v.Sentence, words) && !ok {
			wrong = append(wrong, fmt.Sprintf("%q is not so", words))
		}
	}
	m := v.Measurement
	holds("raised no alert", m != nil && m.Alerts == 0)
	holds("labelled alert", m != nil && m.Precision != nil && strings.Contains(v.Sentence, figure.Sprintf("%d of %d labelled alert", m.TruePositive, m.TruePositive+m.BenignPositive+m.FalsePositive)))
	holds("No exercise has produced it", v.Exercises.State == "none")
	holds("is out of date", v.Exercises.State == "expired")
	holds("No runbook applies", v.Runbook.State == "none")
	holds("has no owner", v.Runbook.State == "no_owner")
	holds("is current, reviewed", v.Runbook.State == "current")
	holds("chosen at random", m != nil && m.Unlabelled > 0)
	holds("every alert is labelled", m != nil && m.Unlabelled == 0 && m.Alerts > 0)
	if v.Sentence == "" {
		wrong = append(wrong, "it is empty")
	}
	return wrong
}

// misplaced lists the needs that the sentence names under another state than theirs.
func misplaced(s *visibility.Statement) []string {
	words := map[visibility.NeedState][]string{
		visibility.Missing: {"not collected"}, visibility.Unmeasured: {"declared and never measured"}, visibility.Old: {"not lately"},
		visibility.Thin: {"on too few days or hosts"}, visibility.Measured: {"measured"},
		visibility.Silent: {"looked for and not arriving", "declared, looked for and not arriving", "not lately"},
	}
	_, list, found := strings.Cut(s.Sentence, ": ")
	if !found || s.Shortfall == "" && s.State != visibility.Verified {
		return nil
	}
	begin := regexp.MustCompile(`(^|: |; )(not collected|declared, looked for and not arriving|looked for and not arriving|declared and never measured|not lately|on too few days or hosts|measured) `)
	var wrong []string
	for i := range s.Needs {
		n := &s.Needs[i]
		label := strings.TrimSuffix(n.Name+" / "+n.Channel, " / ")
		at := strings.Index(list, label)
		if at < 0 {
			if !strings.Contains(list, " more") {
				wrong = append(wrong, label+" is not named")
			}
			continue
		}
		under := ""
		if !begin.MatchString(list) {
			continue // all stand alike, and the lead says how
		}
		for _, m := range begin.FindAllStringSubmatchIndex(list, -1) {
			if m[4] <= at {
				under = list[m[4]:m[5]]
			}
		}
		if !slices.Contains(words[n.State], under) {
			wrong = append(wrong, fmt.Sprintf("%s is %s and named under %q", label, n.State, under))
		}
	}
	return wrong
}

// split holds the parts of blind and rule only against the verdicts.
func split(a *assure.Assessment) []string {
	type part struct {
		rung  assure.Rung
		short visibility.Shortfall
	}
	n := map[part]int{}
	for i := range a.Verdicts {
		n[part{a.Verdicts[i].Rung, a.Verdicts[i].Visibility.Shortfall}]++
	}
	var wrong []string
	for _, r := range a.Totals.Rungs {
		sum := 0
		for _, s := range r.Shortfalls {
			sum += s.Count
			if n[part{r.Rung, s.Shortfall}] != s.Count {
				wrong = append(wrong, fmt.Sprintf("%s %s: %d", r.Rung, s.Shortfall, s.Count))
			}
		}
		if (r.Rung == assure.Blind || r.Rung == assure.RuleOnly) && sum != r.Count {
			wrong = append(wrong, fmt.Sprintf("the parts of %s sum to %d of %d", r.Rung, sum, r.Count))
		}
	}
	return wrong
}
