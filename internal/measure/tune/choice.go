package tune

import (
	"strings"

	"candor/internal/figure"
)

// Choice is a threshold and what is to be known before it is set.
type Choice struct {
	// Warning says what would be lost, before anything else; empty when nothing
	// that is known would.
	Warning   string    `json:"warning,omitempty"`
	Threshold Threshold `json:"threshold"`
	// Recommended says that nothing known is lost in either part.
	Recommended bool `json:"recommended"`
	// Reaches says that in the older part precision reaches what policy asks for,
	// and Holds that it does in the newer part too.
	Reaches bool   `json:"reaches_policy"`
	Holds   bool   `json:"holds_on_newer"`
	Blinds  Blinds `json:"blinds"`
	Text    string `json:"text"`
}

// choice chooses a threshold on the older part, and judges it on the newer. What
// loses no true positive there comes before all that does: the least that reaches
// the precision of policy, else the greatest, which spares the most. Where only
// what loses some reaches policy, the least of that is shown with its losses and
// is not recommended. Without a choice it says why.
func (s *sweep) choice(r *Result, p *Policy) (*Choice, string) {
	switch {
	case r.Scored == 0:
		return nil, "No alert carries a score."
	case r.TruePositive == 0:
		return nil, "No true positive is known, so that nothing shows what a threshold would lose."
	case len(r.Thresholds) < 2:
		return nil, "All alerts carry the same score."
	}
	best := choose(r.Thresholds, p)
	if best == nil {
		return nil, "Every threshold loses true positives of the older part, and none reaches the precision that policy asks for."
	}
	if best.Older.Removed+best.Newer.Removed == 0 {
		return nil, needless(best, p)
	}
	c := &Choice{Threshold: *best, Reaches: p.reached(&best.Older), Holds: p.reached(&best.Newer), Blinds: s.blinds(best.At)}
	c.Recommended = best.Older.Lost.none() && best.Newer.Lost.none()
	c.Warning = warning(best)
	c.Text = choiceText(c, r, p)
	return c, ""
}

// needless says that the alerts reach what policy asks for as they are: in the
// older part, by which is chosen, and in the newer or not.
func needless(all *Threshold, p *Policy) string {
	c := &Choice{Threshold: *all, Reaches: true, Holds: p.reached(&all.Newer)}
	return "No threshold is needed to choose by the older part. Without one: " + lowerFirst(reachText(c, p))
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func choose(ts []Threshold, p *Policy) *Threshold {
	var safe, safeReaching, reaching *Threshold
	for i := range ts {
		t := &ts[i]
		reaches := p.reached(&t.Older)
		if t.Older.Lost.none() {
			safe = t
			if reaches && safeReaching == nil {
				safeReaching = t
			}
		}
		if reaches && reaching == nil {
			reaching = t
		}
	}
	switch {
	case safeReaching != nil:
		return safeReaching
	case safe != nil && safe.Older.Removed > 0:
		return safe
	}
	return reaching
}

// warning says what a threshold loses, in the older and the newer part.
func warning(t *Threshold) string {
	parts := append(lossText("older", &t.Older.Lost), lossText("newer", &t.Newer.Lost)...)
	if len(parts) == 0 {
		return ""
	}
	return "It would lose " + strings.Join(parts, " and ") + "."
}

func lossText(part string, l *Lost) []string {
	var parts []string
	if l.TruePositives > 0 {
		text := figure.Sprintf("%s of the %s part", count(l.TruePositives, "true positive"), part)
		if n := len(l.Cases); n > 0 {
			text += figure.Sprintf(" (of confirmed %s %s)", plural(n, "case", "cases"), strings.Join(l.Cases, ", "))
		}
		parts = append(parts, text)
	}
	if l.Doubted > 0 {
		parts = append(parts, figure.Sprintf("%s of the %s part that a label which does not count calls true", count(l.Doubted, "alert"), part))
	}
	return parts
}

func choiceText(c *Choice, r *Result, p *Policy) string {
	t := &c.Threshold
	text := figure.Sprintf("A threshold of %g, chosen on %s to %s, would have removed %d of %s there", t.At, r.Older.From, r.Older.To,
		t.Older.Removed, count(t.Older.Kept+t.Older.Removed, "alert")) + unlabelledText(&r.Now.Older, &t.Older)
	if r.Newer.Days > 0 {
		text += figure.Sprintf(" and %d of %d from %s to %s", t.Newer.Removed, t.Newer.Kept+t.Newer.Removed, r.Newer.From, r.Newer.To) +
			unlabelledText(&r.Now.Newer, &t.Newer)
	}
	text += ". " + reachText(c, p) + c.Blinds.sentence(" ")
	if !c.Recommended {
		return text + " It is not recommended: it loses what is known to be true."
	}
	return text
}

// unlabelledText says how many of the removed alerts nobody labelled, which may
// have been true.
func unlabelledText(now, then *Outcome) string {
	if n := now.Unlabelled - then.Unlabelled; n > 0 {
		return figure.Sprintf(" (%d of them unlabelled)", n)
	}
	return ""
}

func reachText(c *Choice, p *Policy) string {
	asks := figure.Sprintf("the precision of %s that policy asks for", figure.Percent(p.MinPrecision))
	older, newer := &c.Threshold.Older, &c.Threshold.Newer
	switch {
	case c.Reaches && c.Holds:
		return figure.Sprintf("The lower bounds reach %s in both parts.", asks)
	case c.Reaches && newer.Labelled == 0:
		return figure.Sprintf("The lower bounds reach %s in the older part; in the newer nothing is labelled to judge by.", asks)
	case c.Reaches && p.few(newer):
		return figure.Sprintf("The lower bounds reach %s in the older part; %s in the newer.", asks, p.fewText(newer))
	case c.Reaches:
		return figure.Sprintf("The lower bounds reach %s in the older part and do not in the newer.", asks)
	case p.few(older):
		return figure.Sprintf("Whether they would reach %s cannot be said: %s in the older part; it spares the work on what it removes.", asks, p.fewText(older))
	}
	return figure.Sprintf("The lower bounds do not reach %s; it spares the work on what it removes.", asks)
}

// fewText says that too few episodes, or too few occasions, are left to judge by.
func (p *Policy) fewText(o *Outcome) string {
	left := count(int64(o.Episodes), "labelled episode")
	if o.Episodes >= p.leastClusters() {
		left += " on " + count(int64(o.Occasions), "occasion")
	}
	return figure.Sprintf("only %s would be left and %d are asked for", left, p.leastClusters())
}

func count(n int64, what string) string { return figure.Of(n, what, what+"s") }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
