// Package condition reads and decides conditions over the fields of an alert, as
// exceptions of rules state them:
//
//	host = "web-01" and not user in ("root", "backup")
//	process.executable startswith "C:\\Tools\\" or cmd like "*--health*"
//
// It has three answers. A field that an alert does not carry decides nothing: what
// hangs on it may be so. Neither does a name that stands as a pseudonym where more is asked
// than whether two are equal. Text is compared without regard to case, as most products do.
// It refuses expressions of regular languages, so that deciding takes time in proportion
// to the texts alone.
package condition

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"candor/internal/pseudonym"
)

// Truth is what a condition comes to for an alert.
type Truth int

// The truths. Their order is that in which "and" takes the least and "or" the most.
const (
	No    Truth = iota
	Maybe       // it hangs on what the alert does not say
	Yes
)

// Not returns the opposite; that of Maybe is Maybe.
func (t Truth) Not() Truth { return Yes - t }

// Op is how a field is compared.
type Op string

// The operators.
const (
	Equals     Op = "="
	Differs    Op = "!="
	Contains   Op = "contains"
	StartsWith Op = "startswith"
	EndsWith   Op = "endswith"
	Like       Op = "like" // * stands for any text, ? for one character
	In         Op = "in"
	Exists     Op = "exists"
	// Listed is for a list of values that stands elsewhere: it decides nothing.
	Listed Op = "listed"
)

// Expr is a condition: a comparison, or one of And, Or and Not over others.
type Expr struct {
	// And and Or hold the parts of a conjunction or disjunction, Not what is negated. In
	// a comparison all are empty.
	And, Or []Expr
	Not     *Expr

	Field  string
	Op     Op
	Values []string // one, but for In, which has one or more, and Exists, which has none
}

// Is compares a field with one value.
func Is(field string, op Op, values ...string) Expr {
	return Expr{Field: field, Op: op, Values: values}
}

// All is the conjunction of parts; a single part is itself.
func All(parts ...Expr) Expr {
	if len(parts) == 1 {
		return parts[0]
	}
	return Expr{And: parts}
}

// Any is the disjunction of parts; a single part is itself.
func Any(parts ...Expr) Expr {
	if len(parts) == 1 {
		return parts[0]
	}
	return Expr{Or: parts}
}

// None negates an expression.
func None(e Expr) Expr { return Expr{Not: &e} }

// Decide says whether the condition holds of an alert whose fields value gives: the
// texts of a field, and whether the alert carries it.
func (e *Expr) Decide(value func(field string) ([]string, bool)) Truth {
	switch {
	case e.And != nil:
		t := Yes
		for i := range e.And {
			t = min(t, e.And[i].Decide(value))
		}
		return t
	case e.Or != nil:
		t := No
		for i := range e.Or {
			t = max(t, e.Or[i].Decide(value))
		}
		return t
	case e.Not != nil:
		return e.Not.Decide(value).Not()
	}
	return e.compare(value)
}

func (e *Expr) compare(value func(field string) ([]string, bool)) Truth {
	have, carried := value(e.Field)
	switch {
	case !carried || e.Op == Listed:
		return Maybe
	case e.Op == Exists:
		return truth(len(have) > 0)
	case e.Op == Differs:
		return e.among(Equals, have).Not()
	}
	return e.among(e.Op, have)
}

// among says whether one of the texts of a field compares so with one of the values.
func (e *Expr) among(op Op, have []string) Truth {
	t := No
	for _, h := range have {
		for _, v := range e.Values {
			if holds(op, h, v) {
				return Yes
			}
			if hidden(op, h, v) {
				t = Maybe
			}
		}
	}
	return t
}

// hidden reports whether names that stand as pseudonyms keep it from being known that two
// texts do not compare so. Of two pseudonyms it is known whether they are equal.
func hidden(op Op, have, value string) bool {
	if (op == Equals || op == In) && pseudonym.Is(have) && pseudonym.Is(value) {
		return false
	}
	return pseudonym.Within(have) || pseudonym.Within(value)
}

func truth(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

func holds(op Op, have, value string) bool {
	have, value = strings.ToLower(have), strings.ToLower(value)
	switch op {
	case Equals, In:
		return have == value
	case Contains:
		return strings.Contains(have, value)
	case StartsWith:
		return strings.HasPrefix(have, value)
	case EndsWith:
		return strings.HasSuffix(have, value)
	case Like:
		return like(have, value)
	}
	return false
}

// like reports whether text is of a pattern in which * stands for any text and ? for one
// character. What a star took is given up from the left, once for each star, so that it
// takes no more than the product of both lengths.
func like(text, pattern string) bool {
	t, p, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == '?':
			_, n := utf8.DecodeRuneInString(text[t:])
			t, p = t+n, p+1
		case p < len(pattern) && pattern[p] == text[t]:
			t, p = t+1, p+1
		case star >= 0:
			mark++
			t, p = mark, star+1
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// Fields lists the fields that the condition names, each once and in byte order.
func (e *Expr) Fields() []string {
	var out []string
	e.each(func(c *Expr) { out = append(out, c.Field) })
	slices.Sort(out)
	return slices.Compact(out)
}

// each calls do for every comparison.
func (e *Expr) each(do func(*Expr)) {
	switch {
	case e.And != nil || e.Or != nil:
		for _, parts := range [][]Expr{e.And, e.Or} {
			for i := range parts {
				parts[i].each(do)
			}
		}
	case e.Not != nil:
		e.Not.each(do)
	default:
		do(e)
	}
}

// String writes the condition as Parse reads it.
func (e *Expr) String() string {
	switch {
	case e.And != nil:
		return joined(e.And, " and ")
	case e.Or != nil:
		return joined(e.Or, " or ")
	case e.Not != nil:
		return "not " + e.Not.inner()
	}
	field := e.Field
	if !plain(field) {
		field = quote(field)
	}
	switch e.Op {
	case Exists:
		return field + " exists"
	case In:
		values := make([]string, len(e.Values))
		for i, v := range e.Values {
			values[i] = quote(v)
		}
		return field + " in (" + strings.Join(values, ", ") + ")"
	}
	return fmt.Sprintf("%s %s %s", field, e.Op, quote(e.Values[0]))
}

// inner writes the condition as a part of another.
func (e *Expr) inner() string {
	if e.And != nil || e.Or != nil {
		return "(" + e.String() + ")"
	}
	return e.String()
}

func joined(parts []Expr, word string) string {
	texts := make([]string, len(parts))
	for i := range parts {
		texts[i] = parts[i].inner()
	}
	return strings.Join(texts, word)
}

// quote writes a text between quotes, with a backslash before what would end it.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// plain reports whether a name may stand without quotes.
func plain(s string) bool {
	return s != "" && !keyword(s) && !strings.ContainsFunc(s, func(r rune) bool { return !word(r) })
}
