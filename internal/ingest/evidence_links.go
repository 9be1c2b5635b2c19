package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/store"
)

// A batch of cases is two: the cases, among the evidence, and the statements that
// alerts belong to them, among the alerts. The cases land first. Whoever was
// stopped between the two, or has got more of the alerts since, adds the same file
// again: the cases are there already, and what is missing of the statements lands
// as another batch.

// link says that an alert belongs to a case.
type link struct{ alert, cas string }

// links returns what the records of a batch of cases say of alerts, in order.
func (b *batch) links() ([]link, error) {
	var out []link
	seen := map[link]bool{}
	for _, r := range b.records {
		if r.Kind != evidence.RecordCase {
			continue
		}
		var c alert.Case
		if err := json.Unmarshal(r.Body, &c); err != nil {
			return nil, fmt.Errorf("read case %q back: %w", r.Key, err)
		}
		for _, id := range c.Alerts {
			if l := (link{id, c.ID}); !seen[l] {
				seen[l] = true
				out = append(out, l)
			}
		}
	}
	return out, nil
}

// known parts links into those whose alert is known and the ids that no alert has.
func (e *Evidence) known(ctx context.Context, all []link) (there []link, missing []string, err error) {
	if e.alerts == nil || len(all) == 0 {
		return nil, nil, nil
	}
	ids := make([]string, len(all))
	for i, l := range all {
		ids[i] = l.alert
	}
	known, err := e.alerts.Known(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	told := map[string]bool{}
	for _, l := range all {
		switch {
		case known[l.alert]:
			there = append(there, l)
		case !told[l.alert]:
			told[l.alert] = true
			missing = append(missing, l.alert)
		}
	}
	return there, missing, nil
}

// missed warns of listed alerts that are not there.
func (b *batch) missed(missing []string) {
	if len(missing) == 0 {
		return
	}
	shown := strings.Join(missing[:min(3, len(missing))], ", ")
	if len(missing) > 3 {
		shown += ", ..."
	}
	b.warnings = append(b.warnings, fmt.Sprintf("%s of cases that no alert here has: %s; add this input again once they are there",
		plural(len(missing), "alert id"), shown))
}

// link lands the statements of a batch of cases about alerts, unless they are
// there, and returns their batch; nil when no listed alert is known. Id is that of
// the batch of cases.
func (e *Evidence) link(ctx context.Context, b *batch, id string) (*store.Batch, bool, error) {
	all, err := b.links()
	if err != nil {
		return nil, false, err
	}
	there, missing, err := e.known(ctx, all)
	if err != nil {
		return nil, false, wrap("link", id, err)
	}
	b.missed(missing)
	if len(there) == 0 {
		return nil, false, nil
	}
	c := &batch{Batch: b.Batch, rejects: &rejects{}}
	c.ID, c.Format, c.Hash = store.Companion(id), store.CaseAlerts, hexSum(signLinks(id, there))
	c.Read, c.Rejected, c.Rejects, c.Added = int64(len(there)), 0, "", e.now().UTC()
	c.First, c.Last = time.Time{}, time.Time{}
	known, err := Request{}.known(ctx, e.alerts)
	if err != nil {
		return nil, false, wrap("look up", c.ID, err)
	}
	if old, ok := earlier(known, c); ok {
		return &old, false, nil
	}
	landed, fresh, err := e.alerts.Append(ctx, c.Batch, statements(there))
	if err != nil {
		return nil, false, wrap("append", c.ID, err)
	}
	return &landed, fresh, nil
}

// signLinks is the hash of what a batch of cases says of the alerts that are known.
func signLinks(id string, links []link) [32]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00", store.CaseAlerts, id)
	for _, l := range links {
		fmt.Fprintf(h, "%d %s%d %s", len(l.alert), l.alert, len(l.cas), l.cas)
	}
	return [32]byte(h.Sum(nil))
}

// statements are links as the store takes them: alerts that say nothing but their
// case.
func statements(links []link) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		for _, l := range links {
			if !yield(&alert.Alert{ID: l.alert, CaseID: l.cas}, nil) {
				return
			}
		}
	}
}
