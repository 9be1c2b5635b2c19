package store

import (
	"context"
	"slices"

	"candor/internal/alert"
	"candor/internal/fault"
)

// Knower tells which alerts that count have ids; see AlertReader.
type Knower interface {
	Known(ctx context.Context, ids []string) (map[string][]alert.Identity, error)
}

// Named returns what each of some texts names alerts by, as far as they are known: by their
// id, or as alert.Identity.String writes them. Of a text that is an id nothing else is meant.
func Named(ctx context.Context, k Knower, texts []string) (map[string][]alert.Identity, error) {
	var ids []string
	for _, text := range texts {
		for _, i := range alert.Naming(text) {
			ids = append(ids, i.ID)
		}
	}
	slices.Sort(ids)
	known, err := k.Known(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	named := make(map[string][]alert.Identity, len(texts))
	for _, text := range texts {
		if list := known[text]; len(list) > 0 {
			named[text] = list
			continue
		}
		var list []alert.Identity
		for _, i := range alert.Naming(text)[1:] {
			for _, is := range known[i.ID] {
				if i.Within(is) && !slices.Contains(list, is) {
					list = append(list, is)
				}
			}
		}
		if len(list) > 0 {
			named[text] = list
		}
	}
	return named, nil
}

// Name returns the one alert that a text names. It is fault.NotFound for none, and
// fault.Conflict for several.
func Name(ctx context.Context, k Knower, text string) (alert.Identity, error) {
	named, err := Named(ctx, k, []string{text})
	if err != nil {
		return alert.Identity{}, err
	}
	switch list := named[text]; len(list) {
	case 0:
		return alert.Identity{}, fault.New(fault.NotFound, "there is no alert %q", text).Next("check the id; alert ids are those of the imported file")
	case 1:
		return list[0], nil
	default:
		return alert.Identity{}, fault.New(fault.Conflict, "%d alerts can be meant by %q", len(list), text).
			Next("name one by its source and site: %s", alert.Names(list))
	}
}
