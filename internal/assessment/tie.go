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
	"time"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store"
)

// MostUntied is how many untied alerts a review lists.
const MostUntied = 200

// AllUntied stands for every alert that the review of a case lists as untied.
const AllUntied = "all"

// Tying says of alerts whether they are part of an incident.
type Tying struct {
	Case string
	// Part are the ids of those that are part of it, Apart of those that are not; AllUntied
	// stands for all that are untied.
	Part, Apart []string
	Why, By     string
	Made        time.Time
}

// Tied is what was recorded of alerts and an incident.
type Tied struct {
	Case string       `json:"case"`
	Ties []assure.Tie `json:"ties"`
	// Batch is the batch of the statements, and Alerts that which ties alerts to the case;
	// empty without any.
	Batch  string `json:"batch"`
	Alerts string `json:"alerts_batch,omitempty"`
}

// untied lists the alerts at the place and time of a case that are tied to none, of rules
// that claim what it involved, and how many there are of each rule; none where the case was
// not missed.
func (s *Service) untied(ctx context.Context, r Request, lib *attack.Library, ev *assure.Evidence, id string) ([]assure.UntiedAlert, map[string]int64, error) {
	qs, _, _ := assure.Questions(lib, ev, assure.ClaimsOf(lib, ev, r.Policy), r.Policy, r.AsOf)
	names, list, of := namesBy(ev), []assure.UntiedAlert{}, map[string]int64{}
	i := slices.IndexFunc(qs, func(q assure.Question) bool { return q.OfCase(id) })
	if i < 0 {
		return list, of, nil
	}
	q := qs[i].Around
	q.Rules = names.alerts(q.Rules)
	alerts, err := s.alerts.Around(ctx, q, MostUntied)
	if err != nil {
		return nil, nil, fmt.Errorf("list the untied alerts of case %s: %w", id, err)
	}
	near, err := s.alerts.Near(ctx, []alert.Around{q})
	if err != nil {
		return nil, nil, fmt.Errorf("count the untied alerts of case %s: %w", id, err)
	}
	for _, n := range near {
		of[names.rule(n.RuleID)] += n.N
	}
	called := ruleNames(*ev)
	for _, a := range alerts {
		rule := names.rule(a.Rule())
		list = append(list, assure.UntiedAlert{ID: a.ID, RuleID: rule, RuleName: called[rule], Time: a.Time, Site: a.Site, Entity: a.Entity})
	}
	return list, of, nil
}

// Tie records whether alerts are part of an incident. The statements are evidence, in a
// batch of their own; those that are part of it are tied to the case besides. It is
// fault.Usage for what says too little, fault.NotFound for an unknown case or alert, and
// fault.Conflict for an alert that is tied to another case.
func (s *Service) Tie(ctx context.Context, r Request, t Tying) (Tied, error) {
	switch {
	case len(t.Part)+len(t.Apart) == 0:
		return Tied{}, fault.New(fault.Usage, "no alert is named").Next("name alerts with --tie or --not, or %s", AllUntied)
	case strings.TrimSpace(t.Why) == "" && len(t.Apart) > 0:
		return Tied{}, fault.New(fault.Usage, "that alerts are no part of an incident needs a reason").Next("say why with --why")
	case strings.TrimSpace(t.By) == "":
		return Tied{}, fault.New(fault.Usage, "who says it is not stated").Next("say who with --by")
	}
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return Tied{}, err
	}
	c, err := caseNamed(ev.Cases, t.Case)
	if err != nil {
		return Tied{}, err
	}
	t.Case = c.Value.ID
	if slices.Contains(slices.Concat(t.Part, t.Apart), AllUntied) {
		if err := s.meanAll(ctx, r, &ev, &t); err != nil {
			return Tied{}, err
		}
	}
	var ties []assure.Tie
	for _, of := range []struct {
		ids  []string
		part bool
	}{{t.Part, true}, {t.Apart, false}} {
		for _, id := range of.ids {
			tie, err := s.tie(ctx, &c.Value, t, id, of.part)
			if err != nil {
				return Tied{}, err
			}
			ties = append(ties, tie)
		}
	}
	return s.recordTies(ctx, t, ties)
}

// meanAll puts the ids of the untied alerts in the place of the word for all.
func (s *Service) meanAll(ctx context.Context, r Request, ev *assure.Evidence, t *Tying) error {
	review, err := s.Review(ctx, r, t.Case)
	if err != nil {
		return err
	}
	var ids []string
	for _, a := range review.Untied {
		ids = append(ids, a.ID)
	}
	if len(ids) == 0 {
		return fault.New(fault.NotFound, "no alert at the place and time of case %s is untied", t.Case).Next("candor review %s shows the case", t.Case)
	}
	for _, list := range []*[]string{&t.Part, &t.Apart} {
		if slices.Contains(*list, AllUntied) {
			*list = ids
		}
	}
	return nil
}

// tie makes the statement on one alert.
func (s *Service) tie(ctx context.Context, c *alert.Case, t Tying, id string, part bool) (assure.Tie, error) {
	a, err := s.alerts.Find(ctx, id)
	if err != nil {
		return assure.Tie{}, err
	}
	switch {
	case a.CaseID != "" && a.CaseID != c.ID:
		return assure.Tie{}, fault.New(fault.Conflict, "alert %s is part of case %s already", id, a.CaseID).Next("leave it out")
	case a.CaseID == c.ID && !part:
		return assure.Tie{}, fault.New(fault.Conflict, "alert %s is tied to case %s", id, c.ID).
			Next("withdraw the batch that ties it; candor evidence history %s lists them", id)
	}
	return assure.Tie{Case: c.ID, AlertID: id, RuleID: a.RuleID, Part: part, Why: strings.TrimSpace(t.Why), By: strings.TrimSpace(t.By), Made: t.Made}, nil
}

// recordTies lands the statements, and then what they say of alerts. Whoever was stopped
// between the two says the same again.
func (s *Service) recordTies(ctx context.Context, t Tying, ties []assure.Tie) (Tied, error) {
	h := sha256.New()
	var records []store.Record
	var parts []*alert.Alert
	for i := range ties {
		body, err := json.Marshal(ties[i])
		if err != nil {
			return Tied{}, fmt.Errorf("encode what was said of alert %s: %w", ties[i].AlertID, err)
		}
		h.Write(body)
		records = append(records, store.Record{Kind: store.KindTie, Key: ties[i].Key(), Body: body})
		if ties[i].Part {
			parts = append(parts, &alert.Alert{ID: ties[i].AlertID, CaseID: ties[i].Case})
		}
	}
	hash := hex.EncodeToString(h.Sum(nil))
	b := store.Batch{ID: store.KindTie + "-" + hash[:12], Kind: store.KindTie, Format: "candor-json", Paths: []string{"candor review " + t.Case}, Hash: hash,
		Added: t.Made, By: t.By, Read: int64(len(records)), First: t.Made, Last: t.Made}
	landed, _, err := s.evidence.Append(ctx, b, sequence(records))
	if err != nil {
		return Tied{}, err
	}
	out := Tied{Case: t.Case, Ties: ties, Batch: landed.ID}
	if len(parts) == 0 {
		return out, nil
	}
	b.ID, b.Kind, b.Format, b.Read = store.Companion(landed.ID), "alerts", store.CaseAlerts, int64(len(parts))
	b.First, b.Last = time.Time{}, time.Time{}
	alerts, _, err := s.alerts.Append(ctx, b, sequence(parts))
	out.Alerts = alerts.ID
	return out, err
}

func sequence[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// tiesOf lists what was said of alerts and a case up to a day, the latest first.
func tiesOf(ties []evidence.Of[assure.Tie], id string, today day.Date) []assure.Tie {
	list := []assure.Tie{}
	for i := range ties {
		if t := ties[i].Value; t.Case == id && day.Of(t.Made) <= today {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b assure.Tie) int {
		if n := b.Made.Compare(a.Made); n != 0 {
			return n
		}
		return strings.Compare(a.AlertID, b.AlertID)
	})
	return list
}
