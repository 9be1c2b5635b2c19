package sqlite

import "encoding/binary"

// coder writes or reads the fields of a view, so that one description serves
// both ways.
type coder interface {
	number(*uint64)
	// text is a string that hardly recurs, word one that does.
	text(*string)
	word(*string)
}

// encoder writes fields one after another. A word is written out when it first
// occurs and by its number afterwards.
type encoder struct {
	out   []byte
	known map[string]uint64
}

func (e *encoder) number(n *uint64) { e.out = binary.AppendUvarint(e.out, *n) }

func (e *encoder) text(s *string) {
	e.out = binary.AppendUvarint(e.out, uint64(len(*s)))
	e.out = append(e.out, *s...)
}

func (e *encoder) word(s *string) {
	n, ok := e.known[*s]
	if !ok {
		n = uint64(len(e.known))
		e.known[*s] = n
	}
	e.number(&n)
	if !ok {
		e.text(s)
	}
}

// decoder reads what an encoder wrote. Bytes that no encoder wrote set bad, and
// from then on everything reads as empty.
type decoder struct {
	in    string
	at    int // what is read of in
	known []string
	bad   bool
}

func (d *decoder) number(n *uint64) {
	if d.at < len(d.in) && d.in[d.at] < 0x80 { // most are small
		*n = uint64(d.in[d.at])
		d.at++
		return
	}
	*n = 0
	for shift := 0; shift < 64 && d.at < len(d.in); shift += 7 {
		c := d.in[d.at]
		d.at++
		*n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return
		}
	}
	*n = 0
	d.fail()
}

func (d *decoder) fail() { d.at, d.bad = len(d.in), true }

func (d *decoder) text(s *string) {
	var n uint64
	d.number(&n)
	if n > uint64(len(d.in)-d.at) {
		d.fail()
		n = 0
	}
	*s = d.in[d.at : d.at+int(n)]
	d.at += int(n)
}

func (d *decoder) word(s *string) {
	var n uint64
	d.number(&n)
	switch {
	case n < uint64(len(d.known)):
		*s = d.known[n]
	case n == uint64(len(d.known)) && !d.bad:
		d.text(s)
		d.known = append(d.known, *s)
	default:
		d.fail()
		*s = ""
	}
}

// codeLength codes how many there are of something and returns it. Each takes a
// byte at least, so that damaged bytes cannot ask for all memory.
func codeLength(c coder, have int) int {
	n := uint64(have)
	c.number(&n)
	if d, ok := c.(*decoder); ok && n > uint64(len(d.in)-d.at) {
		d.fail()
		n = 0
	}
	return int(n)
}

// codeWords codes a list of words.
func codeWords(c coder, words *[]string) {
	if n := codeLength(c, len(*words)); n > len(*words) {
		*words = make([]string, n)
	}
	for i := range *words {
		c.word(&(*words)[i])
	}
}
