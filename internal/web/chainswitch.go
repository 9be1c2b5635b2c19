package web

import (
	"context"
	"net/http"
	"time"

	"candor/internal/door"
	"candor/internal/fault"
)

// Switcher turns definitions of chains that are kept on and off.
type Switcher interface {
	Switch(ctx context.Context, name string, on bool, by string, at time.Time) (fresh bool, err error)
}

// switchChain turns a definition on or off, as a person who may bring files asks.
func (s *site) switchChain(w http.ResponseWriter, r *http.Request) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	sel, err := selected(r)
	if err != nil {
		return done{}, err
	}
	to := f.Get("to")
	if to != "on" && to != "off" {
		return done{}, fault.New(fault.Usage, "a definition is turned on or off, and not %q", to).At("to").Next("send on or off")
	}
	if _, err := s.Writing.Chains.Switch(r.Context(), f.Get("definition"), to == "on", door.Who(r.Context()).Author(), s.Clock()); err != nil {
		return done{}, err
	}
	return done{to: sel.Link(chainsPath)}, nil
}
