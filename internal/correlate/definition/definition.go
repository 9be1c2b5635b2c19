// Package definition reads correlation rules in Sigma's format, declarations of families
// of sensors, and alias files.
//
// It refuses what it cannot read exactly: a rule that would run as something else than
// its file says is worse than none.
package definition

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"candor/internal/correlate"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/near"
)

// Decoded is what a file says, with what is wrong with it and what was passed over.
type Decoded struct {
	correlate.Set
	Rejects  []evidence.Reject
	Warnings []string
}

// Decode reads a file of definitions: YAML documents that are Sigma correlation rules,
// Sigma rules, of which only the names are read, or a mapping "families".
func Decode(name string, data []byte) Decoded {
	var out Decoded
	if !utf8.Valid(data) {
		out.Rejects = append(out.Rejects, evidence.Reject{File: name, Reason: "not UTF-8"})
		return out
	}
	docs, err := decode.Documents(name, data)
	if err != nil {
		out.Rejects = append(out.Rejects, *decode.AsReject(name, err))
	} else if len(docs) == 0 {
		out.Rejects = append(out.Rejects, evidence.Reject{File: name, Line: 1, Reason: "the file holds no YAML document"})
	}
	for _, d := range docs {
		out.document(name, d)
	}
	return out
}

// Add joins what another file says.
func (d *Decoded) Add(o Decoded) {
	d.Definitions, d.Families, d.Rules = append(d.Definitions, o.Definitions...), append(d.Families, o.Families...), append(d.Rules, o.Rules...)
	d.Rejects, d.Warnings = append(d.Rejects, o.Rejects...), append(d.Warnings, o.Warnings...)
}

func (d *Decoded) document(name string, n *yaml.Node) {
	m, ok := decode.NewMap(name, n)
	if !ok {
		d.Rejects = append(d.Rejects, evidence.Reject{File: name, Line: n.Line, Reason: "not a correlation rule: the document is not a mapping"})
		return
	}
	switch {
	case m.Has("families"):
		fs := families(m)
		if _, bad := m.Bad(); !bad {
			d.Families, d.Warnings = append(d.Families, fs...), append(d.Warnings, m.Unknown()...)
		}
	case m.Has("correlation"):
		def := rule(m)
		if _, bad := m.Bad(); !bad {
			d.Definitions, d.Warnings = append(d.Definitions, def), append(d.Warnings, m.Unknown()...)
		}
	case m.Has("detection"):
		d.Rules = append(d.Rules, correlate.Known{ID: m.String("id"), Name: m.String("name"), Title: m.String("title")})
	default:
		m.Fail("correlation", "", `neither a correlation rule ("correlation:") nor families ("families:")`)
	}
	if r, bad := m.Bad(); bad {
		d.Rejects = append(d.Rejects, r)
	}
}

func families(m *decode.Map) (list []correlate.Family) {
	of := m.Map("families")
	if of == nil {
		return nil
	}
	for _, key := range of.Keys() {
		f := correlate.Family{Name: key, Members: of.Strings(key), File: m.File(), Line: of.Line(key)}
		if len(f.Members) == 0 {
			of.Fail(key, "", "names no rule and no signal")
		}
		for _, member := range f.Members {
			if i := strings.IndexByte(member, '*'); i >= 0 && i < len(member)-1 || member == "*" {
				of.Fail(key, member, "a star stands at the end of a name, behind its beginning")
			}
		}
		list = append(list, f)
	}
	if r, bad := of.Bad(); bad {
		m.FailAt(r.Line, "families."+r.Field, r.Value, r.Reason)
	}
	return list
}

// rule reads a correlation rule.
func rule(m *decode.Map) correlate.Definition {
	d := correlate.Definition{ID: m.String("id"), Name: m.String("name"), Title: m.Need("title"), Description: m.String("description"),
		Level: strings.ToLower(m.String("level")), File: m.File(), Line: m.Line("title"), Lines: map[string]int{}}
	for _, passed := range []string{"author", "date", "modified", "references", "tags", "falsepositives", "related", "license", "taxonomy", "scope", "fields", "sigma-version"} {
		m.Has(passed) // says nothing about what is found
	}
	status := strings.ToLower(m.String("status"))
	d.Off = !m.Bool("enabled", status != "deprecated" && status != "unsupported")
	if d.Level != "" && !slices.Contains([]string{"informational", "low", "medium", "high", "critical"}, d.Level) {
		m.Fail("level", d.Level, "none of informational, low, medium, high, critical")
	}
	c := m.Map("correlation")
	if c == nil {
		return d
	}
	for _, key := range c.Keys() {
		d.Lines[key] = c.Line(key)
	}
	correlation(c, &d)
	if r, bad := c.Bad(); bad {
		m.FailAt(r.Line, "correlation."+r.Field, r.Value, r.Reason)
	}
	if unknown := c.Unknown(); len(unknown) > 0 {
		for _, key := range c.Keys() {
			if !slices.Contains([]string{"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"}, key) {
				m.FailAt(c.Line(key), "correlation."+key, "", "is not read, and may change what the rule means")
			}
		}
	}
	return d
}

func correlation(c *decode.Map, d *correlate.Definition) {
	d.Type = correlate.Type(c.Need("type"))
	if d.Type != "" && !slices.Contains(correlate.Types(), d.Type) {
		var words []string
		for _, t := range correlate.Types() {
			words = append(words, string(t))
		}
		c.Fail("type", string(d.Type), "none of "+strings.Join(words, ", ")+"; "+near.Hint(string(d.Type), words, "another type cannot be run"))
	}
	stages(c, d)
	d.GroupBy = c.Strings("group-by")
	if len(d.GroupBy) == 0 {
		c.Fail("group-by", "", "is missing: without anything in common everything would be a chain")
	}
	if twice := repeated(d.GroupBy); twice != "" {
		c.Fail("group-by", twice, "is there twice")
	}
	d.Span = timespan(c)
	condition(c, d)
	c.Has("generate") // alerts are there already
	if a := c.Map("aliases"); a != nil {
		d.Aliases = aliases(c, a)
	}
}

func repeated(list []string) string {
	for i, s := range list {
		if slices.Contains(list[:i], s) {
			return s
		}
	}
	return ""
}

// stages reads what the rules name: a word of correlate.Kinds and a colon, or a name alone.
func stages(c *decode.Map, d *correlate.Definition) {
	for _, n := range c.Items("rules") {
		text := strings.TrimSpace(n.Value)
		if n.Kind != yaml.ScalarNode || text == "" {
			c.FailAt(n.Line, "rules", "", "not the name of a rule")
			return
		}
		s := correlate.Selector{Name: text, Line: n.Line}
		if kind, name, ok := strings.Cut(text, ":"); ok && slices.Contains(correlate.Kinds(), correlate.Kind(kind)) {
			s.Kind, s.Name = correlate.Kind(kind), strings.TrimSpace(name)
		}
		switch {
		case s.Name == "":
			c.FailAt(n.Line, "rules", text, "names nothing")
		case s.Kind == correlate.OfTechnique && !decode.TechniqueID(strings.ToUpper(s.Name)):
			c.FailAt(n.Line, "rules", text, "not a technique such as T1059 or T1059.001")
		case slices.ContainsFunc(d.Stages, func(o correlate.Selector) bool { return o.String() == s.String() }):
			c.FailAt(n.Line, "rules", text, "is there twice")
		}
		d.Stages = append(d.Stages, s)
	}
	switch {
	case len(d.Stages) == 0:
		c.Fail("rules", "", "names no rule")
	case len(d.Stages) > correlate.MostStages:
		c.Fail("rules", strconv.Itoa(len(d.Stages)), fmt.Sprintf("more than %d rules are not read", correlate.MostStages))
	case len(d.Stages) == 1 && (d.Type == correlate.Temporal || d.Type == correlate.TemporalOrdered):
		c.Fail("rules", "", "one rule lines up with nothing: name another, or count with event_count")
	}
}

// timespan reads a number and a unit.
func timespan(c *decode.Map) time.Duration {
	s := c.Need("timespan")
	if s == "" {
		return 0
	}
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	n, err := strconv.Atoi(s[:len(s)-1])
	unit := units[s[len(s)-1]]
	if err != nil || unit == 0 || n <= 0 {
		c.Fail("timespan", s, "not a whole number and s, m, h or d, such as 10m")
		return 0
	}
	if n > int(correlate.LongestSpan/unit) {
		c.Fail("timespan", s, "longer than 366 days")
		return 0
	}
	return time.Duration(n) * unit
}

// condition reads the bounds; temporal types may have none.
func condition(c *decode.Map, d *correlate.Definition) {
	d.Condition = correlate.Condition{Lower: 1, Upper: correlate.Unbounded}
	temporal := d.Type == correlate.Temporal || d.Type == correlate.TemporalOrdered
	n := c.Node("condition")
	switch {
	case n == nil && !temporal:
		c.Fail("condition", "", "is missing: "+string(d.Type)+" needs a number to hold against, such as gte: 10")
		return
	case n == nil:
		d.Condition.Lower = int64(len(d.Stages))
		return
	case n.Kind != yaml.MappingNode:
		c.Fail("condition", n.Value, "not a mapping such as gte: 2; expressions over rules are not read")
		return
	}
	m := c.Map("condition")
	bounds(m, d)
	d.Field = m.Strings("field")
	switch {
	case d.Type.Valued() && len(d.Field) == 0:
		m.Fail("field", "", "is missing: which values are meant")
	case d.Type == correlate.ValueSum && len(d.Field) > 1:
		m.Fail("field", "", "one field is summed")
	case !d.Type.Valued() && len(d.Field) > 0:
		m.Fail("field", d.Field[0], string(d.Type)+" reads no field")
	case temporal && d.Condition.Lower < 2:
		m.FailAt(n.Line, "", "", "one rule lines up with nothing: ask for 2 or more")
	}
	if r, bad := m.Bad(); bad {
		c.FailAt(r.Line, strings.TrimSuffix("condition."+r.Field, "."), r.Value, r.Reason)
	}
}

func bounds(m *decode.Map, d *correlate.Definition) {
	cond, said := &d.Condition, 0
	if d.Type == correlate.ValueSum {
		cond.Lower = math.MinInt64
	}
	for _, key := range m.Keys() {
		if key == "field" {
			continue
		}
		n, ok := bound(m, key, d.Type == correlate.ValueSum)
		if !ok {
			return
		}
		said++
		switch key {
		case "gt":
			cond.Lower = max(cond.Lower, n+1)
		case "gte":
			cond.Lower = max(cond.Lower, n)
		case "lt":
			cond.Upper = min(cond.Upper, n-1)
		case "lte":
			cond.Upper = min(cond.Upper, n)
		case "eq":
			cond.Lower, cond.Upper = max(cond.Lower, n), min(cond.Upper, n)
		default:
			m.Fail(key, "", "none of gt, gte, lt, lte, eq, field")
			return
		}
	}
	if said == 0 {
		m.FailAt(m.Line(""), "", "", "says no number: write gte: 10, for example")
	} else if cond.Lower > cond.Upper {
		m.FailAt(m.Line(""), "", "", "nothing that can be counted is within the bounds; what is not there raises nothing")
	}
}

// bound reads a bound: a whole number, or of a sum one with up to three decimals, in
// thousandths.
func bound(m *decode.Map, key string, sum bool) (int64, bool) {
	s := m.String(key)
	if sum {
		x, err := strconv.ParseFloat(s, 64)
		milli := math.Round(x * correlate.Milli)
		if err != nil || !(math.Abs(x) <= 1e15) || math.Abs(x*correlate.Milli-milli) > 1e-6 {
			m.Fail(key, s, "not a number with up to three decimals")
			return 0, false
		}
		return int64(milli), true
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		m.Fail(key, s, "not a whole number from 0 on")
		return 0, false
	}
	return n, true
}

// aliases reads which field an alias stands for in observations of which rule.
func aliases(c, a *decode.Map) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, alias := range a.Keys() {
		of := a.Map(alias)
		if of == nil {
			a.Fail(alias, "", "not a mapping of rules to fields")
			break
		}
		out[alias] = map[string]string{}
		for _, rule := range of.Keys() {
			out[alias][rule] = of.Need(rule)
		}
		if r, bad := of.Bad(); bad {
			a.FailAt(r.Line, alias+"."+r.Field, r.Value, r.Reason)
		}
	}
	if r, bad := a.Bad(); bad {
		c.FailAt(r.Line, "aliases."+r.Field, r.Value, r.Reason)
	}
	return out
}
