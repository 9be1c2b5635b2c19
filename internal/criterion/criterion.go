// Package criterion reads and judges conditions on the counts of an assessment, as the CI of a
// rules repository asks them: newly contradicted > 0.
//
// A condition counts analytics and names them. The package refuses what it cannot read, by
// position, and a condition on what is new where there is nothing to be new against. Its
// functions are pure.
package criterion

import (
	"slices"
	"strconv"
	"strings"

	"candor/internal/assure"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/visibility"
)

// Condition is what is asked of a count.
type Condition struct {
	// Text is the condition as it was written.
	Text string
	// Change is "newly", "lost", or empty for a count of what stands now.
	Change string
	what   string
	op     string
	limit  int
}

// Met is whether a condition holds, and which analytics are counted.
type Met struct {
	Condition string        `json:"condition"`
	Met       bool          `json:"met"`
	Count     int           `json:"count"`
	Analytics []assure.Name `json:"analytics"`
}

// mostNamed is how many analytics are named in words.
const mostNamed = 20

// Words says what was counted, and names it.
func (m *Met) Words() string {
	var ids []string
	for _, n := range m.Analytics[:min(mostNamed, len(m.Analytics))] {
		ids = append(ids, n.ATTACKID)
	}
	text := m.Condition + ": it is " + strconv.Itoa(m.Count)
	if len(ids) > 0 {
		text += ", " + strings.Join(ids, ", ")
	}
	if left := len(m.Analytics) - len(ids); left > 0 {
		text += " and " + strconv.Itoa(left) + " more"
	}
	return text
}

// The changes.
const (
	newly = "newly"
	lost  = "lost"
)

// others are what can be counted beside rungs.
func others() []string {
	return []string{"applicable", "claimed", "assured", "reportable", "distance", "stale"}
}

// Words lists what can be counted.
func Words() []string {
	var list []string
	for _, r := range assure.Rungs() {
		list = append(list, string(r))
	}
	return append(list, others()...)
}

// word is a part of a condition with its column, from 1.
type word struct {
	text string
	at   int
}

// split returns the words of a condition; the signs of a comparison are words of their own.
func split(text string) []word {
	var list []word
	signs := func(r byte) bool { return strings.IndexByte("<>=!", r) >= 0 }
	for i := 0; i < len(text); {
		if text[i] == ' ' || text[i] == '\t' {
			i++
			continue
		}
		end := i + 1
		for end < len(text) && text[end] != ' ' && text[end] != '\t' && signs(text[end]) == signs(text[i]) {
			end++
		}
		list = append(list, word{text[i:end], i + 1})
		i = end
	}
	return list
}

// Parse reads a condition:
//
//	[newly | lost] RUNG | applicable | claimed | assured | reportable | distance | stale   > | >= | < | <= | = | !=   NUMBER
//
// A rung is written with underscores or blanks. What cannot be read is fault.Usage with its
// column.
func Parse(text string) (Condition, error) {
	c := Condition{Text: text}
	list := split(text)
	wrong := func(at int, format string, args ...any) (Condition, error) {
		return c, fault.New(fault.Usage, format, args...).At("--fail-on %q, column %d", text, at).Next("write it as: newly contradicted > 0; doc/ci-guide.md has the grammar")
	}
	if len(list) > 0 && (list[0].text == newly || list[0].text == lost) {
		c.Change, list = list[0].text, list[1:]
	}
	sign := slices.IndexFunc(list, func(w word) bool { return strings.ContainsAny(w.text, "<>=!") })
	if sign < 0 {
		return wrong(len(text)+1, "there is no comparison: >, >=, <, <=, = or !=")
	}
	if sign == 0 {
		return wrong(list[0].at, "what is to be counted is missing")
	}
	parts := make([]string, sign)
	for i := range parts {
		parts[i] = strings.ToLower(list[i].text)
	}
	if c.what = strings.Join(parts, "_"); !slices.Contains(Words(), c.what) {
		return wrong(list[0].at, "%q cannot be counted: %s", strings.Join(parts, " "), near.Hint(c.what, Words(), ""))
	}
	if c.op = list[sign].text; !slices.Contains([]string{">", ">=", "<", "<=", "=", "!="}, c.op) {
		return wrong(list[sign].at, "%q is no comparison", c.op)
	}
	if sign+1 >= len(list) {
		return wrong(len(text)+1, "a number is missing behind %s", c.op)
	}
	n, err := strconv.Atoi(list[sign+1].text)
	if err != nil || n < 0 {
		return wrong(list[sign+1].at, "%q is no whole number of analytics", list[sign+1].text)
	}
	if c.limit = n; sign+2 < len(list) {
		return wrong(list[sign+2].at, "%q is too much; give --fail-on once for each condition", list[sign+2].text)
	}
	return c, nil
}

// counts reports whether a verdict is one of those that are counted.
func (c *Condition) counts(v *assure.Verdict) bool {
	applies := v.Rung != assure.NotApplicable
	switch c.what {
	case "applicable":
		return applies
	case "claimed":
		return applies && v.Claimed
	case "assured":
		return v.Rung == assure.Reliable
	case "reportable":
		return v.Reportable
	case "distance":
		return applies && v.Claimed && v.Rung != assure.Reliable
	case "stale":
		return applies && stale(v)
	}
	return string(v.Rung) == c.what
}

// stale reports whether something that a verdict rested on is past its age.
func stale(v *assure.Verdict) bool {
	return v.Visibility.State == visibility.Stale || v.Exercises.State == "expired" || v.Runbook.State == "expired"
}

// Judge says whether the condition holds of an assessment; before is the one that it is held
// against where it asks what is new or lost, which is fault.Usage without one.
func (c *Condition) Judge(now, before *assure.Assessment) (Met, error) {
	m := Met{Condition: c.Text, Analytics: []assure.Name{}}
	if c.Change != "" && before == nil {
		return m, fault.New(fault.Usage, "no earlier assessment is kept, so that nothing is %s", c.Change).At("--fail-on %q", c.Text).
			Next("candor assess --keep NAME keeps one; --since NAME says which")
	}
	in, not := now, before
	if c.Change == lost {
		in, not = before, now
	}
	left := map[string]bool{}
	if c.Change != "" {
		for i := range not.Verdicts {
			if v := &not.Verdicts[i]; c.counts(v) {
				left[v.Analytic.StixID] = true
			}
		}
	}
	for i := range in.Verdicts {
		if v := &in.Verdicts[i]; c.counts(v) && !left[v.Analytic.StixID] {
			m.Analytics = append(m.Analytics, v.Analytic)
		}
	}
	m.Count = len(m.Analytics)
	m.Met = c.holds(m.Count)
	return m, nil
}

func (c *Condition) holds(n int) bool {
	switch c.op {
	case ">":
		return n > c.limit
	case ">=":
		return n >= c.limit
	case "<":
		return n < c.limit
	case "<=":
		return n <= c.limit
	case "=":
		return n == c.limit
	}
	return n != c.limit
}
