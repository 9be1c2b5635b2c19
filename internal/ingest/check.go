package ingest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"candor/internal/evidence"
	"candor/internal/store"
)

// Check is what adding a request would come to.
type Check struct {
	// Batch is the batch that would land, or the one that brought the same input.
	// Where Counted is false its New, Updated and Unchanged are zero.
	store.Batch
	// Lands is false when the same input is there already.
	Lands bool `json:"lands"`
	// Counted says that the good records were compared with those in force. Alerts
	// are not: only a store can tell which of them it knows.
	Counted bool `json:"counted"`
	// Good is how many records would be taken in.
	Good int64 `json:"good"`
	// Gone are what would be retired, by name.
	Gone []string `json:"retired_records,omitempty"`
	// Rejects are the first of the records that would be rejected.
	Rejects  []evidence.Reject `json:"rejected_records"`
	Warnings []string          `json:"warnings"`
	// Shown are the first records as they would land, as many as were asked for.
	Shown []map[string]any `json:"shown,omitempty"`
}

// show notes a record as it would land.
func (c *Check) show(record any) error {
	body, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("show a record: %w", err)
	}
	o := map[string]any{}
	if err := json.Unmarshal(body, &o); err != nil {
		return fmt.Errorf("show a record: %w", err)
	}
	c.Shown = append(c.Shown, o)
	return nil
}

// Check reads a request as Add does and says what would come of it. It writes
// nothing. It fails as Add would, when nothing would land.
func (e *Evidence) Check(ctx context.Context, r Request) (Check, error) {
	k, err := r.check()
	if err != nil {
		return Check{}, err
	}
	r.RejectsDir = ""
	if k.decode != nil {
		return e.checkRecords(ctx, r, k)
	}
	in, err := e.openAlerts(r, k)
	if err != nil {
		return Check{}, err
	}
	b, old, err := e.beginAlerts(ctx, r, in)
	if err != nil {
		return Check{}, err
	}
	var first Check
	if old == nil {
		t := twins{known: in.known, source: r.Source}
		for a, err := range b.taken(in.alerts(ctx, b.pass())) {
			if err == nil && len(first.Shown) < r.Show {
				err = first.show(a)
			}
			if err == nil {
				err = t.add(ctx, a)
			}
			if err != nil {
				return Check{}, err
			}
		}
		if err := cmp.Or(t.compare(ctx), b.finish()); err != nil {
			return Check{}, err
		}
		b.identities(&t.found)
		if err := e.joins(ctx, b); err != nil {
			return Check{}, err
		}
	}
	c := b.outcome(old)
	c.Shown = first.Shown
	return c, nil
}

func (e *Evidence) checkRecords(ctx context.Context, r Request, k kind) (Check, error) {
	b, old, err := e.readRecords(ctx, r, k)
	if err != nil {
		return Check{}, err
	}
	all, err := b.links()
	if err != nil {
		return Check{}, err
	}
	links, err := e.known(ctx, all)
	if err != nil {
		return Check{}, err
	}
	b.missed(links)
	c := b.outcome(old)
	if old != nil {
		return c, nil
	}
	c.Counted = true
	current := map[string]map[string][]byte{}
	for _, rec := range b.records {
		if len(rec.Body) > 0 && len(c.Shown) < r.Show {
			if err := c.show(json.RawMessage(rec.Body)); err != nil {
				return Check{}, err
			}
		}
		if current[rec.Kind] == nil {
			if current[rec.Kind], err = e.current(ctx, rec.Kind); err != nil {
				return Check{}, err
			}
		}
		body, known := current[rec.Kind][rec.Key]
		switch {
		case len(rec.Body) == 0:
			c.Retired++
		case !known:
			c.New++
		case bytes.Equal(body, rec.Body):
			c.Unchanged++
		default:
			c.Updated++
		}
		current[rec.Kind][rec.Key] = rec.Body
	}
	return c, nil
}

// current returns the bodies in force of the records of a kind, by key.
func (e *Evidence) current(ctx context.Context, kind string) (map[string][]byte, error) {
	if e.evidence == nil {
		return map[string][]byte{}, nil
	}
	list, err := e.evidence.Current(ctx, kind)
	if err != nil {
		return nil, err
	}
	bodies := make(map[string][]byte, len(list))
	for _, r := range list {
		bodies[r.Key] = r.Body
	}
	return bodies, nil
}

// outcome is what would come of the batch, but for what the store makes of it.
func (b *batch) outcome(old *store.Batch) Check {
	c := Check{Batch: b.Batch, Lands: old == nil, Good: b.good}
	if old != nil {
		c.Batch, c.Good = *old, old.Read-old.Rejected
	}
	r := b.result(c.Batch, c.Lands)
	c.Gone, c.Rejects, c.Warnings = r.Gone, r.Rejects, r.Warnings
	return c
}
