package visibility

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/day"
)

// Shortfall says in which way what an analytic needs is not seen.
type Shortfall string

// The shortfalls. Each but the empty one belongs to one State: NoneCollected to
// Blind; PartlySeen, PartlyCollected and TooLittle to Partial; NeverMeasured to
// Declared; GoneStale to Stale.
const (
	NoneCollected   Shortfall = "none_collected"   // nobody says or saw that any of it is collected
	PartlySeen      Shortfall = "partly_seen"      // some of it arrives, some is not collected
	PartlyCollected Shortfall = "partly_collected" // some is declared or arrived once, some is not collected; none arrives
	TooLittle       Shortfall = "too_little"       // some of it arrives on too few days or from too few hosts, none is missing
	NeverMeasured   Shortfall = "never_measured"   // all is said to be collected, some was never measured to arrive
	GoneStale       Shortfall = "stale"            // all was measured once, some not lately
)

// Shortfalls lists every shortfall in the order in which they are shown.
func Shortfalls() []Shortfall {
	return []Shortfall{NoneCollected, PartlySeen, PartlyCollected, TooLittle, NeverMeasured, GoneStale}
}

// Words names the shortfall for people, beside a number of analytics.
func (s Shortfall) Words() string {
	switch s {
	case NoneCollected:
		return "none of it collected"
	case PartlySeen:
		return "partly seen, partly not collected"
	case PartlyCollected:
		return "none of it seen, partly not collected"
	case TooLittle:
		return "on too few days or hosts"
	case NeverMeasured:
		return "declared, not all ever measured"
	case GoneStale:
		return "measured once, some now stale"
	}
	return string(s)
}

// shortfallOf returns the shortfall of what comes to levels; empty when all is good.
func shortfallOf(levels []level) Shortfall {
	has := func(l level) bool { return slices.Contains(levels, l) }
	most := slices.Max(levels)
	switch {
	case most == nothing:
		return NoneCollected
	case has(nothing) && most >= thin:
		return PartlySeen
	case has(nothing):
		return PartlyCollected
	case has(thin):
		return TooLittle
	case has(said):
		return NeverMeasured
	case has(lapsed):
		return GoneStale
	}
	return ""
}

// standing is how one needed log source stands, in the words of the sentence.
type standing string

const (
	notCollected standing = "not collected"
	notArriving  standing = "looked for and not arriving"
	onlyDeclared standing = "declared and never measured"
	emptyHanded  standing = "declared, looked for and not arriving"
	notLately    standing = "not lately"
	tooThin      standing = "on too few days or hosts"
	isMeasured   standing = "measured"
)

func standings() []standing {
	return []standing{notCollected, notArriving, emptyHanded, onlyDeclared, notLately, tooThin, isMeasured}
}

func standingOf(n *Need) standing {
	switch levelOf(n) {
	case good:
		return isMeasured
	case thin:
		return tooThin
	case lapsed:
		return notLately
	case said:
		if n.State == Silent {
			return emptyHanded
		}
		return onlyDeclared
	}
	if n.State == Silent {
		return notArriving
	}
	return notCollected
}

// tally is the log sources that an analytic needs by how they stand, each once.
type tally struct {
	names map[standing][]string
	all   int
	since day.Date // the last day on which the first to go stale arrived
}

// tallied sorts the log sources that decide: of several of which one will do those
// that are seen, or all where none is.
func tallied(groups [][]*Need) tally {
	t := tally{names: map[standing][]string{}}
	seen := map[string]bool{}
	for _, g := range groups {
		best := nothing
		for _, n := range g {
			best = max(best, levelOf(n))
		}
		var last day.Date
		for _, n := range g {
			if best == good && levelOf(n) != good {
				continue
			}
			st, label := standingOf(n), plainLabel(n)
			if st == notLately {
				last = max(last, n.LastSeen)
				label += " (last on " + string(n.LastSeen) + ")"
			}
			if key := string(st) + label; !seen[key] {
				seen[key] = true
				t.all++
				t.names[st] = append(t.names[st], label)
			}
		}
		if best == lapsed && (t.since == "" || last < t.since) {
			t.since = last
		}
	}
	return t
}

func plainLabel(n *Need) string {
	if n.Channel == "" {
		return n.Name
	}
	return n.Name + " / " + n.Channel
}

// words lists the log sources by how they stand, worst first. Where all stand alike the
// sentence has said how.
func (t *tally) words() string {
	var parts []string
	for _, st := range standings() {
		names := t.names[st]
		if len(names) == 0 {
			continue
		}
		shown := names[:min(len(names), mostNamed)]
		text := strings.Join(shown, ", ")
		if len(t.names) > 1 {
			text = string(st) + " " + text
		}
		if more := len(names) - len(shown); more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// mostNamed is how many log sources of one standing a sentence names.
const mostNamed = 5

// sentence says how what the analytic needs is seen, and what of it is not.
func (x *index) sentence(o *attack.Object, s *Statement, groups [][]*Need) string {
	switch s.State {
	case OutOfScope:
		return fmt.Sprintf("Its platform, %s, is not among those in scope: %s.", strings.Join(o.Platforms, ", "), strings.Join(x.scope.names, ", "))
	case Outside:
		if len(s.Needs) == 0 {
			return "ATT&CK names no log source for it, and no external source in force covers it."
		}
		return fmt.Sprintf("It happens on platform %s, where the organisation has no sensor of its own, and no external source in force covers it.", strings.Join(o.Platforms, ", "))
	case External:
		return "It is seen by an external source alone."
	}
	t := tallied(groups)
	return t.lead(s.Shortfall, x.policy) + ": " + t.words() + "."
}

// lead is the sentence up to the list of log sources.
func (t *tally) lead(short Shortfall, p Policy) string {
	n := func(st standing) int { return len(t.names[st]) }
	sources := "log sources that it needs"
	switch p.JointNeed {
	case "any":
		sources = "log sources of which it needs one"
	case "component":
		sources = "log sources of which it needs one for each data component"
	}
	switch short {
	case NoneCollected:
		verb := "collected"
		if n(notArriving) > 0 {
			verb = "collected or arrives"
		}
		switch {
		case t.all == 1 && n(notArriving) == 1:
			return "The log source that it needs does not arrive"
		case t.all == 1:
			return "The log source that it needs is not collected"
		}
		return fmt.Sprintf("None of the %d %s is %s", t.all, sources, verb)
	case PartlySeen:
		if n(isMeasured) == 0 {
			return "Only a part of what it needs arrives, and on too few days or hosts"
		}
		return "Only a part of what it needs is seen"
	case PartlyCollected:
		return "Nothing of what it needs is seen, and a part is not even said to be collected"
	case TooLittle:
		if t.all == 1 {
			return "The log source that it needs arrives on too few days or from too few hosts"
		}
		return "Not all of what it needs arrives on enough days and hosts"
	case NeverMeasured:
		if t.all == 1 {
			return "The log source that it needs is said to be collected and was never measured to arrive"
		}
		never := n(onlyDeclared) + n(emptyHanded)
		return fmt.Sprintf("Of the %d %s %d %s said to be collected and %s never measured to arrive", t.all, sources, never, is(never), was(never))
	case GoneStale:
		return fmt.Sprintf("What it needs is stale since %s, when it had not arrived for more than %s", t.since.Add(p.MaxFeedAgeDays+1), count(p.MaxFeedAgeDays, "day"))
	}
	if p.JointNeed == "any" || p.JointNeed == "component" {
		return "Enough of what it needs was measured to arrive"
	}
	return "All that it needs was measured to arrive"
}

func is(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func was(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
