package batches

import (
	"cmp"
	"context"
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/store/batchfile"
)

// choose finds the rows that go: by their IDs, and where several alerts have an ID, those of
// each by itself.
func (x *expiration) choose(ctx context.Context) error {
	x.numbers = map[string]int{}
	for i := range x.held {
		x.numbers[x.held[i].Batch.ID] = x.held[i].Number
	}
	candidates := map[string]struct{}{}
	err := x.each(ctx, func(f *lyingIn) bool { return f.first.Before(x.before) }, func(r *batchfile.Row) {
		if x.early(r.Alert) && x.about(r.Alert) {
			candidates[r.ID] = struct{}{}
		}
	})
	if err != nil || len(candidates) == 0 {
		return err
	}
	shared, err := x.shared(ctx, candidates)
	if err != nil {
		return err
	}
	x.ids = candidates
	err = x.each(ctx, func(f *lyingIn) bool { return !f.last.Before(x.before) }, func(r *batchfile.Row) {
		if !r.Time.Before(x.before) { // which is not so of one without a time
			delete(x.ids, r.ID)
		}
	})
	if err != nil || len(shared) == 0 {
		return err
	}
	return x.apart(ctx, shared)
}

// early reports whether a row says that it is of a time before the day.
func (x *expiration) early(a *alert.Alert) bool {
	at := a.Time
	if at.IsZero() && a.Disposition != nil {
		at = a.Disposition.Time
	}
	return !at.IsZero() && at.Before(x.before)
}

// about reports whether a row is about one of the entities that are meant.
func (x *expiration) about(a *alert.Alert) bool {
	return len(x.entities) == 0 || a.About(false, x.entities...)
}

// shared returns those of the IDs whose rows name several sources or sites, or are all of
// withdrawn batches, so that each goes or stays by itself, and would not all go.
func (x *expiration) shared(ctx context.Context, ids map[string]struct{}) (map[string]bool, error) {
	seed, met, shared := maphash.MakeSeed(), make(map[string]uint64, len(ids)), map[string]bool{}
	counts, stays := map[string]bool{}, map[string]bool{}
	of := x.batches()
	withdrawn := slices.ContainsFunc(x.held, func(h Held) bool { return h.Batch.Withdrawn != nil })
	err := x.each(ctx, func(*lyingIn) bool { return true }, func(r *batchfile.Row) {
		if _, is := ids[r.ID]; !is {
			return
		}
		h, origin := of[r.Batch], ""
		if !r.Partial() {
			origin = h.Batch.Source
		}
		switch {
		case h.Batch.Withdrawn != nil && !(x.early(r.Alert) && x.about(r.Alert)):
			stays[r.ID] = true
		case h.Batch.Withdrawn == nil && withdrawn:
			counts[r.ID] = true
		}
		if r.Source == "" && r.Site == "" && origin == "" {
			return
		}
		is := maphash.String(seed, strings.ToLower(strings.Join([]string{r.Source, r.Site, origin}, alert.RuleMark)))
		if was, before := met[r.ID]; before && was != is {
			shared[r.ID] = true
		}
		met[r.ID] = is
	})
	for id := range stays {
		if !counts[id] {
			shared[id] = true
		}
	}
	return shared, err
}

// batches are those that are held, by ID.
func (x *expiration) batches() map[string]*Held {
	of := make(map[string]*Held, len(x.held))
	for i := range x.held {
		of[x.held[i].Batch.ID] = &x.held[i]
	}
	return of
}

// apart decides of each alert by itself that has one of the IDs.
func (x *expiration) apart(ctx context.Context, shared map[string]bool) error {
	arrivals := map[string][]history.Arrival{}
	of := x.batches()
	err := x.each(ctx, func(*lyingIn) bool { return true }, func(r *batchfile.Row) {
		if !shared[r.ID] {
			return
		}
		h, a := of[r.Batch], r.Copied()
		if !a.Partial() {
			a.Origin = h.Batch.Source
		}
		arrivals[a.ID] = append(arrivals[a.ID], history.Arrival{Batch: h.Number, Place: r.Place, Void: h.Batch.Withdrawn != nil, Alert: a})
	})
	if err != nil {
		return err
	}
	for id, list := range arrivals {
		delete(x.ids, id)
		if goes := x.going(list); len(goes) == len(list) {
			x.ids[id] = struct{}{}
		} else if len(goes) > 0 {
			x.some[id] = goes
		}
	}
	return nil
}

// going returns which of the arrivals of an ID go: all of an alert, or none. A void one goes
// with the alert that it fits, and one that is of none by itself.
func (x *expiration) going(list []history.Arrival) map[Spot]bool {
	slices.SortFunc(list, func(a, b history.Arrival) int {
		return cmp.Or(cmp.Compare(a.Batch, b.Batch), cmp.Compare(a.Place, b.Place))
	})
	f := history.FamilyOf(list)
	parts := map[int][]*history.Arrival{}
	for i := range list {
		n := f.Of[i]
		if n == history.None && list[i].Void {
			n = slices.IndexFunc(f.States, func(s history.State) bool { return s.Alert.Identity().Fits(list[i].Identity()) })
		}
		if n == history.None {
			n = len(f.States) + i
		}
		parts[n] = append(parts[n], &list[i])
	}
	goes := map[Spot]bool{}
	for _, part := range parts {
		old, later := false, false
		for _, a := range part {
			old = old || x.early(a.Alert) && x.about(a.Alert)
			later = later || !a.Time.Before(x.before)
		}
		for _, a := range part {
			if old && !later {
				goes[Spot{a.Batch, a.Place}] = true
			}
		}
	}
	return goes
}

// goes reports whether a row goes.
func (x *expiration) goes(r *batchfile.Row) bool {
	if rows, some := x.some[r.ID]; some {
		return rows[Spot{x.numbers[r.Batch], r.Place}]
	}
	_, all := x.ids[r.ID]
	return all
}

// gone lists the rows that go, by ID.
func (x *expiration) gone() (list []Gone) {
	for _, id := range slices.Sorted(maps.Keys(x.ids)) {
		list = append(list, Gone{ID: id})
	}
	for _, id := range slices.Sorted(maps.Keys(x.some)) {
		list = append(list, Gone{ID: id, Only: x.some[id]})
	}
	return list
}
