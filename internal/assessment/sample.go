package assessment

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/measure"
	"candor/internal/visibility"
)

// Sampling says which of a rule's alerts to draw.
type Sampling struct {
	measure.Drawing
	// Second draws alerts that have a label that counts and were not read a second time,
	// for Reader, whose own labels are left out; they come without what they were read as.
	Second bool
	Reader string
	// Called is how labels name Reader, too, if at all: as a pseudonym.
	Called string
	// Stratify parts the alerts by "severity", or by "class": what was said of them so far,
	// also where policy does not count it. Empty parts nothing. Without are strata to leave
	// out.
	Stratify string
	Without  []string
}

// Sampled is a random sample of the alerts of a rule, and what it says once its alerts are
// labelled.
type Sampled struct {
	Basis
	RuleID string `json:"rule_id"`
	Seed   uint64 `json:"seed"`
	// Second says that it is for second readings, by Reader.
	Second bool   `json:"second"`
	Reader string `json:"reader,omitempty"`
	// Unlabelled is how many there are to draw from: alerts without a label that counts or,
	// for second readings, with one. Asked is how many were asked for.
	Unlabelled int64 `json:"unlabelled"`
	Asked      int   `json:"asked"`
	// Provenances are those whose labels count.
	Provenances []string `json:"provenances"`
	// Stratify is by what Strata part the alerts; there is one where nothing does. Estimate
	// is what they say so far; it and they are not there for second readings.
	Stratify string            `json:"stratify,omitempty"`
	Strata   []measure.Stratum `json:"strata,omitempty"`
	Estimate *measure.Weighed  `json:"estimate,omitempty"`
	Alerts   []*alert.Alert    `json:"alerts"`
}

// Sample draws n of the rule's alerts in the window, each of a stratum as likely as any
// other of it. The same seed and evidence give the same sample.
func (s *Service) Sample(ctx context.Context, r Request, rule string, by Sampling) (Sampled, error) {
	if by.Stratify != "" && by.Stratify != "severity" && by.Stratify != "class" {
		return Sampled{}, fault.New(fault.Usage, "alerts are not parted by %q", by.Stratify).Next("use severity or class")
	}
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return Sampled{}, err
	}
	id, err := findRule(ev, rule)
	if err != nil {
		return Sampled{}, err
	}
	out := Sampled{Basis: basisOf(r), RuleID: id, Seed: by.Seed, Asked: by.N, Second: by.Second, Reader: by.Reader,
		Provenances: r.Policy.Measure.Provenances, Stratify: by.Stratify, Alerts: []*alert.Alert{}}
	d := drawing{by: by, policy: &r.Policy.Measure, layers: map[string]*layer{}}
	for a, err := range s.alertsOf(ctx, &ev, id, out.Window) {
		if err != nil {
			return Sampled{}, err
		}
		d.show(a)
	}
	d.end(&out)
	return out, nil
}

// drawing is a sample on its way.
type drawing struct {
	by     Sampling
	policy *measure.Policy
	layers map[string]*layer
}

// layer is a stratum.
type layer struct {
	measure.Stratum
	measure.Prefix
	draw *measure.Draw[*alert.Alert]
}

// show offers an alert.
func (d *drawing) show(a *alert.Alert) {
	name := d.stratum(a)
	if slices.ContainsFunc(d.by.Without, func(w string) bool { return strings.EqualFold(w, name) }) {
		return
	}
	l := d.layers[name]
	if l == nil {
		l = &layer{Stratum: measure.Stratum{Name: name}, draw: measure.NewDraw[*alert.Alert](d.by.Drawing)}
		d.layers[name] = l
	}
	open := unlabelled(a, *d.policy)
	if d.by.Second {
		if !open && a.Second == nil && !d.by.own(a.Disposition) {
			l.Unlabelled++
			l.draw.Show(drawnAs(a), blind(a))
		}
		return
	}
	if !open && a.Disposition.Class.LeavesOut() {
		return
	}
	l.Alerts++
	l.Prefix.Show(d.by.Seed, drawnAs(a), !open, !open && a.Disposition.Class == alert.TruePositive)
	if open {
		l.Unlabelled++
		l.draw.Show(drawnAs(a), a)
	}
}

// drawnAs is what an alert is drawn by: its id, and where it has any whose and where it is,
// so that alerts of one id are drawn each by itself.
func drawnAs(a *alert.Alert) string {
	i := a.Identity()
	if i.Source == "" && i.Site == "" {
		return i.ID
	}
	return strings.ToLower(i.Source+alert.RuleMark+i.Site) + alert.RuleMark + i.ID
}

// own reports whether the reader made a statement.
func (s *Sampling) own(d *alert.Disposition) bool {
	return s.Reader != "" && (strings.EqualFold(d.By, s.Reader) || s.Called != "" && strings.EqualFold(d.By, s.Called))
}

// stratum names the stratum of an alert.
func (d *drawing) stratum(a *alert.Alert) string {
	switch d.by.Stratify {
	case "severity":
		return cmp.Or(strings.ToLower(strings.TrimSpace(a.Severity)), "not stated")
	case "class":
		if a.Disposition != nil && a.Disposition.Class.Labels() {
			return string(a.Disposition.Class)
		}
		return string(alert.Unlabelled)
	}
	return "all"
}

// blind returns an alert without what tells what it was read as.
func blind(a *alert.Alert) *alert.Alert {
	b := *a
	b.Disposition, b.CaseID, b.Fields = nil, "", nil
	for k, v := range a.Fields {
		if c, ok := alert.ParseClass(v); ok && c.Labels() {
			continue
		}
		if b.Fields == nil {
			b.Fields = map[string]string{}
		}
		b.Fields[k] = v
	}
	return &b
}

// end takes the sample.
func (d *drawing) end(out *Sampled) {
	names := slices.Sorted(maps.Keys(d.layers))
	strata := make([]measure.Stratum, len(names))
	for i, name := range names {
		l := d.layers[name]
		strata[i] = l.Stratum
		strata[i].Drawn, strata[i].Hits = l.Prefix.Count()
		out.Unlabelled += l.Unlabelled
	}
	measure.Allot(strata, d.by.N)
	for i, name := range names {
		out.Alerts = append(out.Alerts, d.layers[name].draw.Sample()[:strata[i].Chosen]...)
	}
	if !d.by.Second {
		out.Strata, out.Estimate = strata, new(measure.Weigh(strata, d.policy.Confidence))
	}
}

// OfCase returns the alerts that are tied to a case, by time, at most so many, and how
// many there are. It is fault.NotFound for a case that is not known.
func (s *Service) OfCase(ctx context.Context, r Request, id string, most int) (list []*alert.Alert, all int64, err error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	c, err := caseNamed(ev.Cases, id)
	if err != nil {
		return nil, 0, err
	}
	counts, err := s.caseCounts(ctx, &ev, r)
	if err != nil {
		return nil, 0, err
	}
	first := day.Of(c.Value.When())
	if !c.Value.Opened.IsZero() {
		first = min(first, day.Of(c.Value.Opened))
	}
	first = min(first.Add(-caseMargin), basisOf(r).Window.From)
	rules := map[string]bool{}
	for _, n := range counts {
		if n.Case == c.Value.ID {
			rules[n.Rule] = true
			all += n.N
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		for a, err := range s.alertsOf(ctx, &ev, rule, visibility.Window{From: first, To: day.Of(r.AsOf)}) {
			if err != nil {
				return nil, 0, err
			}
			if a.CaseID == c.Value.ID && len(list) < most {
				list = append(list, a)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *alert.Alert) int { return a.Time.Compare(b.Time) })
	return list, all, nil
}
