package assure

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/figure"
)

// Away is a test that took place elsewhere, as it bears on an analytic: a replay of a rule
// that claims it, or a product's evaluation by its technique. It passes and fails nothing.
type Away struct {
	Provenance exercise.Provenance `json:"provenance"`
	RuleID     string              `json:"rule_id,omitempty"`
	RuleName   string              `json:"rule_name,omitempty"`
	Test       string              `json:"test"`
	Outcome    exercise.Outcome    `json:"outcome"`
	Day        day.Date            `json:"day"`
	Batch      string              `json:"batch"`
}

// awayIndex finds what took place elsewhere by rule, and by the ATT&CK ID that it names.
type awayIndex struct {
	byRule, byID map[string][]evidence.Of[exercise.Exercise]
}

func (a *assessor) indexAway() awayIndex {
	x := awayIndex{map[string][]evidence.Of[exercise.Exercise]{}, map[string][]evidence.Of[exercise.Exercise]{}}
	for _, e := range a.ev.Away {
		v := &e.Value
		switch {
		case day.Of(v.Time) > a.today:
		case v.Provenance == exercise.Replay:
			x.byRule[v.RuleID] = append(x.byRule[v.RuleID], e)
		case v.Analytic != "":
			x.byID[Current(a.lib, v.Analytic)] = append(x.byID[Current(a.lib, v.Analytic)], e)
		default:
			x.byID[Current(a.lib, v.Technique)] = append(x.byID[Current(a.lib, v.Technique)], e)
		}
	}
	return x
}

// awayOf returns what took place elsewhere and bears on s, replays first, newest first.
func (a *assessor) awayOf(s *subject) []Away {
	if len(a.away.byRule)+len(a.away.byID) == 0 {
		return nil
	}
	var all []Away
	add := func(es []evidence.Of[exercise.Exercise]) {
		for _, e := range es {
			v := &e.Value
			if !onPlatform(s.Platforms, v.Platform) {
				continue
			}
			all = append(all, Away{Provenance: v.Provenance, RuleID: v.RuleID, RuleName: a.nameOfRule(v.RuleID), Test: v.Test, Outcome: v.Outcome, Day: day.Of(v.Time), Batch: e.Batch})
		}
	}
	for _, id := range ruleIDs(s.counting) {
		add(a.away.byRule[id])
	}
	add(a.away.byID[strings.ToUpper(s.Analytic.ATTACKID)])
	for _, t := range s.Techniques {
		add(a.away.byID[t.ATTACKID])
	}
	slices.SortStableFunc(all, func(x, y Away) int {
		return strings.Compare(string(y.Provenance)+string(y.Day)+x.RuleID+x.Test, string(x.Provenance)+string(x.Day)+y.RuleID+y.Test)
	})
	return all
}

// replays returns the replays of rules that claim s: those in which the rule fired, or did
// not.
func (s *subject) replays(fired bool) []Away {
	var out []Away
	for _, x := range s.Exercises.Away {
		if x.Provenance == exercise.Replay && (x.Outcome == exercise.Alerted) == fired {
			out = append(out, x)
		}
	}
	return out
}

// whyReplayed states what replays say of the rules that claim s.
func whyReplayed(s *subject) []evidence.Reason {
	var rs []evidence.Reason
	if silent := s.replays(false); len(silent) > 0 {
		rs = append(rs, evidence.Reason{Code: "replay_silent", Refs: awayRefs(silent), Text: fmt.Sprintf("Rule %s was to fire on recorded behaviour (%s) and did not.", silent[0].RuleName, silent[0].Test) + more(len(silent))})
	}
	if fired := s.replays(true); len(fired) > 0 {
		rs = append(rs, evidence.Reason{Code: "replay_fired", Refs: awayRefs(fired), Text: fmt.Sprintf("Rule %s fires on recorded behaviour (%s).", fired[0].RuleName, fired[0].Test) + more(len(fired))})
	}
	return rs
}

func more(n int) string {
	if n < 2 {
		return ""
	}
	return figure.Sprintf(" The same is said of %s.", count(int64(n-1), "other replay"))
}

func awayRefs(list []Away) []evidence.Ref {
	var refs []evidence.Ref
	for _, x := range list {
		refs = append(refs, evidence.Batches(x.Batch)...)
	}
	return unique(refs)
}

// awayLimits says what tests that took place elsewhere do not show.
func awayLimits(s *subject) []string {
	var l []string
	if len(s.replays(true)) > 0 {
		l = append(l, "That a rule fires on a recording does not say that its telemetry arrives here, or that it runs: a replay passes nothing.")
	}
	if len(s.replays(false)) > 0 {
		l = append(l, "A replay fails nothing either: the rule may differ from the one that was replayed. Compare the two, then repair the rule or the recording.")
	}
	var tried, raised int64
	for _, x := range s.Exercises.Away {
		if x.Provenance == exercise.Evaluation {
			tried++
			if x.Outcome == exercise.Alerted {
				raised++
			}
		}
	}
	if tried > 0 {
		l = append(l, figure.Sprintf("An evaluation elsewhere had %s of its technique, of which a product alerted on %d: in that laboratory, with its settings. It counts for nothing here.", count(tried, "sub-step"), raised))
	}
	return l
}
