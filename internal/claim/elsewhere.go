package claim

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/detection"
)

// Nowhere is a technique that a rule names and of which the release has no analytic where
// the rule looks, though it is known where that is. It is a fact about ATT&CK or about the
// rule's mapping, and no lack of knowledge: nothing that is read better mends it.
type Nowhere struct {
	RuleID   string `json:"rule_id"`
	RuleName string `json:"rule_name"`
	// Technique is the one that was mapped, by its ATT&CK ID.
	Technique string `json:"technique"`
	// Looks is where the rule looks: its platforms, else the log sources that it reads.
	Looks []string `json:"looks"`
	// Analytics are the platforms of the technique's analytics.
	Analytics []string `json:"analytics"`
	// Why says which of it is wanting, in words.
	Why string `json:"why"`
	// Near are the technique's relatives (its parent, its sub-techniques, those beside it)
	// that have analytics where the rule looks.
	Near []string `json:"near"`
	// Next is what can be done.
	Next string `json:"next"`
	// Only says that the rule claims nothing else either: its strongest basis is Elsewhere.
	Only  bool   `json:"only"`
	Batch string `json:"batch"`
}

// nowhere returns what is wanting of a technique that a rule names, nil where one of its
// analytics may be meant or nothing tells where the rule looks.
func (x *index) nowhere(r *rule, t target) *Nowhere {
	if t.technique == "" || len(t.analytics) == 0 || r.placed(t) != Elsewhere {
		return nil
	}
	n := &Nowhere{RuleID: r.ID, RuleName: r.Name, Technique: t.technique, Looks: slices.Clone(r.Platforms), Analytics: x.platformsOf(t), Near: x.near(r, t.technique), Batch: r.batch}
	of := strings.Join(n.Analytics, ", ")
	switch here := x.shared(r, t.technique); {
	case len(n.Looks) == 0 || r.Reach == detection.Any && here == "":
		reads := logNames(r.Logs)
		n.Why = fmt.Sprintf("none of the analytics of %s in %s names what the rule reads (%s)", t.technique, x.lib.Release, strings.Join(reads, ", "))
		if len(n.Looks) > 0 {
			n.Why += ", and none is of " + strings.Join(n.Looks, ", ")
		}
		n.Looks = append(n.Looks, reads...)
	case here != "":
		n.Why = fmt.Sprintf("%s has %s on %s, where the rule looks, and none of its analytics is of that: they are of %s", x.lib.Release, t.technique, here, of)
	default:
		n.Why = fmt.Sprintf("%s does not have %s on %s, where the rule looks: its analytics are of %s", x.lib.Release, t.technique, strings.Join(n.Looks, ", "), of)
	}
	n.Next = "ATT&CK has nothing there: map the rule to a technique that has an analytic where it looks, if one says what it detects, or keep it as a rule without analytic."
	if len(n.Near) > 0 {
		n.Next = fmt.Sprintf("ATT&CK has nothing there: map the rule to %s, which has analytics where it looks, if that is what it detects, or keep it as a rule without analytic.", strings.Join(n.Near, " or "))
	}
	return n
}

// placed returns the strongest basis on which a rule reaches a technique's analytics.
func (r *rule) placed(t target) Basis {
	best := Elsewhere
	for _, a := range t.analytics {
		b, _ := r.against(t, a)
		if b.rank() < best.rank() {
			best = b
		}
	}
	return best
}

// platformsOf returns the platforms of a technique's analytics, sorted.
func (x *index) platformsOf(t target) []string {
	out := []string{}
	for _, a := range t.analytics {
		o, _ := x.lib.Object(a.id)
		out = append(out, o.Platforms...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// shared returns those of the rule's platforms on which the release has the technique,
// joined; empty for none.
func (x *index) shared(r *rule, technique string) string {
	o, _, _ := x.resolve(technique, attack.Kind.Technique, "technique")
	if o == nil {
		return ""
	}
	var out []string
	for _, p := range o.Platforms {
		if slices.Contains(r.platforms, attack.Fold(p)) {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}

// near returns the relatives of a technique that have an analytic where the rule looks, at
// most three.
func (x *index) near(r *rule, technique string) []string {
	out := []string{}
	parent, _, _ := strings.Cut(technique, ".")
	for _, id := range x.families()[parent] {
		if t := x.technique(id); id != technique && len(t.analytics) > 0 && r.placed(t).rank() <= TechniquePlatform.rank() && len(out) < 3 {
			out = append(out, id)
		}
	}
	return out
}

// families returns the ATT&CK IDs of the live techniques by that of their parent, which is
// among its own.
func (x *index) families() map[string][]string {
	if x.family != nil {
		return x.family
	}
	x.family = map[string][]string{}
	for _, o := range x.lib.Objects() {
		if o.Kind.Technique() && o.Live() {
			parent, _, _ := strings.Cut(o.ATTACKID, ".")
			x.family[parent] = append(x.family[parent], o.ATTACKID)
		}
	}
	for _, ids := range x.family {
		slices.Sort(ids)
	}
	return x.family
}

// logNames names the logs that a rule reads, each once.
func logNames(logs []detection.Log) []string {
	var out []string
	for _, l := range logs {
		name := l.Name
		if name == "" {
			name = l.Component
		}
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
