package mapping

import (
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"time"

	"candor/internal/alert/export"
	"candor/internal/decode"
)

// maxDepth bounds how deep expressions and conditions lie within each other.
const maxDepth = 4

// expr is what makes a value: a path, a constant, the name of the file, the first of
// several, or several joined; and what is done with it then.
type expr struct {
	path     string
	at       int // of the path among those that are read of a record; see export.Paths
	constant string
	filename *regexp.Regexp
	first    []*expr
	parts    []*expr
	with     string // between joined parts

	match  *regexp.Regexp
	all    bool // every match, not the first alone
	values map[string]string
	fold   func(string) string
	factor float64 // what a number is multiplied with; 0 leaves it
	clock  clock   // how a time is written; nil for what is none
}

// reading reads the expressions of a mapping.
type reading struct {
	zone     *time.Location
	warnings []string
}

// key reads what a mapping says of one key.
func (r *reading) key(columns *decode.Map, k key) *expr {
	e := r.expr(columns, k.name, 0)
	if (k.as == moment || k.as == date) && e.clock == nil {
		e.clock = automatic(r.zone)
	}
	return e
}

// expr reads the expression under a name.
func (r *reading) expr(of *decode.Map, name string, depth int) *expr {
	node := of.Node(name)
	if node == nil {
		return &expr{}
	}
	spec, isMap := decode.NewMap(of.File(), node)
	if !isMap {
		return &expr{path: of.Need(name)}
	}
	e := r.spec(spec, depth)
	if bad, is := spec.Bad(); is {
		field := name
		if bad.Field != "" {
			field += "." + bad.Field
		}
		of.FailAt(bad.Line, field, bad.Value, bad.Reason)
	}
	r.warnings = append(r.warnings, spec.Unknown()...)
	return e
}

// spec reads an expression that is written as a mapping.
func (r *reading) spec(spec *decode.Map, depth int) *expr {
	e := &expr{path: spec.String("column"), with: "-"}
	given := 0
	for _, name := range []string{"column", "value", "filename", "first_of", "join"} {
		if spec.Has(name) {
			given++
		}
	}
	if given != 1 {
		spec.Fail("column", "", "one of column, value, filename, first_of and join must be given")
	}
	if v := spec.Node("value"); v != nil {
		e.constant = spec.String("value")
	}
	e.first, e.parts = r.several(spec, "first_of", depth), r.several(spec, "join", depth)
	if w := spec.Node("with"); w != nil {
		e.with = w.Value // not trimmed: it may be a blank
		if len(e.parts) == 0 {
			spec.Fail("with", w.Value, "what stands between the parts of join, and there is none")
		}
	}
	if pattern := spec.String("filename"); pattern != "" {
		if e.filename = pattern1(spec, "filename"); e.filename != nil && e.filename.NumSubexp() != 1 {
			spec.Fail("filename", pattern, "not a regular expression with one group")
		}
	}
	e.treat(spec, r.zone)
	return e
}

// treat reads what is done with the values that were found.
func (e *expr) treat(spec *decode.Map, zone *time.Location) {
	e.match, e.all = pattern1(spec, "match"), spec.Bool("all", false)
	if e.match != nil && e.match.NumSubexp() > 1 {
		spec.Fail("match", e.match.String(), "not a regular expression with at most one group, which is what is taken")
	}
	if e.all && e.match == nil {
		spec.Fail("all", "true", "said without match, of which it takes every one")
	}
	e.values = values(spec)
	switch fold := spec.String("case"); fold {
	case "":
	case "lower":
		e.fold = strings.ToLower
	case "upper":
		e.fold = strings.ToUpper
	default:
		spec.Fail("case", fold, "neither lower nor upper")
	}
	e.factor = unit(spec)
	if spec.Has("format") || spec.Has("zone") {
		e.clock = clockOf(spec, zone)
	}
}

// several reads a list of expressions: paths, or mappings.
func (r *reading) several(spec *decode.Map, name string, depth int) []*expr {
	if !spec.Has(name) {
		return nil
	}
	if depth == maxDepth {
		spec.Fail(name, "", "expressions lie deeper within each other than is read")
		return nil
	}
	var out []*expr
	for _, item := range spec.Items(name) {
		m, isMap := decode.NewMap(spec.File(), item)
		if !isMap {
			if item.Value == "" {
				spec.FailAt(item.Line, name, "", "an empty entry, where the name of a column or a path should be")
			}
			out = append(out, &expr{path: strings.TrimSpace(item.Value)})
			continue
		}
		out = append(out, r.spec(m, depth+1))
		if bad, is := m.Bad(); is {
			spec.FailAt(bad.Line, name+"."+bad.Field, bad.Value, bad.Reason)
		}
		r.warnings = append(r.warnings, m.Unknown()...)
	}
	if len(out) == 0 {
		spec.Fail(name, "", "an empty list")
	}
	return out
}

// pattern1 reads a regular expression, nil where there is none.
func pattern1(spec *decode.Map, name string) *regexp.Regexp {
	text := spec.String(name)
	if text == "" {
		return nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		spec.Fail(name, text, "not a regular expression: "+err.Error())
	}
	return re
}

// values reads the words that stand for other words.
func values(spec *decode.Map) map[string]string {
	sub := spec.Map("values")
	if sub == nil {
		return nil
	}
	out := map[string]string{}
	for _, word := range sub.Keys() {
		out[word] = sub.String(word)
	}
	if r, bad := sub.Bad(); bad {
		spec.FailAt(r.Line, "values."+r.Field, r.Value, r.Reason)
	}
	return out
}

// units are what numbers may be of, in the unit that Candor counts in: seconds, or shares
// of one.
func units() map[string]float64 {
	return map[string]float64{"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400, "percent": .01, "k": 1000}
}

func unit(spec *decode.Map) float64 {
	name := spec.String("unit")
	if name == "" {
		return 0
	}
	f, ok := units()[name]
	if !ok {
		spec.Fail("unit", name, "not one of ns, us, ms, s, min, h, d (of time, made seconds), percent (made a share of one) and k (thousands)")
	}
	return f
}

func (e *expr) namesFile() bool {
	is := e.filename != nil
	for _, sub := range append(e.first, e.parts...) {
		is = is || sub.namesFile()
	}
	return is
}

// each calls do with every expression in this one that reads a path.
func (e *expr) each(do func(*expr)) {
	if e.path != "" {
		do(e)
	}
	for _, list := range [...][]*expr{e.first, e.parts} {
		for _, sub := range list {
			sub.each(do)
		}
	}
}

// label names what the expression reads, for messages.
func (e *expr) label() string {
	var all []string
	e.each(func(sub *expr) { all = append(all, sub.path) })
	return strings.Join(all, ", ")
}

// row is one record that is read through a mapping.
type row struct {
	export.Object
	record *export.Record // that was read at its paths alone, without an Object; nil otherwise
	outer  export.Object  // the record in whose list it stands; nil otherwise
	line   int
	base   string // the name of the file without its folder
	found  map[string]bool
	met    []bool // paths that are in found already, where record is there
	table  bool   // names are in lower case
}

// outside begins a path in the record in whose list the row stands.
const outside = "$."

// texts returns the texts at the path of an expression in order, each once and none blank.
func (r *row) texts(e *expr) []string {
	if r.record != nil {
		all := alone(r.record.TextsAt(e.at))
		if len(all) > 0 && !r.met[e.at] {
			r.met[e.at], r.found[e.path] = true, true
		}
		return all
	}
	all := r.whole(e.path)
	if len(all) > 0 && !r.found[e.path] {
		r.found[e.path] = true
	}
	return all
}

// alone is export.EachText of texts that may be changed: one, as most are, stays where it is.
func alone(texts []string) []string {
	if len(texts) != 1 || strings.IndexByte(texts[0], '\n') >= 0 {
		return export.EachText(texts)
	}
	if texts[0] = strings.TrimSpace(texts[0]); texts[0] == "" {
		return nil
	}
	return texts[:1:1]
}

// whole finds the texts at a path in a record that was read whole.
func (r *row) whole(p string) []string {
	o := r.Object
	if rest, is := strings.CutPrefix(p, outside); is && r.outer != nil {
		o, p = r.outer, rest
	}
	if r.table {
		p = strings.ToLower(p)
	}
	return o.Texts(p)
}

// raw returns the values of an expression before anything is done with them.
func (e *expr) raw(r *row) []string {
	switch {
	case e.path != "":
		return r.texts(e)
	case e.filename != nil:
		if g := e.filename.FindStringSubmatch(r.base); g != nil {
			return []string{g[1]}
		}
	case e.constant != "":
		return []string{e.constant}
	case len(e.first) > 0:
		for _, sub := range e.first {
			if v := sub.eval(r); len(v) > 0 {
				return v
			}
		}
	case len(e.parts) > 0:
		return e.joined(r)
	}
	return nil
}

// joined returns the parts with what stands between them. An empty part keeps its place,
// so that two composed ids are equal only where their parts are; without any part there
// is no value.
func (e *expr) joined(r *row) []string {
	parts, some := make([]string, len(e.parts)), false
	for i, sub := range e.parts {
		if v := sub.eval(r); len(v) > 0 {
			parts[i], some = v[0], some || len(sub.constant) == 0
		}
	}
	if !some {
		return nil
	}
	return []string{strings.Join(parts, e.with)}
}

// eval returns the values of an expression in a record, none of them empty.
func (e *expr) eval(r *row) []string {
	all := e.raw(r)
	if e.match != nil {
		all = e.matched(all)
	}
	if e.values != nil {
		all = e.translated(all)
	}
	if e.fold == nil && e.factor == 0 {
		return all
	}
	all = slices.Clone(all) // a path that several name is read once
	for i, v := range all {
		if e.fold != nil {
			v = e.fold(v)
		}
		all[i] = e.scaled(v)
	}
	return all
}

// matched returns what the pattern takes of each value.
func (e *expr) matched(all []string) []string {
	n := 1
	if e.all {
		n = -1
	}
	var out []string
	for _, v := range all {
		for _, g := range e.match.FindAllStringSubmatch(v, n) {
			if took := g[len(g)-1]; took != "" {
				out = append(out, took)
			}
		}
	}
	return out
}

// translated returns what words stand for: their own entry, else the entry of "*", else
// the word; where there is no value, the entry of the empty word.
func (e *expr) translated(all []string) []string {
	if len(all) == 0 {
		all = []string{""}
	}
	var out []string
	for _, v := range all {
		to, ok := e.values[v]
		if !ok && v != "" {
			if to, ok = e.values["*"]; !ok {
				to = v
			}
		}
		if to != "" {
			out = append(out, to)
		}
	}
	return out
}

// scaled returns a number in the unit that Candor counts in. What is no number stays as
// it is, so that its reader refuses it by name.
func (e *expr) scaled(v string) string {
	if e.factor == 0 {
		return v
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(v), "%"), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return v
	}
	// Rounded to what the number itself can say: .3 percent is .003.
	return strconv.FormatFloat(n*e.factor, 'g', 15, 64)
}

func baseOf(file string) string { return path.Base(strings.ReplaceAll(file, `\`, "/")) }
