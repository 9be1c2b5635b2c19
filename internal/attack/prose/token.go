package prose

import (
	"html"
	"regexp"
	"strings"

	"candor/internal/attack"
	"candor/internal/inert"
)

// kind is what a token is.
type kind int

// The kinds of token.
const (
	plain  kind = iota // text as it is
	code               // <code>...</code>, or between backticks
	link               // [words](address)
	styled             // <b>...</b> and the like, and **...**
	cited              // (Citation: NAME)
	broken             // <br>
)

// token is a piece of text. The tokens of a text, one behind the other, are the whole
// of it: what is not read as markup is plain.
type token struct {
	kind kind
	// text is what is shown of plain, and of code that holds no links.
	text string
	kids []token
	// name is the element of styled, or the name of cited.
	name string
	// href is the address of a link, which is local where this program has the page.
	href  string
	local bool
	// ref is what is cited, if the object's references know it, as note number.
	ref      attack.Reference
	resolved bool
	number   int
}

// scanner reads tokens. It looks at each byte a bounded number of times.
type scanner struct {
	src   string
	refs  map[string]attack.Reference
	page  *Page
	out   []token
	plain strings.Builder
	// none says of what closes markup that it does not come any more.
	none map[string]bool
	// words says that these are the words of a link, which hold no other.
	words bool
}

// Bounds of what is looked for, in bytes. What is longer is text.
const (
	maxName   = 512
	maxWords  = 512
	maxURL    = 2 << 10
	maxInside = 4 << 10 // of an element
	maxStyled = 8       // elements within each other
)

// tokens reads a text.
func (p *Page) tokens(text string, refs []attack.Reference) []token {
	names := make(map[string]attack.Reference, len(refs))
	for _, r := range refs {
		name := strings.TrimSpace(r.SourceName) // some end in a space, here or in the citation
		if _, ok := names[name]; !ok {
			names[name] = r
		}
	}
	s := &scanner{src: text, refs: names, page: p, none: map[string]bool{}}
	s.scan(0, len(text), 0)
	return s.out
}

// scan reads the text from a place up to another, within so many elements.
func (s *scanner) scan(from, to, depth int) {
	for i := from; i < to; {
		n := 0
		switch c := s.src[i]; {
		case c == '`':
			n = s.ticks(i, to)
		case c == '&':
			n = s.entity(i, to)
		case s.words:
		case c == '<':
			n = s.tag(i, to, depth)
		case c == '(':
			n = s.citation(i, to)
		case c == '[':
			n = s.link(i, to)
		case c == '*':
			n = s.strong(i, to, depth)
		}
		if n == 0 {
			n = 1
			s.plain.WriteByte(s.src[i])
		}
		i += n
	}
	s.flush()
}

// flush ends the plain text that was read so far.
func (s *scanner) flush() {
	if s.plain.Len() > 0 {
		s.out = append(s.out, token{kind: plain, text: s.plain.String()})
		s.plain.Reset()
	}
}

func (s *scanner) add(t token) {
	s.flush()
	s.out = append(s.out, t)
}

// within returns the tokens of a part of the text.
func (s *scanner) within(from, to, depth int) []token {
	part := &scanner{src: s.src, refs: s.refs, page: s.page, none: s.none}
	part.scan(from, to, depth)
	return part.out
}

// line returns where the line that a place is in ends, at most at to.
func (s *scanner) line(from, to int) int {
	if n := strings.IndexByte(s.src[from:to], '\n'); n >= 0 {
		return from + n
	}
	return to
}

var (
	paragraphEnd = regexp.MustCompile(`\n[ \t]*\n`)
	codeEnd      = regexp.MustCompile(`(?i)</?code>`)
	codeLink     = regexp.MustCompile(`\[([^\[\]]*)\]\((https?://attack\.mitre\.org/[^()\s]*)\)`)
	reference    = regexp.MustCompile(`^&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});`)
	entities     = regexp.MustCompile(reference.String()[1:])
	opening      = regexp.MustCompile(`^<(b|i|u|em|strong|sub|sup)>`)
	breaking     = regexp.MustCompile(`(?i)^<br ?/?>`)
	address      = regexp.MustCompile(`^<(https?://[^<>\s]+)>`)
)

// tag reads what begins with "<": a <code> element, which ATT&CK sometimes ends with
// <code> instead of </code>, a line break, an address, or one of the elements that are
// HTML and not content, if it ends in the same line. Every other "<" is text.
func (s *scanner) tag(i, to, depth int) int {
	rest := s.src[i:to]
	if len(rest) >= len("<code>") && strings.EqualFold(rest[:len("<code>")], "<code>") {
		return s.codeElement(i, to)
	}
	if m := breaking.FindString(rest[:min(len(rest), 6)]); m != "" {
		s.add(token{kind: broken})
		return len(m)
	}
	if m := address.FindStringSubmatch(rest[:min(len(rest), maxURL)]); m != nil {
		if href, local := s.page.follow(m[1]); href != "" {
			s.add(token{kind: link, href: href, local: local, kids: []token{{kind: plain, text: m[1]}}})
			return len(m[0])
		}
	}
	m := opening.FindStringSubmatch(rest[:min(len(rest), 8)])
	if m == nil || depth == maxStyled {
		return 0
	}
	begin := i + len(m[0])
	end := s.line(i, min(to, begin+maxInside))
	closing := "</" + m[1] + ">"
	n := strings.Index(s.src[begin:end], closing)
	if n < 0 {
		return 0
	}
	s.add(token{kind: styled, name: m[1], kids: s.within(begin, begin+n, depth+1)})
	return begin + n + len(closing) - i
}

// codeElement reads a <code> element that ends before the next empty line.
func (s *scanner) codeElement(i, to int) int {
	begin := i + len("<code>")
	if s.none["</code>"] {
		return 0
	}
	m := codeEnd.FindStringIndex(s.src[begin:to])
	if m == nil {
		s.none["</code>"] = true
		return 0
	}
	inside := s.src[begin : begin+m[0]]
	if paragraphEnd.MatchString(inside) {
		return 0
	}
	s.add(token{kind: code, kids: s.codeTokens(inside)})
	return begin + m[1] - i
}

// codeTokens reads the content of a <code> element: HTML's text, and links to objects.
func (s *scanner) codeTokens(inside string) []token {
	var out []token
	at := 0
	text := func(end int) {
		if end > at {
			out = append(out, token{kind: plain, text: entities.ReplaceAllStringFunc(inside[at:end], meant)})
		}
	}
	for _, m := range codeLink.FindAllStringSubmatchIndex(inside, -1) {
		href, local := s.page.follow(inside[m[4]:m[5]])
		if href == "" {
			continue
		}
		text(m[0])
		out = append(out, token{kind: link, href: href, local: local, kids: []token{{kind: plain, text: inside[m[2]:m[3]]}}})
		at = m[1]
	}
	text(len(inside))
	return out
}

// ticks reads code between as many backticks. Between three of them an empty line does
// not end it.
func (s *scanner) ticks(i, to int) int {
	n := len(s.src[i:to]) - len(strings.TrimLeft(s.src[i:to], "`"))
	run := s.src[i : i+n]
	if s.none[run] {
		s.plain.WriteString(run)
		return n
	}
	for at := i + n; ; {
		next := strings.Index(s.src[at:to], run)
		if next < 0 {
			s.none[run] = true
			break
		}
		end := at + next
		after := end + n
		for after < to && s.src[after] == '`' {
			after++
		}
		if after > end+n { // a longer run closes nothing
			at = after
			continue
		}
		if n < 3 && paragraphEnd.MatchString(s.src[i+n:end]) || end == i+n {
			break
		}
		s.add(token{kind: code, text: s.src[i+n : end]})
		return after - i
	}
	s.plain.WriteString(run)
	return n
}

// citation reads "(Citation: NAME)". NAME may hold ")", so the longest one that the
// object's references know is taken, else the one that ends where its brackets balance.
func (s *scanner) citation(i, to int) int {
	const begins = "(Citation:"
	if !strings.HasPrefix(s.src[i:to], begins) {
		return 0
	}
	rest := s.src[i+len(begins) : s.line(i, min(to, i+len(begins)+maxName))]
	t := token{kind: cited}
	end, depth, balanced := 0, 0, 0
	for j := range len(rest) {
		switch rest[j] {
		case '(':
			depth++
		case ')':
			if ref, ok := s.refs[strings.TrimSpace(rest[:j])]; ok {
				t.ref, t.resolved, end = ref, true, j+1
			}
			if depth == 0 && balanced == 0 {
				balanced = j + 1
			}
			depth--
		}
	}
	if end == 0 {
		end = balanced
	}
	if end == 0 {
		return 0
	}
	t.name = strings.TrimSpace(rest[:end-1])
	t.number = s.page.note(&t)
	s.add(t)
	return len(begins) + end
}

// link reads "[words](address)" if the address may be followed. An image is a link,
// because no page loads anything from elsewhere.
func (s *scanner) link(i, to int) int {
	end := s.line(i, min(to, i+maxWords+maxURL))
	n := balanced(s.src[i:min(end, i+maxWords)], '[', ']')
	if n <= 2 || i+n >= end || s.src[i+n] != '(' {
		return 0
	}
	dest := balanced(s.src[i+n:min(end, i+n+maxURL)], '(', ')')
	if dest <= 2 {
		return 0
	}
	target := s.src[i+n+1 : i+n+dest-1]
	if strings.ContainsAny(target, " \t<>") {
		return 0
	}
	href, local := s.page.follow(html.UnescapeString(target))
	if href == "" {
		return 0
	}
	words := &scanner{src: s.src, refs: s.refs, page: s.page, none: s.none, words: true}
	words.scan(i+1, i+n-1, maxStyled)
	s.add(token{kind: link, href: href, local: local, kids: words.out})
	return n + dest
}

// balanced returns the length of what begins with an opening bracket and ends with the
// closing one that belongs to it, or 0.
func balanced(text string, open, shut byte) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// strong reads "**words**" where it can be nothing else: between white space or
// brackets, without an asterisk or a backslash inside. A single asterisk, and what
// underscores surround, is content: paths and patterns are full of them.
func (s *scanner) strong(i, to, depth int) int {
	begin := i + 2
	if !strings.HasPrefix(s.src[i:to], "**") || depth == maxStyled || i > 0 && !strings.ContainsRune(" \t\n(", rune(s.src[i-1])) {
		return 0
	}
	end := s.line(i, min(to, begin+maxWords))
	if begin >= end {
		return 0
	}
	n := strings.IndexAny(s.src[begin:end], `*\`)
	inside := ""
	if n > 0 {
		inside = s.src[begin : begin+n]
	}
	after := begin + n + 2
	if n <= 0 || !strings.HasPrefix(s.src[begin+n:end], "**") || strings.TrimSpace(inside) != inside ||
		after < to && !strings.ContainsRune(" \t\n.,;:!?)", rune(s.src[after])) {
		return 0
	}
	s.add(token{kind: styled, name: "strong", kids: s.within(begin, begin+n, depth+1)})
	return after - i
}

// entity reads a character reference of HTML that ends in a semicolon: "copy" often
// follows "&" in a command.
func (s *scanner) entity(i, to int) int {
	m := reference.FindString(s.src[i:min(to, i+40)])
	if m == "" || meant(m) == m {
		return 0
	}
	s.plain.WriteString(meant(m))
	return len(m)
}

// meant returns the characters that a character reference names, or itself when they
// would not be seen.
func meant(reference string) string {
	text := html.UnescapeString(reference)
	if inert.Line(text) != text || strings.HasSuffix(text, ";") && text != ";" {
		return reference
	}
	return text
}
