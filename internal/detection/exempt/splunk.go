package exempt

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/detection/condition"
	"candor/internal/detection/splunk"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// SplunkFormat is the name of the format of Splunk Enterprise Security's suppressions.
const SplunkFormat = "splunk-suppressions"

// splunkProduct is what Splunk's alerts call their source.
const splunkProduct = "Splunk Enterprise Security"

// suppression begins the name of each event type that hides notable events.
const suppression = "notable_suppression-"

// SniffSplunk reports whether a file that begins with head is settings of event types that
// hide notable events.
func SniffSplunk(head []byte, _ string) bool { return bytes.Contains(head, []byte("["+suppression)) }

// maxSearch bounds how long a search is, in bytes.
const maxSearch = 1 << 16

// maxSettings bounds how much of a file of settings is read, in bytes.
const maxSettings = 16 << 20

// Splunk reads the suppressions of notable events that Splunk Enterprise Security keeps as
// event types: eventtypes.conf. The search that names one rule alone is of that rule, any
// other of all; times that it compares _time with bound it. What of a search is no
// comparison of a field decides nothing. File names the input in messages.
func Splunk(file string, r io.Reader) (evidence.Decoded[detection.Exception], error) {
	var out evidence.Decoded[detection.Exception]
	text, err := io.ReadAll(io.LimitReader(r, maxSettings+1))
	switch {
	case err != nil:
		return out, err
	case len(text) > maxSettings:
		return out, fault.New(fault.Invalid, "the settings are larger than %d MiB", maxSettings>>20).At("%s", file).Next("split them")
	case !utf8.Valid(text):
		return out, fault.New(fault.Invalid, "the settings are not UTF-8").At("%s", file).Next("save them as UTF-8")
	}
	stanzas, rejects := splunk.Stanzas(file, string(text))
	out.Rejects = rejects
	others := 0
	for _, s := range stanzas {
		switch name, ok := strings.CutPrefix(s.Name, suppression); {
		case !ok:
			others++
		case off(s.Values["disabled"]):
			out.Warnings = append(out.Warnings, fmt.Sprintf("%s:%d: suppression %s is disabled and was passed over", file, s.Line, name))
		case strings.TrimSpace(s.Values["search"]) == "":
			out.Rejects = append(out.Rejects, evidence.Reject{File: file, Line: s.Line, Field: "search", Value: s.Name, Reason: "is missing or empty, so that nothing says what the suppression hides"})
		case len(s.Values["search"]) > maxSearch:
			out.Rejects = append(out.Rejects, evidence.Reject{File: file, Line: s.Line, Field: "search", Value: s.Name, Reason: fmt.Sprintf("is longer than %d KiB", maxSearch>>10)})
		default:
			e, err := suppressed(name, s.Values)
			if err != nil {
				out.Rejects = append(out.Rejects, evidence.Reject{File: file, Line: s.Line, Field: "search", Value: s.Values["search"], Reason: err.Error()})
				continue
			}
			out.Records = append(out.Records, e)
		}
	}
	if others > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s: event types that hide nothing were passed over: %d", file, others))
	}
	return out, nil
}

func off(disabled string) bool {
	switch strings.ToLower(strings.TrimSpace(disabled)) {
	case "1", "true", "t", "yes", "y":
		return true
	}
	return false
}

// suppressed is the exception that a suppression is.
func suppressed(name string, of map[string]string) (detection.Exception, error) {
	e := detection.Exception{ID: suppression + name, Name: name, RuleID: detection.AnyRule, Source: splunkProduct, Reason: of["description"]}
	s := search{tokens: searchTokens(of["search"])}
	var parts []condition.Expr
	for s.at < len(s.tokens) {
		if s.bound(&e) || s.rule(&e) {
			continue
		}
		part, err := s.any(0)
		if err != nil {
			return e, err
		}
		parts = append(parts, part)
	}
	if e.Expires != "" && e.Expires < e.Since {
		return e, fmt.Errorf("it ends on %s, before it begins on %s", e.Expires, e.Since)
	}
	every := condition.Is("rule_id", condition.Exists)
	parts = slices.DeleteFunc(parts, func(p condition.Expr) bool { return p.Field == every.Field && p.Op == every.Op })
	if len(parts) == 0 { // it hides whatever the rule raises
		parts = append(parts, every)
	}
	all := condition.All(parts...)
	e.Condition = all.String()
	return e, nil
}

// search reads a search's comparisons. In Splunk's search OR binds before AND, which need
// not be written.
type search struct {
	tokens []string
	at     int
}

// searchTokens cuts a search into words, marks and quoted texts; what is quoted begins
// with a quote, and macros with a backtick.
func searchTokens(text string) []string {
	var out []string
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == '"' || c == '`':
			end := i + 1
			for end < len(text) && text[end] != c {
				if c == '"' && text[end] == '\\' {
					end++
				}
				end++
			}
			out = append(out, text[i:min(end, len(text))])
			i = end + 1
		case strings.IndexByte("()|,", c) >= 0:
			out = append(out, text[i:i+1])
			i++
		case strings.IndexByte("=!<>", c) >= 0:
			n := 1
			if i+1 < len(text) && text[i+1] == '=' {
				n = 2
			}
			out = append(out, text[i:i+n])
			i += n
		default:
			end := i
			for end < len(text) && strings.IndexByte(" \t\r\n\"`()|,=!<>", text[end]) < 0 {
				end++
			}
			out = append(out, text[i:end])
			i = end
		}
	}
	return out
}

func (s *search) peek(ahead int) string {
	if i := s.at + ahead; i >= 0 && i < len(s.tokens) {
		return s.tokens[i]
	}
	return ""
}

// alone reports whether the comparison that comes next stands alone among those that must
// all hold: the next but one is no OR.
func (s *search) alone() bool { return !strings.EqualFold(s.peek(3), "OR") }

// bound reads a comparison of _time with a moment, which bounds the suppression, and
// reports whether there was one.
func (s *search) bound(e *detection.Exception) bool {
	seconds, err := strconv.ParseFloat(unquoted(s.peek(2)), 64)
	if s.peek(0) != "_time" || err != nil || seconds < 0 || seconds > 1e11 || !s.alone() {
		return false
	}
	at := time.Unix(int64(seconds), 0).UTC()
	switch s.peek(1) {
	case ">", ">=":
		e.Since = day.Of(at)
	case "<":
		e.Expires, e.Ends = day.Of(at.Add(-1)), true
	case "<=":
		e.Expires, e.Ends = day.Of(at), true
	default:
		return false
	}
	s.at += 3
	return true
}

// rule reads a comparison with the name of one rule, and reports whether there was one.
func (s *search) rule(e *detection.Exception) bool {
	name := unquoted(s.peek(2))
	if field := s.peek(0); field != "source" && field != "search_name" || s.peek(1) != "=" || name == "" || strings.Contains(name, "*") || !s.alone() ||
		e.RuleID != detection.AnyRule && e.RuleID != name {
		return false
	}
	e.RuleID, e.RuleName = name, name
	s.at += 3
	return true
}

// maxNested bounds how deep brackets stand in each other.
const maxNested = 50

// any reads alternatives.
func (s *search) any(depth int) (condition.Expr, error) {
	part, err := s.one(depth)
	parts := []condition.Expr{part}
	for err == nil && strings.EqualFold(s.peek(0), "OR") {
		s.at++
		if part, err = s.one(depth); err == nil {
			parts = append(parts, part)
		}
	}
	if len(parts) == 1 {
		return parts[0], err
	}
	return condition.Any(parts...), err
}

// one reads a comparison, a bracket, or what stands for something that decides nothing.
func (s *search) one(depth int) (condition.Expr, error) {
	if depth > maxNested {
		return condition.Expr{}, fmt.Errorf("brackets stand more than %d deep in each other", maxNested)
	}
	t := s.peek(0)
	s.at++
	switch {
	case t == "" || t == ")" || t == ",":
		return condition.Expr{}, fmt.Errorf("%q stands where a comparison should", t)
	case strings.EqualFold(t, "AND"):
		return s.one(depth + 1)
	case strings.EqualFold(t, "NOT"):
		e, err := s.one(depth + 1)
		return condition.None(e), err
	case t == "(":
		return s.bracket(depth + 1)
	case t == "|": // a pipeline: what comes behind is not of a notable event's fields
		rest := strings.Join(s.tokens[s.at:], " ")
		s.at = len(s.tokens)
		return undecided(rest), nil
	case t[0] == '`' && strings.HasPrefix(t, "`get_notable_index"), strings.EqualFold(t, "index") && s.peek(0) == "=" && unquoted(s.peek(1)) == "notable":
		if t[0] != '`' {
			s.at += 2
		}
		return condition.Is("rule_id", condition.Exists), nil // which every notable event is
	}
	return s.compare(t)
}

// bracket reads comparisons up to the bracket's end.
func (s *search) bracket(depth int) (condition.Expr, error) {
	var parts []condition.Expr
	for s.peek(0) != ")" {
		if s.at >= len(s.tokens) {
			return condition.Expr{}, fmt.Errorf("a bracket is not closed")
		}
		part, err := s.any(depth)
		if err != nil {
			return part, err
		}
		parts = append(parts, part)
	}
	s.at++
	if len(parts) == 0 {
		return condition.Expr{}, fmt.Errorf("a bracket is empty")
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return condition.All(parts...), nil
}

// compare reads the comparison of a field.
func (s *search) compare(field string) (condition.Expr, error) {
	op := s.peek(0)
	switch {
	case strings.ContainsAny(field[:1], "\"`"):
	case op == "=" || op == "!=" || op == "==":
		s.at++
		value := s.peek(0)
		if value == "" || strings.Contains("()|,", value) {
			return condition.Expr{}, fmt.Errorf("field %s is compared with nothing", field)
		}
		s.at++
		e := equal(field, unquoted(value))
		if op == "!=" {
			return condition.None(e), nil
		}
		return e, nil
	case strings.EqualFold(op, "IN") && s.peek(1) == "(":
		s.at += 2
		var parts []condition.Expr
		for ; s.peek(0) != ")"; s.at++ {
			if s.at >= len(s.tokens) {
				return condition.Expr{}, fmt.Errorf("a bracket is not closed")
			}
			if v := s.peek(0); v != "," {
				parts = append(parts, equal(field, unquoted(v)))
			}
		}
		s.at++
		if len(parts) == 0 {
			return condition.Expr{}, fmt.Errorf("field %s is compared with nothing", field)
		}
		return condition.Any(parts...), nil
	case strings.HasPrefix(op, "<") || strings.HasPrefix(op, ">"):
		s.at += 2 // of amounts conditions know nothing
		return undecided(field + op + s.peek(-1)), nil
	}
	return undecided(field), nil
}

func equal(field, value string) condition.Expr {
	if strings.Contains(value, "*") {
		return condition.Is(field, condition.Like, value)
	}
	return condition.Is(field, condition.Equals, value)
}

// undecided is a condition that nothing decides.
func undecided(text string) condition.Expr {
	if strings.HasPrefix(text, "`") {
		text += "`"
	}
	return condition.Is("search", condition.Listed, unquoted(text))
}

func unquoted(t string) string {
	if t, ok := strings.CutPrefix(t, `"`); ok {
		return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(t)
	}
	return t
}
