package stix

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Distinct returns a JSON value in which every key of an object is once, in it and in what it
// holds: of members with equal keys the last counts, as for most readers of JSON,
// and the earlier ones are dropped whole, so that no two of them are merged. It
// returns raw itself when no key is repeated. Raw must be valid JSON but for that.
func Distinct(raw []byte) []byte {
	var k keys
	if _, _, repeats := compact(nil, raw, &k); !repeats {
		return raw
	}
	clean, _ := distinct(raw)
	return clean
}

// repeat is a key that occurs more than once in one JSON object.
type repeat struct {
	path  string // of the object that has it, empty for the outermost
	key   string
	times int
	equal bool // every value is the last one
}

func (r repeat) String() string {
	key := strconv.Quote(r.key)
	if r.path != "" {
		key += " in " + r.path
	}
	times := "twice"
	if r.times > 2 {
		times = fmt.Sprintf("%d times", r.times)
	}
	if r.equal {
		return fmt.Sprintf("the key %s occurs %s with equal values", key, times)
	}
	return fmt.Sprintf("the key %s occurs %s with differing values; the last counts", key, times)
}

// fewKeys is up to how many keys of an object are looked through one by one.
const fewKeys = 64

// keys tells whether a key was there before in the same object. It goes by hashes:
// it may take two keys for one, and never one for two. The zero keys is ready.
type keys struct {
	open []level  // the objects and arrays around, the innermost last
	seen []uint64 // the keys of the open objects, the innermost's last
}

// level is an object (1) or an array (0) that is open. It keeps its own table, so
// that what stands between two of its keys does not cost it the table.
type level struct {
	object, start int
	many          map[uint64]bool // of an object that has many keys
}

func (k *keys) reset() { k.open, k.seen = k.open[:0], k.seen[:0] }

func (k *keys) enter(object int) {
	k.open = append(k.open, level{object: object, start: len(k.seen)})
}

func (k *keys) leave() {
	if n := len(k.open); n > 0 {
		k.seen = k.seen[:k.open[n-1].start]
		k.open = k.open[:n-1]
	}
}

// inObject reports whether the innermost value that is open is an object.
func (k *keys) inObject() bool { n := len(k.open); return n > 0 && k.open[n-1].object == 1 }

// again reports whether the innermost object has had a key before.
func (k *keys) again(key []byte) bool {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	h := uint64(offset)
	for _, c := range key {
		h = (h ^ uint64(c)) * prime
	}
	in := &k.open[len(k.open)-1]
	have := k.seen[in.start:]
	k.seen = append(k.seen, h)
	if len(have) > fewKeys {
		return in.amongMany(have, h)
	}
	return slices.Contains(have, h)
}

func (l *level) amongMany(have []uint64, h uint64) bool {
	if l.many == nil {
		l.many = make(map[uint64]bool, 4*len(have))
		for _, s := range have {
			l.many[s] = true
		}
	}
	again := l.many[h]
	l.many[h] = true
	return again
}

// keyText returns the text of a key as JSON writes it, quotes included.
func keyText(quoted []byte) []byte {
	if len(quoted) < 2 {
		return quoted
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	text, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		return quoted
	}
	return text
}

// distinct returns raw, valid JSON, without white space and without members whose
// key comes again in the same object, and tells of each key that does.
func distinct(raw []byte) ([]byte, []repeat) {
	c := cleaner{raw: raw, out: make([]byte, 0, len(raw))}
	c.value()
	return c.out, c.repeats
}

type cleaner struct {
	raw     []byte
	at      int
	out     []byte
	path    []string
	repeats []repeat
}

// member is where a member of an object is in the output.
type member struct {
	key               string
	start, value, end int
	dropped           bool
}

func (c *cleaner) space() {
	for c.at < len(c.raw) && strings.IndexByte(" \t\r\n", c.raw[c.at]) >= 0 {
		c.at++
	}
}

// peek returns the next byte that is no white space, 0 at the end.
func (c *cleaner) peek() byte {
	if c.space(); c.at < len(c.raw) {
		return c.raw[c.at]
	}
	return 0
}

// punctuation copies one byte.
func (c *cleaner) punctuation() {
	if c.peek() != 0 {
		c.out = append(c.out, c.raw[c.at])
		c.at++
	}
}

func (c *cleaner) value() {
	switch c.peek() {
	case '{':
		c.object()
	case '[':
		c.array()
	case '"':
		c.text()
	default:
		for c.at < len(c.raw) && strings.IndexByte(",]} \t\r\n", c.raw[c.at]) < 0 {
			c.out = append(c.out, c.raw[c.at])
			c.at++
		}
	}
}

func (c *cleaner) text() {
	end := stringEnd(c.raw, c.at)
	c.out = append(c.out, c.raw[c.at:end]...)
	c.at = end
}

func (c *cleaner) array() {
	c.punctuation()
	for n, before := 0, -1; c.peek() != ']' && c.peek() != 0 && c.at > before; n++ {
		before = c.at
		if n > 0 {
			c.punctuation() // the comma
		}
		c.path = append(c.path, strconv.Itoa(n))
		c.value()
		c.path = c.path[:len(c.path)-1]
	}
	c.punctuation()
}

func (c *cleaner) object() {
	start := len(c.out)
	c.punctuation()
	var members []member
	last := map[string]int{}
	repeats := false
	for c.peek() == '"' || c.peek() == ',' {
		if c.peek() == ',' {
			c.punctuation()
			c.space()
		}
		m := member{start: len(c.out)}
		from := c.at
		c.text()
		m.key = string(keyText(c.raw[from:c.at]))
		c.punctuation() // the colon
		m.value = len(c.out)
		c.path = append(c.path, m.key)
		c.value()
		c.path = c.path[:len(c.path)-1]
		m.end = len(c.out)
		if before, ok := last[m.key]; ok {
			members[before].dropped = true
			repeats = true
		}
		last[m.key] = len(members)
		members = append(members, m)
	}
	if repeats {
		c.tell(members, last)
		c.join(start, members)
	}
	if c.peek() == '}' {
		c.punctuation()
	}
}

// tell notes the keys of an object that are repeated, in the order in which they
// first occur.
func (c *cleaner) tell(members []member, last map[string]int) {
	at := map[string]int{}
	for _, m := range members {
		counts := members[last[m.key]]
		if m.start == counts.start && at[m.key] == 0 {
			continue // it is there once
		}
		if at[m.key] == 0 {
			c.repeats = append(c.repeats, repeat{path: strings.Join(c.path, "/"), key: m.key, equal: true})
			at[m.key] = len(c.repeats)
		}
		r := &c.repeats[at[m.key]-1]
		r.times++
		r.equal = r.equal && sameJSON(c.out[m.value:m.end], c.out[counts.value:counts.end])
	}
}

// join closes up the members of the object whose brace is at start that stay.
func (c *cleaner) join(start int, members []member) {
	tail := make([]byte, 0, len(c.out)-start)
	for _, m := range members {
		if m.dropped {
			continue
		}
		if len(tail) > 0 {
			tail = append(tail, ',')
		}
		tail = append(tail, c.out[m.start:m.end]...)
	}
	c.out = append(c.out[:start+1], tail...)
}

// sameJSON reports whether two values without repeated keys are equal but for the
// order of keys, escapes and the spelling of numbers.
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, y := jsontext.Value(a).Clone(), jsontext.Value(b).Clone()
	return x.Canonicalize() == nil && y.Canonicalize() == nil && bytes.Equal(x, y)
}
