package condition

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is read.
const (
	// MaxLength is how long the text of a condition may be, in bytes.
	MaxLength = 100_000
	maxDepth  = 50
)

// Parse reads a condition: comparisons (=, !=, contains, startswith, endswith, like, in,
// exists) joined by and, or, not and parentheses. A field or value of letters, digits and
// any of _ - . @ : / \ * ? $ % + stands as it is, every other between double quotes, where a
// backslash stands before a quote or a backslash. The error says what was wrong and at
// which character.
func Parse(text string) (Expr, error) {
	if len(text) > MaxLength {
		return Expr{}, fmt.Errorf("the condition is longer than %d bytes", MaxLength)
	}
	if !utf8.ValidString(text) {
		return Expr{}, fmt.Errorf("the condition is not UTF-8")
	}
	tokens, err := cut(text)
	if err != nil {
		return Expr{}, err
	}
	p := &parser{tokens: tokens}
	e, err := p.or(0)
	if err == nil && p.now().text != "" {
		err = p.wrong("and, or, or the end")
	}
	return e, err
}

// token is a word, a quoted text or a sign of a condition. The end has no text.
type token struct {
	text   string // the quote begins that of a quoted one
	column int    // counted in characters from 1
}

func (t token) is(word string) bool { return strings.EqualFold(t.text, word) }

func (t token) quoted() bool { return strings.HasPrefix(t.text, `"`) }

// value is what a token stands for as a field or a value.
func (t token) value() string { return strings.TrimPrefix(t.text, `"`) }

func word(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(`_-.@:/\*?$%+`, r)
}

// keyword reports whether a word means something where a field is looked for.
func keyword(s string) bool {
	return slices.ContainsFunc([]string{"and", "or", "not"}, func(k string) bool { return strings.EqualFold(k, s) })
}

func cut(text string) ([]token, error) {
	var out []token
	runes := []rune(text)
	for i := 0; i < len(runes); {
		at, r := i+1, runes[i]
		switch {
		case unicode.IsSpace(r):
			i++
		case r == '"':
			value, n, ok := unquote(runes[i:])
			if !ok {
				return nil, fmt.Errorf("at character %d: the quote is not closed", at)
			}
			out, i = append(out, token{`"` + value, at}), i+n
		case r == '!' && i+1 < len(runes) && runes[i+1] == '=':
			out, i = append(out, token{"!=", at}), i+2
		case strings.ContainsRune("(),=", r):
			out, i = append(out, token{string(r), at}), i+1
		case word(r):
			n := i
			for n < len(runes) && word(runes[n]) {
				n++
			}
			out, i = append(out, token{string(runes[i:n]), at}), n
		default:
			return nil, fmt.Errorf("at character %d: %q means nothing here; put texts that hold it between double quotes", at, r)
		}
	}
	return append(out, token{"", len(runes) + 1}), nil
}

// unquote reads a text between quotes, and says how many characters it takes.
func unquote(runes []rune) (string, int, bool) {
	var b strings.Builder
	for i := 1; i < len(runes); i++ {
		switch r := runes[i]; {
		case r == '"':
			return b.String(), i + 1, true
		case r == '\\' && i+1 < len(runes) && (runes[i+1] == '"' || runes[i+1] == '\\'):
			i++
			b.WriteRune(runes[i])
		default:
			b.WriteRune(r)
		}
	}
	return "", 0, false
}

type parser struct {
	tokens []token
	at     int
}

func (p *parser) now() token { return p.tokens[p.at] }

// take returns the token and goes on behind it; the end stays.
func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.text != "" {
		p.at++
	}
	return t
}

func (p *parser) wrong(want string) error {
	t := p.now()
	if t.text == "" {
		return fmt.Errorf("the condition ends where %s should stand", want)
	}
	return fmt.Errorf("at character %d: %q stands where %s should", t.column, t.value(), want)
}

func (p *parser) or(depth int) (Expr, error) {
	return p.chain(depth, "or", p.and, Any)
}

func (p *parser) and(depth int) (Expr, error) {
	return p.chain(depth, "and", p.unary, All)
}

// chain reads parts that a word joins.
func (p *parser) chain(depth int, by string, part func(int) (Expr, error), join func(...Expr) Expr) (Expr, error) {
	var parts []Expr
	for {
		e, err := part(depth)
		if err != nil {
			return Expr{}, err
		}
		parts = append(parts, e)
		if !p.now().is(by) {
			return join(parts...), nil
		}
		p.take()
	}
}

func (p *parser) unary(depth int) (Expr, error) {
	if depth > maxDepth {
		return Expr{}, fmt.Errorf("at character %d: parentheses are nested more than %d deep", p.now().column, maxDepth)
	}
	switch {
	case p.now().is("not"):
		p.take()
		e, err := p.unary(depth + 1)
		return None(e), err
	case p.now().is("("):
		p.take()
		e, err := p.or(depth + 1)
		if err == nil && !p.now().is(")") {
			err = p.wrong("a closing parenthesis")
		}
		p.take()
		return e, err
	}
	return p.comparison()
}

func (p *parser) comparison() (Expr, error) {
	t := p.now()
	if !t.quoted() && !plain(t.text) || t.value() == "" {
		return Expr{}, p.wrong("the name of a field")
	}
	e := Expr{Field: p.take().value(), Op: Op(strings.ToLower(p.now().text))}
	switch e.Op {
	case Exists:
		p.take()
		return e, nil
	case In:
		p.take()
		return p.list(e)
	case Equals, Differs, Contains, StartsWith, EndsWith, Like, Listed:
		p.take()
		return p.one(e)
	}
	return Expr{}, p.wrong("one of =, !=, contains, startswith, endswith, like, in, exists")
}

// one reads the value of a comparison.
func (p *parser) one(e Expr) (Expr, error) {
	t := p.now()
	if !t.quoted() && (t.text == "" || keyword(t.text) || strings.Contains("(),=!=", t.text)) {
		return Expr{}, p.wrong("a value")
	}
	e.Values = append(e.Values, p.take().value())
	return e, nil
}

// list reads the values of a comparison between parentheses.
func (p *parser) list(e Expr) (Expr, error) {
	if !p.now().is("(") {
		return Expr{}, p.wrong("a list between parentheses")
	}
	for {
		p.take()
		var err error
		if e, err = p.one(e); err != nil {
			return Expr{}, err
		}
		switch {
		case p.now().is(")"):
			p.take()
			return e, nil
		case !p.now().is(","):
			return Expr{}, p.wrong("a comma or a closing parenthesis")
		}
	}
}
