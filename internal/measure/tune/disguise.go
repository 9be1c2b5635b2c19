package tune

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"candor/internal/figure"
)

// Refusal is a field that was not tried, or a value that is not suggested, with the
// reason.
type Refusal struct {
	Field string `json:"field"`
	// Value is the value that gave the reason.
	Value  string `json:"value,omitempty"`
	Reason Reason `json:"reason" enum:"spells_class,separates,few_clusters"`
	Text   string `json:"text"`
}

// Reason is why something is refused.
type Reason string

// The reasons. The first two are of whole fields, which are labels in disguise:
// what is written into an alert once somebody knows what it was cannot be known
// when the rule fires.
const (
	SpellsClass Reason = "spells_class" // a value is the name of a class
	Separates   Reason = "separates"    // values tell hits from misses without exception
	FewClusters Reason = "few_clusters" // the value rests on too few clusters
)

// ownFields are those of which Candor knows that they are no label: where an alert
// fired was known when it fired.
var ownFields = [...]string{"site", "entity"}

// fieldCounts is what the values of one field say together, over both parts.
type fieldCounts struct {
	// spelt is a value that names a class, the most frequent one.
	spelt       string
	speltAlerts int64
	// hits and misses are of the labelled alerts that have the field.
	hits, misses int64
	// onlyHits and onlyMisses are how many values have only such alerts, and other
	// those that have both or too few to say.
	onlyHits, onlyMisses, other int
	// mark is the value that one side has without exception and the other has not.
	mark       string
	marksHits  bool
	markAlerts int64
}

// add counts a value; all is the labelled alerts of the rule.
func (f *fieldCounts) add(value string, c *[2]Removal, all *Removal) {
	hits, misses := c[0].TruePositive+c[1].TruePositive, c[0].misses()+c[1].misses()
	f.hits, f.misses = f.hits+hits, f.misses+misses
	if n := c[0].All() + c[1].All(); spellsClass(value) && (n > f.speltAlerts || n == f.speltAlerts && value < f.spelt) {
		f.spelt, f.speltAlerts = value, n
	}
	switch {
	case hits+misses == 0:
	case hits > 0 && misses > 0 || hits+misses < leastLabelled:
		f.other++
	case hits > 0:
		f.onlyHits++
	default:
		f.onlyMisses++
	}
	if n := hits + misses; n >= leastLabelled && all.TruePositive > 0 && all.misses() > 0 {
		if hits == 0 && misses == all.misses() || misses == 0 && hits == all.TruePositive && f.mark == "" {
			f.mark, f.marksHits, f.markAlerts = value, hits > 0, n
		}
	}
}

// refusal says why the field is a label in disguise, if it is.
func (f *fieldCounts) refusal(field string, all *Removal, full bool) (Refusal, bool) {
	r := Refusal{Field: field}
	switch {
	case f.spelt != "":
		r.Reason, r.Value = SpellsClass, f.spelt
		r.Text = figure.Sprintf("It is a label in disguise: its value %q, on %s, spells a class, which nobody knows when the rule fires.", f.spelt, count(f.speltAlerts, "alert"))
	case f.mark != "":
		r.Reason, r.Value = Separates, f.mark
		one, other := "misses", "hits"
		n, m := all.misses(), all.TruePositive
		if f.marksHits {
			one, other, n, m = other, one, m, n
		}
		r.Text = figure.Sprintf("It separates as only a label does: all %d %s have the value %q and none of the %d %s has. If it is known when the rule fires, judge it by hand.",
			n, one, f.mark, m, other)
	case !full && f.onlyHits >= 2 && f.onlyMisses >= 2 && f.other == 0 && f.hits == all.TruePositive && f.misses == all.misses():
		r.Reason = Separates
		r.Text = figure.Sprintf("It separates as only a label does: of its %d values %d have only hits and %d only misses. If it is known when the rule fires, judge it by hand.",
			f.onlyHits+f.onlyMisses, f.onlyHits, f.onlyMisses)
	default:
		return r, false
	}
	return r, true
}

// spellsClass reports whether a value is the name of a class that says whether an
// alert was right, as Candor or a product writes it: "false_positive",
// "FalsePositive - IncorrectAlertLogic", "TP".
func spellsClass(value string) bool {
	word := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, value[:min(len(value), longestClass)])
	for _, name := range [...]string{"truepositive", "falsepositive", "benignpositive", "benigntruepositive"} {
		if strings.HasPrefix(word, name) {
			return true
		}
	}
	return slices.Contains([]string{"tp", "fp", "btp", "falsealarm"}, word) && len(value) <= len(word)+1
}

// longestClass bounds how much of a value is read for the name of a class.
const longestClass = 64

// disguises returns the fields that are labels in disguise, by name.
func (e *enrichment) disguises() []Refusal {
	all := Removal{TruePositive: e.totals[0].TruePositive + e.totals[1].TruePositive, FalsePositive: e.totals[0].misses() + e.totals[1].misses()}
	fields := map[string]*fieldCounts{}
	for k, c := range e.counts {
		f := fields[k.field]
		if f == nil {
			f = &fieldCounts{}
			fields[k.field] = f
		}
		f.add(k.value, c, &all)
	}
	list := []Refusal{}
	for name, f := range fields {
		if slices.Contains(ownFields[:], name) {
			continue
		}
		if r, ok := f.refusal(name, &all, e.full); ok {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Refusal) int { return cmp.Compare(a.Field, b.Field) })
	return list
}
