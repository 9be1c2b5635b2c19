// Package retention removes alerts for law or for thrift, as whoever asks names them: by
// day and by the name of what they are about, which stands in the folder as it is or as its
// pseudonym.
//
// It says what still holds the name. It removes nothing itself: the keeper does, and
// records it.
package retention

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"candor/internal/custody"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/veil"
)

// Service expires the alerts of one data folder.
type Service struct {
	Keeper   *custody.Keeper
	Evidence store.Evidence
	Veil     *veil.Folder
	Now      func() time.Time
}

// Request says which alerts are to go, by whom and why.
type Request struct {
	// Before is the day (UTC) before whose first moment they fired.
	Before day.Date
	// Entity is the name of what they are about, in clear or as a pseudonym; empty for all.
	Entity string
	Reason string
	By     string
	// Dry says to change nothing, and only to say what would go.
	Dry bool
}

// Expired is what a request came to.
type Expired struct {
	store.Expiry
	// Dry says that nothing was removed.
	Dry bool `json:"dry_run"`
	// Others are the records other than alerts that name the entity, by kind: they stay.
	Others map[string]int `json:"other_records"`
}

// Expire removes alerts for good, and records it. Where names are kept as pseudonyms the key
// must be there for a request that names an entity. Faults: Usage without a reason or a
// day that is over, and as veil.Folder.Find and custody.Keeper.Expire.
func (s *Service) Expire(ctx context.Context, r Request) (Expired, error) {
	now := s.Now()
	switch {
	case strings.TrimSpace(r.Reason) == "":
		return Expired{}, fault.New(fault.Usage, "an expiry needs a reason").Next("say it, for whoever asks later")
	case r.Before == "":
		return Expired{}, fault.New(fault.Usage, "no day is named").Next("name the day, 2006-01-02, before which alerts fired that are to go")
	case r.Before > day.Of(now):
		return Expired{}, fault.New(fault.Usage, "%s is yet to come", r.Before).Next("name today or a day before: alerts that fired before it go")
	}
	x := Expired{Dry: r.Dry, Others: map[string]int{}}
	e := store.Expiring{At: now, By: r.By, Reason: r.Reason, Before: r.Before, Dry: r.Dry}
	if r.Entity != "" {
		var err error
		if e.Entities, err = s.called(r.Entity); err != nil {
			return Expired{}, err
		}
		if x.Others, err = s.naming(ctx, e.Entities); err != nil {
			return Expired{}, err
		}
	}
	var err error
	x.Expiry, err = s.Keeper.Expire(ctx, e)
	return x, err
}

// Expiries lists what expired, oldest first.
func (s *Service) Expiries(ctx context.Context) ([]store.Expiry, error) {
	return s.Keeper.Expiries(ctx)
}

// called returns the names under which what is called a name stands in the data folder.
func (s *Service) called(name string) ([]string, error) {
	k, err := s.Veil.Find()
	if err != nil || k == nil || k.Name(name) == name {
		return []string{name}, err
	}
	return []string{name, k.Name(name)}, nil
}

// naming counts the records in force that hold one of the names of something, by kind,
// alerts apart.
func (s *Service) naming(ctx context.Context, names []string) (map[string]int, error) {
	n := map[string]int{}
	for _, k := range evidence.Kinds() {
		if k.Naming == evidence.Nameless {
			continue
		}
		for _, kind := range k.Records {
			records, err := s.Evidence.Current(ctx, kind)
			if err != nil {
				return nil, err
			}
			for i := range records {
				if holds(&records[i], names) {
					n[kind]++
				}
			}
		}
	}
	return n, nil
}

// holds reports whether one of the names stands in a record, whichever the case of its letters.
func holds(r *store.Record, names []string) bool {
	body, key := strings.ToLower(string(r.Body)), strings.ToLower(r.Key)
	return slices.ContainsFunc(names, func(name string) bool {
		quoted, err := json.Marshal(strings.ToLower(name)) // a text cannot fail to be encoded
		return err == nil && strings.Contains(body, string(quoted[1:len(quoted)-1])) || strings.Contains(key, strings.ToLower(name))
	})
}
