package assessment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store"
)

// Gate decides whether the analytic or the rule that id names may be used for a
// purpose. An analytic is named by its ATT&CK ID or STIX id, a rule by its id or
// name. It fails with fault.Usage for a purpose without a gate, and with
// fault.NotFound for what is neither; that a gate is closed is no error.
func (s *Service) Gate(ctx context.Context, r Request, id string, purpose assure.Purpose) (assure.Decision, error) {
	return shared(ctx, s, r, func(ctx context.Context) (assure.Decision, error) { return s.gateNow(ctx, r, id, purpose) }, "gate", id, string(purpose))
}

func (s *Service) gateNow(ctx context.Context, r Request, id string, purpose assure.Purpose) (assure.Decision, error) {
	if !slices.Contains(assure.Purposes(), purpose) {
		return assure.Decision{}, fault.New(fault.Usage, "there is no gate for %q", purpose).Next("use one of: %s", purposes())
	}
	a, err := s.Assess(ctx, r)
	if err != nil {
		return assure.Decision{}, err
	}
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return assure.Decision{}, err
	}
	q, err := s.asked(ctx, &a, ev, r, id)
	if err != nil {
		return assure.Decision{}, err
	}
	q.Purpose, q.Waivers, q.Beside = purpose, ev.Waivers, a.Beside
	return assure.Gate(q, r.Policy, day.Of(r.AsOf)), nil
}

func purposes() string {
	var names []string
	for _, p := range assure.Purposes() {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}

// asked gathers what a gate is asked about: an analytic, else a rule.
func (s *Service) asked(ctx context.Context, a *assure.Assessment, ev assure.Evidence, r Request, id string) (assure.Asked, error) {
	id = strings.TrimSpace(id)
	n, err := s.analytic(ctx, a, id)
	if err != nil {
		return assure.Asked{}, err
	}
	if v := n.verdict; v != nil {
		return assure.Asked{Kind: "analytic", ID: v.Analytic.ATTACKID, Name: v.Analytic.Name, Verdicts: []assure.Verdict{*v}, Measurement: v.Measurement}, nil
	}
	rule, err := findRule(ev, id)
	switch {
	case err != nil && fault.KindOf(err) != fault.NotFound:
		return assure.Asked{}, err
	case err != nil && (n.other != nil || len(n.analytics) > 0):
		return assure.Asked{}, n.missing(a, id, "a gate is of an analytic or a rule")
	case err != nil:
		return assure.Asked{}, neither(a, id, append(n.nearest, nearRules(ev, id)...))
	}
	sums, err := s.sumsOf(ctx, &ev, r, []string{rule})
	if err != nil {
		return assure.Asked{}, err
	}
	m := ev.Lately(r.AsOf).Of(rule, sums, basisOf(r).span().Days(), r.Policy.Measure)
	q := assure.Asked{Kind: "rule", ID: rule, Name: ruleNames(ev)[rule], Measurement: &m, Revision: revisionOf(&ev, rule)}
	for i := range a.Verdicts {
		if v := &a.Verdicts[i]; v.Rung != assure.NotApplicable && slices.Contains(countingRules(v), rule) {
			q.Verdicts = append(q.Verdicts, *v)
		}
	}
	return q, nil
}

// neither is the fault of what names no analytic and no rule.
func neither(a *assure.Assessment, id string, nearest []string) error {
	e := fault.New(fault.NotFound, "%s has no live analytic %s, and no rule is called that", a.Release, id)
	if len(nearest) > 0 {
		return e.Next("nearest: %s; candor assess and candor measure list analytics and rules", strings.Join(nearest, ", "))
	}
	return e.Next("name an analytic by its ATT&CK ID or a rule by its id; candor assess and candor measure list them")
}

// Waive records a waiver: what w.ID names may be used for w.For until the day
// that it says, whatever its gate finds. The waiver is evidence, in a batch of its
// own; a later one for the same thing supersedes it.
func (s *Service) Waive(ctx context.Context, r Request, w assure.Waiver) (assure.Waiver, error) {
	today := day.Of(w.Made)
	switch {
	case strings.TrimSpace(w.Reason) == "":
		return w, fault.New(fault.Usage, "a waiver needs a reason").Next("say why with --reason")
	case strings.TrimSpace(w.By) == "":
		return w, fault.New(fault.Usage, "a waiver needs someone who answers for it").Next("say who with --by")
	case w.Until.Time().IsZero():
		return w, fault.New(fault.Usage, "a waiver needs a day on which it ends").Next("say when with --until 2006-01-02")
	case strings.TrimSpace(w.Second) == "" || strings.EqualFold(strings.TrimSpace(w.Second), strings.TrimSpace(w.By)):
		return w, fault.New(fault.Usage, "a waiver needs a second name, of somebody else than %s who agreed to it", w.By).Next("say who with --second")
	case w.Until < today:
		return w, fault.New(fault.Usage, "the waiver would have ended on %s, before %s", w.Until, today).Next("choose a later day")
	}
	if void := w.Under(r.Policy.Gates).Void; void != "" {
		last := today.Add(r.Policy.Gates.MaxWaiverDays - 1)
		return w, fault.New(fault.Usage, "the waiver would open nothing: %s", void).At("--until").Next("choose a day until %s, and decide anew then", last)
	}
	d, err := s.Gate(ctx, r, w.ID, w.For)
	if err != nil {
		return w, err
	}
	w.ID = d.ID
	body, err := json.Marshal(w)
	if err != nil {
		return w, fmt.Errorf("encode the waiver of %s: %w", w.ID, err)
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	b := store.Batch{ID: evidence.Waivers + "-" + hash[:12], Kind: evidence.Waivers, Format: "candor-json",
		Paths: []string{"candor gate waive"}, Hash: hash, Added: w.Made, By: w.By, First: w.Made, Last: w.Made}
	_, _, err = s.evidence.Append(ctx, b, one(store.Record{Kind: evidence.RecordWaiver, Key: w.Key(), Body: body}))
	return w, err
}

func one(r store.Record) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) { yield(r, nil) }
}

// waiversOf returns the waivers in force of what is asked for.
func waiversOf(ev *assure.Evidence, r Request, of func(id string) bool) []assure.Waiver {
	in := []assure.Waiver{}
	for _, w := range ev.Waivers {
		if v := w.Value.Under(r.Policy.Gates); v.InForce(day.Of(r.AsOf)) && of(v.ID) {
			in = append(in, v)
		}
	}
	slices.SortFunc(in, func(a, b assure.Waiver) int { return strings.Compare(a.Key(), b.Key()) })
	return in
}

// alertBatches leads to the batches that brought the alerts of rules.
func alertBatches(ev *assure.Evidence, rules ...string) []evidence.Ref {
	var ids []string
	for _, a := range ev.AlertRules {
		if slices.Contains(rules, a.ID) {
			ids = append(ids, a.Batches...)
		}
	}
	slices.Sort(ids)
	return append([]evidence.Ref{}, evidence.Batches(ids...)...)
}

// Waivers lists the waivers that are current, in force or not, by what they are
// about, each with what policy has against it.
func (s *Service) Waivers(ctx context.Context, g assure.Gates) ([]assure.Waiver, error) {
	records, err := s.evidence.Current(ctx, evidence.RecordWaiver)
	if err != nil {
		return nil, err
	}
	of, err := decode[assure.Waiver](records)
	ws := values[assure.Waiver](of)
	for i := range ws {
		ws[i] = ws[i].Under(g)
	}
	return ws, err
}
