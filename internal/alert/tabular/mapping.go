package tabular

import (
	"regexp"
	"strings"

	"candor/internal/decode"
	"candor/internal/fault"
)

// Mapping says which columns of a table make an alert, and how their values
// read. It is immutable once made.
type Mapping struct {
	file      string
	sources   map[string]*source
	fields    []string
	words     bool
	delimiter rune
	// own says that the table is Candor's: columns that are not known are fields.
	own bool
}

// source is where one field of an alert comes from: a column, a constant, or the
// name of the file.
type source struct {
	key      string
	line     int
	column   string
	constant string
	filename *regexp.Regexp
	clock
	values map[string]string
}

// The places in Keys.
const (
	keyID = iota
	keyRule
	keyName
	keyTime
	keySite
	keyEntity
	keySeverity
	keyScore
	keyCase
	keyTechniques
	keyTactic
	keySource
	keyDisposition
	keyDispositionTime
	keyDispositionBy
	keyProvenance
	keyReading
	keyDuplicateOf
	keyEntityType
	keyEntities
	numKeys
)

// Keys lists the fields of an alert that a mapping may name.
func Keys() []string {
	return []string{
		"id", "rule_id", "rule_name", "time", "site", "entity", "severity", "score", "case_id", "techniques", "tactic",
		"source", "disposition", "disposition_time", "disposition_by", "provenance",
		"reading", "duplicate_of", "entity_type", "entities",
	}
}

// Own returns the mapping of Candor's own CSV, whose columns bear the names of
// Keys. Other columns of such a file are kept as fields.
func Own() *Mapping {
	m := &Mapping{sources: map[string]*source{}, delimiter: ',', words: true, own: true}
	for _, k := range Keys() {
		m.sources[k] = &source{key: k, column: k}
	}
	return m
}

// IsOwn reports whether a header, in any case, is that of Candor's own CSV: it
// has at least id, rule_id and time.
func IsOwn(header []string) bool {
	have := map[string]bool{}
	for _, h := range header {
		have[strings.ToLower(strings.TrimSpace(h))] = true
	}
	return have["id"] && have["rule_id"] && have["time"]
}

// Delimiter is what stands between two cells.
func (m *Mapping) Delimiter() byte { return byte(m.delimiter) }

// NamesFile reports whether the mapping takes a value from the name of the file,
// so that the name is part of what the file says.
func (m *Mapping) NamesFile() bool {
	for _, s := range m.sources {
		if s.filename != nil {
			return true
		}
	}
	return false
}

// DecodeMapping reads a mapping file and returns it with warnings. It fails with
// fault.Invalid naming line and field.
func DecodeMapping(file string, data []byte) (*Mapping, []string, error) {
	doc, err := decode.Document(file, data, "alert-mapping")
	if err != nil {
		return nil, nil, err
	}
	m := &Mapping{file: file, sources: map[string]*source{}, fields: doc.Strings("fields"), words: doc.Bool("vendor_words", false)}
	m.delimiter = delimiter(doc)
	columns := doc.Map("columns")
	if columns == nil {
		doc.Fail("columns", "", "is missing")
	}
	if err := firstFault(doc); err != nil {
		return nil, nil, err
	}
	warnings := doc.Unknown()
	for _, key := range Keys() {
		s, more := m.source(columns, key)
		warnings = append(warnings, more...)
		if s != nil {
			m.sources[key] = s
		}
	}
	for _, key := range []string{"rule_id", "time"} {
		if m.sources[key] == nil {
			columns.Fail(key, "", "is missing; an alert needs one")
		}
	}
	return m, append(warnings, columns.Unknown()...), firstFault(columns)
}

func firstFault(m *decode.Map) error {
	r, bad := m.Bad()
	if !bad {
		return nil
	}
	field, what := r.Field, r.Reason
	if inner, reason, nested := strings.Cut(what, ": "); nested { // of a key within the field
		field, what = field+"."+inner, reason
	}
	if r.Value != "" {
		what = "\"" + r.Value + "\" is " + strings.TrimPrefix(what, "is ")
	}
	return decode.Invalid(r.File, r.Line, "%s: %s", field, what).Next("correct the mapping file; alert keys are %s", strings.Join(Keys(), ", "))
}

func delimiter(doc *decode.Map) rune {
	node := doc.Node("delimiter") // not trimmed: it may be a tab
	if node == nil {
		return ','
	}
	switch v := node.Value; v {
	case ",", ";", "|", "\t", " ":
		return rune(v[0])
	case "tab", `\t`:
		return '\t'
	default:
		doc.Fail("delimiter", v, "not a comma, semicolon, bar, blank or tab")
	}
	return ','
}

// source reads what a mapping says of one key.
func (m *Mapping) source(columns *decode.Map, key string) (*source, []string) {
	node := columns.Node(key)
	if node == nil {
		return nil, nil
	}
	s := &source{key: key, line: columns.Line(key)}
	spec, isMap := decode.NewMap(columns.File(), node)
	if !isMap {
		s.column = columns.Need(key)
		return s, nil
	}
	s.column, s.constant = spec.String("column"), spec.String("value")
	s.values = values(spec)
	s.clock = clockOf(spec)
	if pattern := spec.String("filename"); pattern != "" {
		re, err := regexp.Compile(pattern)
		switch {
		case err != nil:
			spec.Fail("filename", pattern, "not a regular expression: "+err.Error())
		case re.NumSubexp() != 1:
			spec.Fail("filename", pattern, "not a regular expression with one group")
		}
		s.filename = re
	}
	if given := count(s.column != "", s.constant != "", s.filename != nil); given != 1 {
		spec.Fail("column", "", "one of column, value and filename must be given")
	}
	if r, bad := spec.Bad(); bad {
		columns.Fail(key, r.Value, r.Field+": "+r.Reason)
	}
	return s, spec.Unknown()
}

func count(given ...bool) int {
	n := 0
	for _, g := range given {
		if g {
			n++
		}
	}
	return n
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
		spec.Fail("values", r.Value, r.Reason)
	}
	return out
}

// translate returns what a word of the input stands for: its own entry, else the
// entry of "*" unless the word is empty, else the word.
func (s *source) translate(word string) string {
	if s.values == nil {
		return word
	}
	if v, ok := s.values[word]; ok {
		return v
	}
	if v, ok := s.values["*"]; ok && word != "" {
		return v
	}
	return word
}

// fixed returns the value that is the same for every row of a file, and whether
// there is one. Base is the file's name without its folder.
func (s *source) fixed(m *Mapping, base string) (string, bool, error) {
	if s.filename == nil {
		return s.translate(s.constant), s.constant != "", nil
	}
	group := s.filename.FindStringSubmatch(base)
	if group == nil {
		return "", false, fault.New(fault.Invalid, "the name %q does not match the pattern %q of %s", base, s.filename.String(), s.key).
			At("%s:%d", m.file, s.line).Next("rename the file, or correct the pattern in the mapping file")
	}
	return s.translate(group[1]), true, nil
}
