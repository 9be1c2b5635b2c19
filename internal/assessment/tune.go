package assessment

import (
	"context"
	"maps"
	"slices"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/fault"
	"candor/internal/measure"
	"candor/internal/measure/tune"
)

// falseDiscovery is the share of false discoveries let pass among the values of
// fields that are found to tell hits from misses (doc/statistics.md).
const falseDiscovery = 0.05

// Tuned is what thresholds and exclusions would have made of a rule's alerts.
type Tuned struct {
	Basis
	RuleID   string `json:"rule_id"`
	RuleName string `json:"rule_name,omitempty"`
	tune.Result
	// Analytics are those that the rule claims in a way that counts, with what ATT&CK
	// says should be set locally and what is.
	Analytics []Tunable `json:"analytics"`
	// Unmapped are tuning records of the rule that belong to no element of an
	// analytic.
	Unmapped []assure.UnmappedTuning `json:"unmapped_tunings"`
	// Waivers are those of the rule in force.
	Waivers []assure.Waiver `json:"waivers"`
}

// Tunable is an analytic with its knobs.
type Tunable struct {
	Analytic assure.Name   `json:"analytic"`
	Knobs    []assure.Knob `json:"knobs"`
}

// Tune tries thresholds and exclusions on the alerts of a rule in the window.
func (s *Service) Tune(ctx context.Context, r Request, rule string) (Tuned, error) {
	out, err := shared(ctx, s, r, func(ctx context.Context) (Tuned, error) { return s.tuneNow(ctx, r, rule) }, "tune", rule)
	out.AsOf = r.AsOf
	return out, err
}

func (s *Service) tuneNow(ctx context.Context, r Request, rule string) (Tuned, error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return Tuned{}, err
	}
	id, err := findRule(ev, rule)
	if err != nil {
		return Tuned{}, err
	}
	out := Tuned{Basis: basisOf(r), RuleID: id, RuleName: ruleNames(ev)[id], Waivers: waiversOf(&ev, r, func(of string) bool { return of == id })}
	sums, err := s.sumsOf(ctx, &ev, r, []string{id})
	if err != nil {
		return Tuned{}, err
	}
	if sums.Alerts == 0 {
		return Tuned{}, fault.New(fault.NotFound, "rule %s raised no alert from %s to %s", id, out.Window.From, out.Window.To).
			Next("choose other days with --as-of and --window")
	}
	span := measure.Span{From: sums.Days[0].Day, To: sums.Days[len(sums.Days)-1].Day}
	rows, p := s.rows(ctx, &ev, r, id, span), tunePolicy(r.Policy.Measure)
	if out.Result, err = tune.Try(rows, span, p); err != nil {
		return out, err
	}
	return out, s.knobs(ctx, r, &out)
}

// knobs sets what can be set locally for the rule. Without a release nothing is
// known of that, and the alerts are tuned all the same.
func (s *Service) knobs(ctx context.Context, r Request, out *Tuned) error {
	out.Analytics, out.Unmapped = []Tunable{}, []assure.UnmappedTuning{}
	a, err := s.Assess(ctx, r)
	if fault.KindOf(err) == fault.NotFound {
		out.Limits = append(out.Limits, "What ATT&CK says should be set locally is not known: "+err.Error()+".")
		return nil
	}
	if err != nil {
		return err
	}
	for i := range a.Verdicts {
		if v := &a.Verdicts[i]; slices.Contains(countingRules(v), out.RuleID) {
			out.Analytics = append(out.Analytics, Tunable{v.Analytic, v.Knobs})
		}
	}
	for _, t := range a.Unmapped.Tunings {
		if t.RuleID == out.RuleID {
			out.Unmapped = append(out.Unmapped, t)
		}
	}
	return nil
}

// rowOf returns an alert as tuning sees it. What an alert has beside its fields
// is tried like a field.
func rowOf(a *alert.Alert, p measure.Policy) *tune.Row {
	r := &tune.Row{ID: a.ID, Time: a.Time, Cluster: a.Cluster(), Site: a.Site, Host: a.Entity, Case: a.CaseID, Class: alert.Unlabelled, Score: a.Score, Fields: map[string]string{}}
	maps.Copy(r.Fields, a.Fields)
	for f, v := range map[string]string{"site": a.Site, "entity": a.Entity, "severity": a.Severity, "source": a.Source, "tactic": a.Tactic} {
		if v != "" {
			r.Fields[f] = v
		}
	}
	if d := a.Disposition; d != nil {
		if slices.Contains(p.Provenances, string(d.Provenance)) {
			r.Class = d.Class
		} else {
			r.Doubted = d.Class == alert.TruePositive
		}
	}
	return r
}
