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
	// Part name those that are part of it, Apart those that are not, as store.Named reads
	// names; AllUntied stands for all that are untied.
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
	// Outside are those that are part of the case by these statements and lie outside its
	// place and time: no verdict takes them for part of it.
	Outside []string `json:"outside,omitempty"`
}

// beside adds to a review the alerts at the place and time of its case: those that are tied
// to none, of rules that claim what it involved, where it was missed, and how many there are
// of each rule; and how many of those that are tied to it lie there.
func (s *Service) beside(ctx context.Context, r Request, lib *attack.Library, ev *assure.Evidence, in *assure.Reviewed) error {
	id, names := in.Case.Value.ID, namesBy(ev)
	untied, tied := questionsOf(lib, ev, r, id)
	in.Untied = []assure.UntiedAlert{}
	if untied != nil {
		alerts, err := s.alerts.Around(ctx, *untied, MostUntied)
		if err != nil {
			return fmt.Errorf("list the untied alerts of case %s: %w", id, err)
		}
		called := ruleNames(*ev)
		for _, a := range alerts {
			rule := names.rule(a.Rule())
			in.Untied = append(in.Untied, assure.UntiedAlert{ID: a.ID, Source: a.Identity().Source, RuleID: rule, RuleName: called[rule], Time: a.Time, Site: a.Site, Entity: a.Entity, Others: a.Others})
		}
	}
	for _, of := range []struct {
		q  *alert.Around
		by *map[string]int64
	}{{untied, &in.Beside}, {tied, &in.Here}} {
		*of.by = map[string]int64{}
		if of.q == nil {
			continue
		}
		near, err := s.alerts.Near(ctx, []alert.Around{*of.q})
		if err != nil {
			return fmt.Errorf("count the alerts at the place and time of case %s: %w", id, err)
		}
		for _, n := range near {
			(*of.by)[names.rule(n.RuleID)] += n.N
		}
	}
	return nil
}

// questionsOf returns what has to be asked of the alerts around a case: those that are tied
// to none, and those that are tied to it; nil for what need not be asked.
func questionsOf(lib *attack.Library, ev *assure.Evidence, r Request, id string) (untied, tied *alert.Around) {
	qs, _, _ := assure.GroundOf(lib, *ev, r.Policy, r.AsOf).Questions(ev)
	for i := range qs {
		switch q := &qs[i]; {
		case q.OfCase(id):
			untied = &q.Around
			untied.Rules = namesBy(ev).alerts(q.Rules)
		case q.OfTied(id):
			tied = &q.Around
		}
	}
	return untied, tied
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
	known := map[string]*alert.Alert{} // by name
	if slices.Contains(slices.Concat(t.Part, t.Apart), AllUntied) {
		if known, err = s.meanAll(ctx, r, &ev, &t); err != nil {
			return Tied{}, err
		}
	}
	var ties []assure.Tie
	var outside []string
	place := assure.PlaceOf(&c.Value, r.Policy, day.Of(r.AsOf))
	for _, of := range []struct {
		ids  []string
		part bool
	}{{t.Part, true}, {t.Apart, false}} {
		for _, id := range of.ids {
			a := known[id]
			if a == nil {
				if a, err = s.alertNamed(ctx, id); err != nil {
					return Tied{}, err
				}
			}
			tie, err := tieOf(a, &c.Value, t, of.part)
			if err != nil {
				return Tied{}, err
			}
			ties = append(ties, tie)
			if of.part && !place.Asks(a) {
				outside = append(outside, id)
			}
		}
	}
	out, err := s.recordTies(ctx, t, ties)
	out.Outside = outside
	return out, err
}

// alertNamed returns the alert that a text names.
func (s *Service) alertNamed(ctx context.Context, text string) (*alert.Alert, error) {
	of, err := store.Name(ctx, s.alerts, text)
	if err != nil {
		return nil, err
	}
	return s.alerts.Find(ctx, of)
}

// meanAll puts the names of the untied alerts, however many there are, in the place of the
// word for all, and returns the alerts.
func (s *Service) meanAll(ctx context.Context, r Request, ev *assure.Evidence, t *Tying) (map[string]*alert.Alert, error) {
	rel, err := s.release(ctx, r.Release.Or(r.Policy.Release))
	if err != nil {
		return nil, err
	}
	lib, err := s.library(ctx, rel)
	if err != nil {
		return nil, err
	}
	known := map[string]*alert.Alert{}
	var ids []string
	if q, _ := questionsOf(lib, ev, r, t.Case); q != nil {
		for a, err := range s.everyAround(ctx, *q) {
			if err != nil {
				return nil, fmt.Errorf("list the untied alerts of case %s: %w", t.Case, err)
			}
			name := a.Identity().String()
			ids, known[name] = append(ids, name), a
		}
	}
	if len(ids) == 0 {
		return nil, fault.New(fault.NotFound, "no alert at the place and time of case %s is untied", t.Case).Next("candor review %s shows the case", t.Case)
	}
	for _, list := range []*[]string{&t.Part, &t.Apart} {
		if slices.Contains(*list, AllUntied) {
			others := slices.DeleteFunc(slices.Clone(*list), func(id string) bool { return id == AllUntied || known[id] != nil })
			*list = slices.Concat(ids, others)
		}
	}
	return known, nil
}

// everyAround yields every alert that a question asks for, which it asks page by page.
func (s *Service) everyAround(ctx context.Context, q alert.Around) iter.Seq2[*alert.Alert, error] {
	except := q.Except
	return func(yield func(*alert.Alert, error) bool) {
		for {
			page, err := s.alerts.Around(ctx, q, MostUntied)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, a := range page {
				if !yield(a, nil) {
					return
				}
				if !a.Time.Equal(q.From) {
					q.From, q.Except = a.Time, slices.Clone(except)
				}
				q.Except = append(q.Except, a.Identity())
			}
			if len(page) < MostUntied {
				return
			}
		}
	}
}

// tieOf makes the statement on one alert.
func tieOf(a *alert.Alert, c *alert.Case, t Tying, part bool) (assure.Tie, error) {
	id := a.ID
	switch {
	case a.CaseID != "" && a.CaseID != c.ID:
		return assure.Tie{}, fault.New(fault.Conflict, "alert %s is part of case %s already", id, a.CaseID).Next("leave it out")
	case a.CaseID == c.ID && !part:
		return assure.Tie{}, fault.New(fault.Conflict, "alert %s is tied to case %s", id, c.ID).
			Next("withdraw the batch that ties it; candor evidence history %s lists them", id)
	}
	of := a.Identity()
	return assure.Tie{Case: c.ID, AlertID: id, Source: of.Source, Site: of.Site, RuleID: a.RuleID, Part: part, Why: strings.TrimSpace(t.Why), By: strings.TrimSpace(t.By), Made: t.Made}, nil
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
		records = append(records, store.Record{Kind: evidence.RecordTie, Key: ties[i].Key(), Body: body})
		if ties[i].Part {
			of := ties[i].Alert()
			parts = append(parts, &alert.Alert{ID: of.ID, Source: of.Source, Site: of.Site, CaseID: ties[i].Case})
		}
	}
	hash := hex.EncodeToString(h.Sum(nil))
	b := store.Batch{ID: evidence.Ties + "-" + hash[:12], Kind: evidence.Ties, Format: "candor-json", Paths: []string{"candor review " + t.Case}, Hash: hash,
		Added: t.Made, By: t.By, Read: int64(len(records)), First: t.Made, Last: t.Made}
	landed, _, err := s.evidence.Append(ctx, b, sequence(records))
	if err != nil {
		return Tied{}, err
	}
	out := Tied{Case: t.Case, Ties: ties, Batch: landed.ID}
	if len(parts) == 0 {
		return out, nil
	}
	b.ID, b.Kind, b.Format, b.Read = store.Companion(landed.ID), evidence.Alerts, store.CaseAlerts, int64(len(parts))
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
		return a.Alert().Compare(b.Alert())
	})
	return list
}
