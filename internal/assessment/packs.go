package assessment

import (
	"cmp"
	"context"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/store"
	"candor/internal/visibility"
)

// packs lists the batches of alerts by file, where the alerts can say so: that takes no
// longer however many batches were merged. Else each batch is one.
func (s *Service) packs(ctx context.Context) ([]store.Pack, error) {
	if p, ok := s.alerts.(store.Packer); ok {
		return p.Packs(ctx)
	}
	bs, err := s.alerts.Batches(ctx)
	return packsOf(bs), err
}

func packsOf(bs []store.Batch) []store.Pack {
	list := make([]store.Pack, len(bs))
	for i := range bs {
		b := &bs[i]
		list[i] = store.Pack{ID: b.ID, Batches: 1, First: b.Added, Last: b.Added, Records: b.New + b.Updated, LeftOut: b.LeftOut, Source: cmp.Or(b.Source, b.Format), Withdrawn: b.Withdrawn}
	}
	return list
}

// batchRefs lists the batches of all evidence; those of alerts that were merged as one,
// unless some were added until the day judged and some later.
func (s *Service) batchRefs(ctx context.Context, today day.Date) ([]assure.BatchRef, error) {
	bs, err := s.evidence.Batches(ctx)
	if err != nil {
		return nil, err
	}
	var refs []assure.BatchRef
	for i := range bs {
		refs = append(refs, refOf(packsOf(bs[i : i+1])[0], bs[i].Kind))
	}
	packs, err := s.packs(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range packs {
		if day.Of(p.First) > today || day.Of(p.Last) <= today {
			continue
		}
		landed, err := s.alerts.Batches(ctx)
		if err != nil {
			return nil, err
		}
		packs = packsOf(landed)
		break
	}
	for _, p := range packs {
		refs = append(refs, refOf(p, "alerts"))
	}
	return refs, nil
}

func refOf(p store.Pack, kind string) assure.BatchRef {
	b := assure.BatchRef{ID: p.ID, Kind: kind, Added: p.First, Records: p.Records, LeftOut: p.LeftOut}
	if p.Batches > 1 {
		b.Batches = p.Batches
	}
	if w := p.Withdrawn; w != nil {
		b.Withdrawn, b.By, b.Reason = w.At, w.By, w.Reason
	}
	return b
}

// expired returns what was removed for retention of the alerts of a window.
func (s *Service) expired(ctx context.Context, w visibility.Window) ([]assure.Expired, error) {
	r, ok := s.alerts.(interface {
		Expiries(ctx context.Context) ([]store.Expiry, error)
	})
	if !ok {
		return nil, nil
	}
	list, err := r.Expiries(ctx)
	var gone []assure.Expired
	for _, e := range list {
		x := assure.Expired{On: day.Of(e.At), Reason: e.Reason, Alerts: map[string]int64{}}
		for _, n := range e.Sums {
			if n.Day >= w.From && n.Day <= w.To {
				x.Alerts[alert.RuleKey(n.Source, n.RuleID)] += n.N
			}
		}
		if len(x.Alerts) > 0 {
			gone = append(gone, x)
		}
	}
	return gone, err
}

// namedBy returns whether an id is one under which alerts name a rule.
func namedBy(ev *assure.Evidence, rule string) func(id string) bool {
	ids := map[string]bool{rule: true}
	for _, r := range ev.AlertRules {
		if r.ID == rule {
			for _, as := range r.As {
				ids[as.Key()] = true
			}
		}
	}
	return func(id string) bool { return ids[id] }
}
