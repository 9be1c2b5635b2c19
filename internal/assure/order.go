package assure

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// compareIDs orders ATT&CK IDs with their numbers as numbers, so that AN2
// comes before AN10 and T1059 before T1059.001.
func compareIDs(a, b string) int {
	for a != "" && b != "" {
		x, restA := leading(a)
		y, restB := leading(b)
		if c := compareRuns(x, y); c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return cmp.Compare(len(a), len(b))
}

// leading cuts the longest run of digits, or of anything else, off the front.
func leading(s string) (run, rest string) {
	digit := isDigit(s[0])
	i := 1
	for i < len(s) && isDigit(s[i]) == digit {
		i++
	}
	return s[:i], s[i:]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func compareRuns(x, y string) int {
	if isDigit(x[0]) && isDigit(y[0]) {
		n, m := strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		return cmp.Or(cmp.Compare(len(n), len(m)), strings.Compare(n, m), cmp.Compare(len(x), len(y)))
	}
	return strings.Compare(x, y)
}

func compareObjects(a, b *attack.Object) int {
	return cmp.Or(compareIDs(a.ATTACKID, b.ATTACKID), strings.Compare(a.ID, b.ID))
}

func compareNames(a, b Name) int {
	return cmp.Or(compareIDs(a.ATTACKID, b.ATTACKID), strings.Compare(a.StixID, b.StixID))
}

func compareScopes(a, b evidence.Of[telemetry.Scope]) int {
	return cmp.Or(strings.Compare(a.Value.Organisation, b.Value.Organisation), strings.Compare(a.Batch, b.Batch),
		slices.Compare(a.Value.Platforms, b.Value.Platforms))
}

func compareSources(a, b evidence.Of[telemetry.Source]) int {
	x, y := &a.Value, &b.Value
	return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Channel, y.Channel),
		strings.Compare(x.Component, y.Component), strings.Compare(a.Batch, b.Batch),
		slices.Compare(x.Platforms, y.Platforms), slices.Compare(x.Sites, y.Sites), cmp.Compare(x.Hosts, y.Hosts),
		strings.Compare(string(x.Since), string(y.Since)), strings.Compare(string(x.Until), string(y.Until)))
}

func compareExternals(a, b evidence.Of[telemetry.External]) int {
	return cmp.Or(strings.Compare(a.Value.ID, b.Value.ID), strings.Compare(a.Batch, b.Batch))
}

func compareObservations(a, b evidence.Of[telemetry.Observation]) int {
	x, y := &a.Value, &b.Value
	return cmp.Or(strings.Compare(string(x.Day), string(y.Day)), strings.Compare(x.Source, y.Source),
		strings.Compare(x.Channel, y.Channel), strings.Compare(x.Site, y.Site), strings.Compare(a.Batch, b.Batch),
		cmp.Compare(x.Events, y.Events), cmp.Compare(x.Hosts, y.Hosts))
}

// compareRules is asked of thousands of rules each time, and so they are not copied for it.
func compareRules(a, b *evidence.Of[detection.Rule]) int {
	return cmp.Or(strings.Compare(a.Value.ID, b.Value.ID), strings.Compare(a.Batch, b.Batch), strings.Compare(a.Value.Name, b.Value.Name))
}

// tacticOrder returns the live tactics: those that a live matrix lists, in its
// order, then the others by ATT&CK ID.
func tacticOrder(lib *attack.Library) []*attack.Object {
	matrices := lib.OfKind(attack.KindMatrix)
	slices.SortFunc(matrices, compareObjects)
	var order []*attack.Object
	for _, m := range matrices {
		if !m.Live() {
			continue
		}
		for _, t := range lib.Targets(m.ID, attack.HasTactic) {
			if !slices.Contains(order, t) {
				order = append(order, t)
			}
		}
	}
	rest := slices.DeleteFunc(lib.OfKind(attack.KindTactic), func(t *attack.Object) bool {
		return !t.Live() || slices.Contains(order, t)
	})
	slices.SortFunc(rest, compareObjects)
	return append(order, rest...)
}

// Current returns the ATT&CK ID, in upper case, that id stands for in the release:
// itself, or that of its successor when it is revoked.
func Current(lib *attack.Library, id string) string {
	id = strings.ToUpper(strings.TrimSpace(id))
	os := lib.ByATTACKID(id)
	if len(os) == 0 || !os[0].Revoked {
		return id
	}
	if next, _ := lib.Successor(os[0].ID); next != nil && next.ATTACKID != "" {
		return next.ATTACKID
	}
	return id
}

func nameOf(o *attack.Object) Name { return Name{StixID: o.ID, ATTACKID: o.ATTACKID, Name: o.Name} }

func namesOf(os []*attack.Object) []Name {
	names := make([]Name, len(os))
	for i, o := range os {
		names[i] = nameOf(o)
	}
	return names
}

// orEmpty returns s, or an empty slice for nil, which JSON writes as [].
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// scopeOf names the organisation and its platforms, over all statements of scope.
func scopeOf(ev *Evidence) ScopeRef {
	var names []string
	ref := ScopeRef{Platforms: []string{}, Site: ev.Site}
	for _, s := range ev.Telemetry.Scope {
		if s.Value.Organisation != "" {
			names = append(names, s.Value.Organisation)
		}
		ref.Platforms = append(ref.Platforms, s.Value.Platforms...)
	}
	slices.Sort(names)
	slices.Sort(ref.Platforms)
	ref.Platforms = slices.Compact(ref.Platforms)
	ref.Organisation = strings.Join(slices.Compact(names), ", ")
	return ref
}

func compareCases(a, b evidence.Of[alert.Case]) int {
	return cmp.Or(a.Value.When().Compare(b.Value.When()), strings.Compare(a.Value.ID, b.Value.ID), strings.Compare(a.Batch, b.Batch))
}
