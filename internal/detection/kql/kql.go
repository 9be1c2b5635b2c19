// Package kql reads which tables a query in the Kusto query language asks, and which
// events of them where it says so by number.
//
// It reads the shape of pipelines and nothing of what they compute: the first name of
// each, those of union, join, lookup and materialize, what let statements stand for,
// and comparisons of an EventID with numbers. It refuses to judge a query: what is
// broken is read as far as it goes. Its time grows with the length of the query and
// its memory with the number of its tables.
package kql

import (
	"slices"
	"strings"
)

// Query is what a query asks.
type Query struct {
	// Tables are the tables and functions that it asks, in order and each once, as
	// spelled; a union's globs are among them.
	Tables []string
	// Events are the event numbers that it compares EventID with, in order.
	Events []string
	// Sources are the strings that it compares the source, channel or facility of
	// events with, in order and in lower case.
	Sources []string
}

// maxQuery bounds how much of a query is read, in bytes; products take far less.
const maxQuery = 1 << 18

// maxTables bounds how many tables are noted.
const maxTables = 500

// Read reads a query.
func Read(text string) Query {
	text = text[:min(len(text), maxQuery)]
	r := reader{tokens: scan(text), lets: map[string]bool{}, named: map[string]int{}, seen: map[string]bool{}}
	r.statements()
	return r.out
}

// reader goes through the tokens once. It does not nest: a stack of levels, one for
// each open bracket, says where the next name may begin a pipeline.
type reader struct {
	tokens []token
	at     int
	// begins says that the next name begins a pipeline.
	begins bool
	levels []level
	// lets are the names that let statements and functions' parameters bind, in lower
	// case.
	lets map[string]bool
	// defining is the function whose parameters were read last, and parameters are those,
	// in lower case, each with its place, from 0.
	defining   string
	parameters map[string]int
	// named are the functions that read the table that a parameter names, each with the
	// place of that parameter, from 0.
	named map[string]int
	seen  map[string]bool
	out   Query
}

// level is an open bracket.
type level struct {
	// tables says that it lists tables: a comma begins the next.
	tables bool
	// parameters says that it lists a function's parameters.
	parameters bool
}

func (r *reader) peek(ahead int) token {
	if i := r.at + ahead; i >= 0 && i < len(r.tokens) {
		return r.tokens[i]
	}
	return token{}
}

func (r *reader) top() *level { return &r.levels[len(r.levels)-1] }

// statements reads every statement.
func (r *reader) statements() {
	r.levels, r.begins = []level{{}}, true
	for r.at < len(r.tokens) {
		t := r.peek(0)
		r.at++
		switch {
		case t.kind == mark:
			r.mark(t)
		case t.kind != name:
			r.begins = false
		case r.top().parameters:
			r.parameter(t)
		case r.begins || r.peek(0).is("|") && r.peek(-2).is("("):
			r.begin(t)
		case comparesEvents(t.text):
			r.events()
		case comparesSource(t.text):
			r.sources()
		case t.word("materialize") || t.word("toscalar") || t.word("view"):
			r.begins = r.peek(0).is("(")
		}
	}
}

// mark reads a mark that is no name.
func (r *reader) mark(t token) {
	switch t.text {
	case "(", "[", "{":
		tables := t.text == "(" && r.begins && r.top().tables
		r.levels = append(r.levels, level{tables: tables})
		r.begins = t.text == "{" || t.text == "(" && r.begins
	case ")", "]", "}":
		if len(r.levels) > 1 {
			r.levels = r.levels[:len(r.levels)-1]
		}
		r.begins = false
	case ";":
		r.top().tables = false
		r.begins = true
	case ",":
		r.begins = r.top().tables
	case "|":
		r.top().tables, r.begins = false, false
		r.operator()
	default:
		r.begins = false
	}
}

// begin reads the name that begins a pipeline or a statement.
func (r *reader) begin(t token) {
	r.begins = false
	switch lower := strings.ToLower(t.text); lower {
	case "let":
		r.let()
	case "union":
		r.union()
	case "search", "find":
		r.search()
	case "materialize", "view", "toscalar":
		r.begins = true
	case "table":
		if by := r.peek(1); r.peek(0).is("(") && by.kind == text {
			r.table(by.text)
		} else if i, ok := r.parameters[strings.ToLower(by.text)]; ok && by.kind == name {
			r.named[r.defining] = i
		}
	case "cluster", "database", "workspace", "app":
		r.begins = r.behind()
	case "print", "range", "evaluate", "true", "false", "set", "declare", "alias", "restrict", "pattern":
	default:
		if r.lets[lower] {
			if i, ok := r.named[lower]; ok {
				r.table(r.argument(i))
			}
			r.arguments()
			return
		}
		if !r.peek(0).is("(") || lower != t.text || strings.HasPrefix(t.text, "_") {
			r.table(t.text) // the language's own functions are in lower case
		}
	}
}

// arguments says of the arguments of a function that the query defines that they may be
// tables.
func (r *reader) arguments() {
	if r.peek(0).is("(") {
		r.at++
		r.levels = append(r.levels, level{tables: true})
		r.begins = true
	}
}

// argument returns the text that is the argument of a function at a place, from 0; empty
// where something else is, or a bracket stands before it.
func (r *reader) argument(place int) string {
	if !r.peek(0).is("(") {
		return ""
	}
	for i := 1; ; i++ {
		switch t := r.peek(i); {
		case t.kind == mark && t.text != "," && t.text != "=" && t.text != ".", t == token{}:
			return ""
		case place < 0:
			return ""
		case t.is(","):
			place--
		case place == 0 && t.kind == text:
			return t.text
		case place == 0 && !r.peek(i+1).is("="): // of a named argument the name comes first
			if !t.is("=") {
				return ""
			}
		}
	}
}

// behind goes to the table behind cluster, database or workspace, and reports whether
// there may be one: workspace('x').Table.
func (r *reader) behind() bool {
	if !r.peek(0).is("(") || r.peek(1).kind != text || !r.peek(2).is(")") || !r.peek(3).is(".") {
		return false
	}
	r.at += 4
	return true
}

// let reads "let name =" and, of a function, that its parameters come next.
func (r *reader) let() {
	bound := strings.ToLower(r.peek(0).text)
	if r.peek(0).kind == name {
		r.lets[bound] = true
		r.at++
	}
	if r.peek(0).is("=") {
		r.at++
	}
	if r.peek(0).word("view") {
		r.at++
	}
	r.begins = true
	// (name: type) and () are parameters; anything else in brackets is a pipeline.
	if r.peek(0).is("(") && (r.peek(1).is(")") || r.peek(1).kind == name && r.peek(2).is(":")) {
		r.levels = append(r.levels, level{parameters: true})
		r.defining, r.parameters = bound, map[string]int{}
		r.begins = false
		r.at++
	}
}

// parameter binds the name of a function's parameter.
func (r *reader) parameter(t token) {
	if r.peek(0).is(":") {
		lower := strings.ToLower(t.text)
		r.lets[lower] = true
		if _, twice := r.parameters[lower]; !twice {
			r.parameters[lower] = len(r.parameters)
		}
	}
}

// union reads what a union has before its tables.
func (r *reader) union() {
	r.options()
	r.top().tables, r.begins = true, true
}

// options passes over kind=, isfuzzy=, withsource= and hints.
func (r *reader) options() {
	for r.peek(0).kind == name {
		switch {
		case r.peek(1).is("="):
			r.at += 3
		case r.peek(1).is(".") && r.peek(3).is("="): // hint.strategy=
			r.at += 5
		default:
			return
		}
	}
}

// search reads "in (A, B)" behind search and find.
func (r *reader) search() {
	r.options()
	if r.peek(0).word("in") && r.peek(1).is("(") {
		r.at += 2
		r.levels = append(r.levels, level{tables: true})
		r.begins = true
	}
}

// operator reads the word behind a pipe.
func (r *reader) operator() {
	t := r.peek(0)
	if t.kind != name {
		return
	}
	r.at++
	switch {
	case t.word("join") || t.word("lookup"):
		r.options()
		r.begins = true
	case t.word("union"):
		r.union()
	}
}

// table notes a table, unless let binds its name.
func (r *reader) table(t string) {
	lower := strings.ToLower(t)
	if t == "" || r.lets[lower] || r.seen[lower] || len(r.out.Tables) >= maxTables {
		return
	}
	r.seen[lower] = true
	r.out.Tables = append(r.out.Tables, t)
}

func comparesEvents(column string) bool {
	switch strings.ToLower(column) {
	case "eventid", "event_id", "eventcode", "eventoriginaltype", "eventoriginalid":
		return true
	}
	return false
}

func comparesSource(column string) bool {
	switch strings.ToLower(column) {
	case "source", "eventsourcename", "eventlog", "channel", "provider", "syslogfacility":
		return true
	}
	return false
}

// events reads "EventID == 4688", "EventID in (1, 3)" and the like.
func (r *reader) events() {
	for _, v := range r.values() {
		if strings.Trim(v, "0123456789") == "" && v != "" && !slices.Contains(r.out.Events, v) && len(r.out.Events) < maxTables {
			r.out.Events = append(r.out.Events, v)
		}
	}
}

func (r *reader) sources() {
	for _, v := range r.values() {
		if v = strings.ToLower(v); v != "" && !slices.Contains(r.out.Sources, v) && len(r.out.Sources) < maxTables {
			r.out.Sources = append(r.out.Sources, v)
		}
	}
}

// values reads what a column is compared with, where it is to be equal to it.
func (r *reader) values() []string {
	op := r.peek(0)
	switch {
	case op.is("==") || op.is("=~") || op.word("has") || op.word("contains") || op.word("startswith"):
		r.at++
		if v := r.peek(0); v.kind == text || v.kind == number {
			r.at++
			return []string{v.text}
		}
	case op.word("in") || op.word("in~") || op.word("has_any"):
		r.at++
		if r.peek(0).is("~") {
			r.at++
		}
		if !r.peek(0).is("(") {
			return nil
		}
		var out []string
		for r.at++; r.at < len(r.tokens) && (r.peek(0).kind == text || r.peek(0).kind == number || r.peek(0).is(",")); r.at++ {
			if v := r.peek(0); v.kind != mark && len(out) < maxTables {
				out = append(out, v.text)
			}
		}
		return out
	}
	return nil
}
