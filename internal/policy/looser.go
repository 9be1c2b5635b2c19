package policy

import (
	"fmt"
	"slices"

	"candor/internal/assure"
)

// loose says which way a setting asks less.
type loose int

const (
	neutral loose = iota // neither way
	lower                // a smaller value asks less
	higher               // a larger value asks less; 0 where it sets no bound asks least
	unbound              // as higher, and 0 sets no bound
	more                 // another entry of a list asks less
	fewer                // a missing entry of a list asks less
	off                  // false asks less
	later                // a later one of the allowed words asks less
)

// ways says of every setting which way it asks less.
func ways() map[string]loose {
	w := map[string]loose{
		"window_days":                  lower,
		"visibility.outside_platforms": fewer, "visibility.joint_need": later, "visibility.max_feed_age_days": higher,
		"visibility.min_feed_days": lower, "visibility.min_host_share": lower, "visibility.min_field_share": lower, "visibility.max_latency_minutes": unbound, "visibility.worst_reliability": later, "visibility.worst_credibility": higher,
		"claim.count":           more,
		"measure.min_precision": lower, "measure.min_episodes": lower, "measure.max_alerts_per_day": unbound, "measure.max_minutes_per_day": unbound,
		"measure.minutes_per_alert": lower, "measure.provenances": more, "measure.confidence": lower,
		"readiness.max_exercise_age_days": higher, "readiness.max_runbook_age_days": higher, "readiness.passing": more,
		"readiness.max_run_age_days": higher, "readiness.corroborate_hours": higher, "readiness.max_chance": higher, "readiness.require_owner": off,
		"gate.max_waiver_days": higher,
	}
	for _, gate := range []string{"gate.reporting.", "gate.automation."} {
		w[gate+"min_precision"], w[gate+"min_episodes"], w[gate+"rungs"] = lower, lower, more
		w[gate+"min_persons"], w[gate+"max_person_share"], w[gate+"max_minute_share"], w[gate+"min_second_readings"], w[gate+"min_agreement"], w[gate+"max_left_out_share"] = lower, higher, higher, lower, lower, higher
		w[gate+"max_alerts_per_day"], w[gate+"require_runbook"], w[gate+"max_age_days"] = unbound, off, unbound
	}
	return w
}

// looser lists the settings of p that ask less than the built-in policy, in the order
// of the file, each with both values.
func looser(p *assure.Policy) []string {
	standard := builtIn()
	have, want, way := keys(p), keys(&standard), ways()
	var out []string
	for i := range have {
		if have[i].value.looser(want[i].value, way[have[i].name]) {
			out = append(out, fmt.Sprintf("%s %s (built-in %s)", have[i].name, shown(have[i].value), shown(want[i].value)))
		}
	}
	return out
}

func shown(v value) string {
	text, err := inline(v.get())
	if err != nil {
		return fmt.Sprint(v.get())
	}
	return text
}

func looserNumber(have, want float64, w loose) bool {
	switch w {
	case lower:
		return have < want
	case higher:
		return have > want
	case unbound:
		return want != 0 && (have == 0 || have > want)
	}
	return false
}

func (v whole) looser(than value, w loose) bool {
	t, ok := than.(whole)
	return ok && looserNumber(float64(*v.at), float64(*t.at), w)
}

func (v number) looser(than value, w loose) bool {
	t, ok := than.(number)
	return ok && looserNumber(*v.at, *t.at, w)
}

func (v truth) looser(than value, w loose) bool {
	t, ok := than.(truth)
	return ok && w == off && *t.at && !*v.at
}

func (v text) looser(than value, w loose) bool {
	t, ok := than.(text)
	return ok && w == later && slices.Index(v.allowed, *v.at) > slices.Index(v.allowed, *t.at)
}

func (v texts[S]) looser(than value, w loose) bool {
	t, ok := than.(texts[S])
	if !ok {
		return false
	}
	lacks := func(of, in []S) bool {
		return slices.ContainsFunc(of, func(s S) bool { return !slices.Contains(in, s) })
	}
	return w == more && lacks(*v.at, *t.at) || w == fewer && lacks(*t.at, *v.at)
}

func (v release) looser(value, loose) bool { return false }
