package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/telemetry"
)

// FieldState is how a field that a rule needs arrives.
type FieldState string

// The states.
const (
	FieldCarried    FieldState = "carried"      // in enough events of one of the rule's log sources
	FieldScarce     FieldState = "scarce"       // in too few of each that was measured
	FieldUnmeasured FieldState = "not_measured" // nobody measured it, or not where events arrive
)

// FieldNeed is a field that a rule needs and how it arrives.
type FieldNeed struct {
	Field string     `json:"field"`
	State FieldState `json:"state"`
	// Source is the log source, with its channel, that carries it best, and Share the
	// share of its events that do; empty and 0 where nobody measured.
	Source string         `json:"source,omitempty"`
	Share  float64        `json:"share"`
	Refs   []evidence.Ref `json:"evidence"`
}

// scarce says that the field of a rule arrives in too few events.
func (n *FieldNeed) scarce(rule string, asked float64) string {
	return fmt.Sprintf("Rule %s needs field %s, which %s of the events of %s carry; policy asks for %s: it does not see.",
		rule, n.Field, figure.Percent(n.Share), n.Source, figure.Percent(asked))
}

// fieldNeeds returns the fields that rules need, by rule; nothing where nobody measured
// any field.
func (a *assessor) fieldNeeds() map[string][]FieldNeed {
	x := a.shares()
	if len(x.by) == 0 {
		return nil
	}
	list := make([]*detection.Rule, len(a.ev.Rules))
	for i := range a.ev.Rules {
		list[i] = &a.ev.Rules[i].Value
	}
	among := detection.NewCorrelations(list) // a correlation reads what its rules read
	out := map[string][]FieldNeed{}
	for _, r := range list {
		if !r.Enabled || len(r.Fields) == 0 {
			continue
		}
		r = among.Joined(r)
		for _, f := range r.Needed() {
			if isChannel(f) {
				continue
			}
			out[r.ID] = append(out[r.ID], a.fieldNeed(x, r.Logs, f))
		}
	}
	return out
}

// isChannel reports whether a field is what tells the channels of a log source apart: what
// arrives on a channel carries it.
func isChannel(field string) bool {
	return slices.Contains([]string{"eventid", "eventcode", "event.code"}, attack.Fold(field))
}

// shares are the newest measurements of fields within the window, by folded log source
// and field.
type shares struct{ by map[[2]string][]share }

// share is what was measured of one channel at one place, on one day.
type share struct {
	telemetry.FieldShare
	batch string
}

func (a *assessor) shares() shares {
	newest := map[[4]string]share{}
	for _, f := range a.ev.Fields {
		v := f.Value
		if v.Day > a.today || v.Day != "" && v.Day < a.window.From {
			continue
		}
		key := [4]string{attack.Fold(v.Source), attack.Fold(v.Channel), attack.Fold(v.Field), v.Site}
		if have, ok := newest[key]; !ok || v.Day > have.Day || v.Day == have.Day && v.Share < have.Share {
			newest[key] = share{v, f.Batch}
		}
	}
	x := shares{by: map[[2]string][]share{}}
	for key, s := range newest {
		at := [2]string{key[0], key[2]}
		x.by[at] = append(x.by[at], s)
	}
	for _, list := range x.by {
		slices.SortFunc(list, func(a, b share) int {
			return cmp.Or(strings.Compare(a.Channel, b.Channel), strings.Compare(a.Site, b.Site))
		})
	}
	return x
}

// fieldNeed says how a field arrives at the log sources that a rule reads. One that
// carries it will do. Where none of those that were measured does, one that arrives and
// was not measured might.
func (a *assessor) fieldNeed(x shares, logs []detection.Log, field string) FieldNeed {
	n := FieldNeed{Field: field, State: FieldUnmeasured, Refs: []evidence.Ref{}}
	var batches []string
	measured, open := false, false
	for _, l := range logs {
		carried, events, from := x.of(l, field)
		if events == 0 {
			open = open || l.Name == "" || a.view.Arrives(l.Name, l.Channel)
			continue
		}
		batches = append(batches, from...)
		if s := carried / events; !measured || s > n.Share {
			n.Share, n.Source = s, sourceOf(l)
		}
		measured = true
	}
	slices.Sort(batches)
	n.Refs = append(n.Refs, evidence.Batches(slices.Compact(batches)...)...)
	switch {
	case measured && n.Share >= a.policy.Visibility.MinFieldShare:
		n.State = FieldCarried
	case measured && !open:
		n.State = FieldScarce
	}
	return n
}

// of sums what was measured of a field at a log source: how many events carry it, of how
// many. Where nobody says how many were looked at, a measurement weighs as one event.
func (x shares) of(l detection.Log, field string) (carried, events float64, batches []string) {
	for _, s := range x.by[[2]string{attack.Fold(l.Name), attack.Fold(field)}] {
		if s.Channel != "" && l.Channel != "" && attack.Fold(s.Channel) != attack.Fold(l.Channel) &&
			!attack.NewChannel(attack.Fold(s.Channel)).Meets(attack.NewChannel(attack.Fold(l.Channel))) {
			continue
		}
		w := float64(max(s.Events, 1))
		carried, events, batches = carried+w*s.Share, events+w, append(batches, s.batch)
	}
	return carried, events, batches
}

func sourceOf(l detection.Log) string {
	if l.Channel == "" {
		return l.Name
	}
	return l.Name + " / " + l.Channel
}
