package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
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

// link says that an alert belongs to a case: as the case names it, at which site the case
// was, and which alert that is, once it is known.
type link struct {
	alert, cas, site string
	of               alert.Identity
}

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
			if l := (link{alert: id, cas: c.ID, site: c.Site}); !seen[l] {
				seen[l] = true
				out = append(out, l)
			}
		}
	}
	return out, nil
}

// linked is what became of links: those whose one alert is known, the names that no alert
// has, and those that several have, with what these are known by.
type linked struct {
	there            []link
	missing, several []string
}

// known looks up which alerts links mean. Of several that have an id, the one at the site of
// the case is meant.
func (e *Evidence) known(ctx context.Context, all []link) (out linked, err error) {
	if e.alerts == nil || len(all) == 0 {
		return out, nil
	}
	names := make([]string, len(all))
	for i, l := range all {
		names[i] = l.alert
	}
	known, err := store.Named(ctx, e.alerts, names)
	if err != nil {
		return out, err
	}
	told := map[string]bool{}
	for _, l := range all {
		list := known[l.alert]
		if len(list) > 1 {
			list = alert.Meant(list, alert.Identity{ID: list[0].ID}, alert.Identity{Site: l.site})
		}
		switch {
		case len(list) == 1:
			l.of = list[0]
			out.there = append(out.there, l)
		case told[l.alert]:
		case len(list) > 1:
			out.several = append(out.several, fmt.Sprintf("%s (%s)", l.alert, alert.Names(list)))
		default:
			out.missing = append(out.missing, l.alert)
		}
		told[l.alert] = true
	}
	return out, nil
}

// missed warns of listed alerts that are not there, or that are not told from others.
func (b *batch) missed(l linked) {
	if n := len(l.missing); n > 0 {
		b.warnings = append(b.warnings, fmt.Sprintf("%s of cases that no alert here has: %s; add this input again once they are there", plural(n, "alert id"), some(l.missing)))
	}
	if n := len(l.several); n > 0 {
		b.warnings = append(b.warnings, fmt.Sprintf("%s of cases that several alerts here have, and that ties none of them: %s; name them by source and site, or the case by its site",
			plural(n, "alert id"), some(l.several)))
	}
}

// link lands the statements of a batch of cases about alerts, unless they are
// there, and returns their batch; nil when no listed alert is known. Id is that of
// the batch of cases.
func (e *Evidence) link(ctx context.Context, b *batch, id string) (*store.Batch, bool, error) {
	all, err := b.links()
	if err != nil {
		return nil, false, err
	}
	links, err := e.known(ctx, all)
	if err != nil {
		return nil, false, wrap("link", id, err)
	}
	b.missed(links)
	there := links.there
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
		if l.of != (alert.Identity{ID: l.alert}) {
			fmt.Fprintf(h, "\x00%q", l.of)
		}
	}
	return [32]byte(h.Sum(nil))
}

// statements are links as the store takes them: alerts that say nothing but their
// case.
func statements(links []link) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		for _, l := range links {
			if !yield(&alert.Alert{ID: l.of.ID, Source: l.of.Source, Site: l.of.Site, CaseID: l.cas}, nil) {
				return
			}
		}
	}
}
