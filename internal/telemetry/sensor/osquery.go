package sensor

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/decode"
	"candor/internal/fault"
	"candor/internal/telemetry"
)

// SniffOsquery reports whether a file begins as a pack of osquery or its configuration
// does: its top object has queries, a schedule or packs, and there are queries with an
// interval.
func SniffOsquery(head []byte, _ string) bool {
	if !bytes.Contains(head, []byte(`"query"`)) || !bytes.Contains(head, []byte(`"interval"`)) {
		return false
	}
	d := jsontext.NewDecoder(bytes.NewReader(plainJSON(head)), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return false
	}
	for {
		key, err := d.ReadToken()
		if err != nil || key.Kind() != '"' {
			return false
		}
		name := key.String()
		if d.PeekKind() == '{' && (name == "queries" || name == "schedule" || name == "packs") {
			return true
		}
		if d.SkipValue() != nil {
			return false
		}
	}
}

// pack is a pack, or what a configuration schedules.
type pack struct {
	Platform jsontext.Value            `json:"platform"`
	Queries  map[string]jsontext.Value `json:"queries"`
	Schedule map[string]jsontext.Value `json:"schedule"`
	Packs    map[string]jsontext.Value `json:"packs"`
}

// query is one scheduled query.
type query struct {
	Query    string         `json:"query"`
	Interval jsontext.Value `json:"interval"`
	Platform string         `json:"platform"`
}

// osqueryReader reads one file.
type osqueryReader struct {
	reading
	// tables are the queries that ask each table, by log source and table.
	tables   map[place]*words
	order    []place
	idle     words // queries that are not scheduled
	elsewise words // packs that lie in other files
}

// place is a table of osquery on a platform.
type place struct{ name, table string }

// DecodeOsquery reads a pack of osquery, or a configuration with a schedule and packs,
// JSON with the comments and continued lines that osquery allows: each table that a
// scheduled query asks is declared for its platforms. It fails with fault.Invalid when
// the file is none.
func DecodeOsquery(file string, data []byte) (Declared, error) {
	var p pack
	if err := json.Unmarshal(plainJSON(data), &p, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		return Declared{}, notJSON(file, err)
	}
	r := &osqueryReader{reading: reading{file: file}, tables: map[place]*words{}}
	r.pack(&p, nil, 0)
	r.declare()
	return r.result("no query of the file is scheduled")
}

func notJSON(file string, err error) *fault.Error {
	var text *jsontext.SyntacticError
	if errors.As(err, &text) {
		return decode.Invalid(file, 0, "not JSON: %v", text.Err).Next("check the file with a JSON checker")
	}
	return decode.Invalid(file, 0, "the file is JSON, and no pack of osquery")
}

// plainJSON takes out whole lines of comment, and joins lines that end with a
// backslash.
func plainJSON(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		text := bytes.TrimSpace(line)
		if bytes.HasPrefix(text, []byte("//")) || bytes.HasPrefix(text, []byte("#")) {
			continue
		}
		if bare, ok := bytes.CutSuffix(text, []byte(`\`)); ok {
			out = append(append(out, bare...), ' ')
			continue
		}
		out = append(out, line...)
	}
	return out
}

// pack reads what a pack holds; platforms are those of what it stands in.
func (r *osqueryReader) pack(p *pack, platforms []string, depth int) {
	platforms = within(platforms, r.platformsOf(text(p.Platform)))
	for _, queries := range []map[string]jsontext.Value{p.Queries, p.Schedule} {
		for _, name := range slices.Sorted(maps.Keys(queries)) {
			r.query(name, queries[name], platforms)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Packs)) {
		var inner pack
		switch v := p.Packs[name]; {
		case v.Kind() == '"':
			r.elsewise.add(name)
		case depth > 0 || json.Unmarshal(v, &inner, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil:
			r.reject(0, "packs."+name, "", "neither a pack nor the path of one")
		default:
			r.pack(&inner, platforms, depth+1)
		}
	}
}

// text returns a string value, and the empty string for another one.
func text(v jsontext.Value) string {
	if v.Kind() != '"' {
		return ""
	}
	s, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return ""
	}
	return string(s)
}

func (r *osqueryReader) query(name string, raw jsontext.Value, platforms []string) {
	var q query
	if err := json.Unmarshal(raw, &q, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		r.reject(0, "queries."+name, "", "not a query with its text and interval")
		return
	}
	tables := tablesOf(q.Query)
	switch interval := strings.Trim(string(q.Interval), `" `); {
	case len(tables) == 0:
		r.reject(0, "queries."+name+".query", q.Query, "asks no table")
		return
	case interval == "" || interval == "0" || interval == "null":
		r.idle.add(name)
		return
	}
	for _, platform := range within(platforms, r.platformsOf(q.Platform)) {
		for _, t := range tables {
			at := place{platform + ":osquery", t}
			if r.tables[at] == nil {
				r.tables[at], r.order = &words{}, append(r.order, at)
			}
			r.tables[at].add(name)
		}
	}
}

// systems are the platforms that osquery runs on as ATT&CK's log sources begin.
var systems = []string{"linux", "macos", "windows"}

// platformsOf returns what a platform of a pack or a query stands for.
func (r *osqueryReader) platformsOf(text string) []string {
	var out words
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(c rune) bool { return c == ',' || c == ' ' }) {
		switch word {
		case "darwin", "macos":
			out.add("macos")
		case "windows":
			out.add("windows")
		case "posix":
			out.add("linux")
			out.add("macos")
		case "all", "any":
			return systems
		case "freebsd": // ATT&CK has no such platform
		default: // a distribution of Linux
			out.add("linux")
		}
	}
	if len(out.list) == 0 {
		return systems
	}
	return out.list
}

// within returns those of inner that are among outer; an outer of nil has all.
func within(outer, inner []string) []string {
	if outer == nil {
		return inner
	}
	return slices.DeleteFunc(slices.Clone(inner), func(p string) bool { return !slices.Contains(outer, p) })
}

// tablesOf returns the tables that a query names behind FROM and JOIN, in lower case,
// each once. Names of its own WITH are none.
func tablesOf(query string) []string {
	var out, own words
	tokens := sqlWords(query)
	for i, w := range tokens {
		switch {
		case i+2 < len(tokens) && tokens[i+1] == "as" && tokens[i+2] == "(":
			own.add(w)
		case (w == "from" || w == "join") && i+1 < len(tokens):
			for j := i + 1; j < len(tokens) && tokens[j] != "("; j += 2 { // from a, b
				out.add(tokens[j])
				for j+1 < len(tokens) && tokens[j+1] != "," {
					if !name(tokens[j+1]) || keyword(tokens[j+1]) {
						break
					}
					j++ // an alias
				}
				if j+1 >= len(tokens) || tokens[j+1] != "," {
					break
				}
			}
		}
	}
	return slices.DeleteFunc(out.list, func(t string) bool { return own.has[t] || !name(t) || keyword(t) })
}

// keyword reports whether a word of a query cannot be an alias or a table.
func keyword(w string) bool {
	return slices.Contains([]string{"where", "join", "left", "right", "inner", "outer", "cross", "natural", "on", "using", "group", "order", "limit", "union", "select", "having", "except", "intersect"}, w)
}

func name(w string) bool {
	return w != "" && strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789_.") == ""
}

// sqlWords splits a query into words in lower case and single signs, without texts in
// quotes and comments.
func sqlWords(query string) []string {
	var out []string
	word := []byte{}
	flush := func() {
		if len(word) > 0 {
			out, word = append(out, strings.ToLower(string(word))), word[:0]
		}
	}
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch {
		case c == '\'' || c == '"' || c == '`':
			flush()
			end := strings.IndexByte(query[i+1:], c)
			if end < 0 {
				return out
			}
			if c != '\'' { // a name in quotes
				out = append(out, strings.ToLower(query[i+1:i+1+end]))
			} else {
				out = append(out, "'")
			}
			i += end + 1
		case c == '-' && strings.HasPrefix(query[i:], "--"):
			flush()
			end := strings.IndexByte(query[i:], '\n')
			if end < 0 {
				return out
			}
			i += end
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.':
			word = append(word, c)
		default:
			flush()
			if c > ' ' {
				out = append(out, string(rune(c)))
			}
		}
	}
	flush()
	return out
}

// platformNames are ATT&CK's platforms by how its log sources begin.
var platformNames = map[string]string{"linux": "Linux", "macos": "macOS", "windows": "Windows"}

// declare makes a declaration of each table.
func (r *osqueryReader) declare() {
	for _, at := range r.order {
		system, _, _ := strings.Cut(at.name, ":")
		n := r.tables[at].list
		note := "asked by " + some(n, 3)
		r.out.Records = append(r.out.Records, telemetry.Source{Name: at.name, Channel: at.table, Platforms: []string{platformNames[system]}, Product: "osquery", Note: note})
	}
	if n := len(r.idle.list); n > 0 {
		r.warn(0, "without an interval, and so not scheduled: %s", some(r.idle.list, 5))
	}
	if n := len(r.elsewise.list); n > 0 {
		r.warn(0, "packs that lie in files of their own were not read: %s; add those files", some(r.elsewise.list, 5))
	}
}
