package visibility

import (
	"maps"

	"candor/internal/attack"
)

// View is telemetry made ready to judge single analytics, with what would be
// known if there were more of it. It is not safe for concurrent use.
type View struct{ x *index }

// NewView returns the view of the telemetry as of the last day of the window.
func NewView(lib *attack.Library, t Telemetry, p Policy, w Window) View {
	return View{newIndex(lib, t, p, w)}
}

// Of returns the statement of a live analytic, the one that Judge gives.
func (v View) Of(o *attack.Object) Statement { return v.x.judge(o) }

// Arrives reports whether anything of a channel of a log source arrived in the window; an
// empty channel stands for all.
func (v View) Arrives(name, of string) bool {
	return v.x.arrival(channel{attack.Fold(name), attack.Fold(of)}).days > 0
}

// States returns the view whose statements have neither sentence nor reasons, for whoever
// supposes a thing and asks for no more than what it comes to. To write them takes most of
// the time of a judgement.
func (v View) States() View {
	x := *v.x
	x.silent = true
	return View{&x}
}

// With returns the view of what v sees and more. A scope in more is left out:
// what is operated is stated, not found. v stays as it is.
func (v View) With(more Telemetry) View {
	x, added := *v.x, v.x.of(more)
	x.sources = merged(x.sources, added.sources)
	x.feeds = merged(x.feeds, added.feeds)
	x.externals = merged(x.externals, added.externals)
	for provider, ids := range added.provided {
		if _, ok := x.provided[provider]; !ok {
			x.provided = maps.Clone(x.provided)
			x.provided[provider] = ids
		}
	}
	x.hearings = merged(x.hearings, added.hearings)
	x.arrivals = map[channel]arrival{}
	return View{&x}
}

func merged[T any](base, more map[string][]T) map[string][]T {
	if len(more) == 0 {
		return base
	}
	all := maps.Clone(base)
	for name, list := range more {
		all[name] = append(append([]T{}, base[name]...), list...)
	}
	return all
}
