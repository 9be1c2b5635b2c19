package export

import (
	"slices"
	"strconv"
	"strings"

	"candor/internal/decode"
)

// Paths are those paths of a record that somebody reads, so that the rest of it is only
// looked at to see whether it is JSON, and nothing of it is built.
type Paths struct {
	all  []string
	root step
}

// step is a name on the way to what is read.
type step struct {
	name  string
	below []*step
	slot  int // of the path that ends here; -1 where none does
}

// NewPaths returns the paths, or nil where one of them picks the entry of a list by its
// number, which needs the whole record.
func NewPaths(all ...string) *Paths {
	p := &Paths{root: step{slot: -1}}
	for _, path := range all {
		if p.Index(path) >= 0 {
			continue
		}
		for name := range strings.SplitSeq(path, ".") {
			if _, err := strconv.Atoi(name); err == nil {
				return nil
			}
		}
		p.root.add(path, len(p.all))
		p.all = append(p.all, path)
	}
	return p
}

// Len returns how many paths there are.
func (p *Paths) Len() int {
	if p == nil {
		return 0
	}
	return len(p.all)
}

// Index returns at which index a path is read; -1 for one that is not read.
func (p *Paths) Index(path string) int {
	if p == nil {
		return -1
	}
	return slices.Index(p.all, path)
}

// add adds a path, of which each part may be one name, since names may hold dots.
func (s *step) add(path string, slot int) {
	s.make(path).slot = slot
	for i := range len(path) {
		if path[i] == '.' {
			s.make(path[:i]).add(path[i+1:], slot)
		}
	}
}

func (s *step) make(name string) *step {
	if below := s.at(name); below != nil {
		return below
	}
	below := &step{name: name, slot: -1}
	s.below = append(s.below, below)
	return below
}

// at returns the step under a name; nil where nothing there is read.
func (s *step) at(name string) *step {
	if s == nil {
		return nil
	}
	for _, b := range s.below {
		if b.name == name {
			return b
		}
	}
	return nil
}

// slot has the texts at a path, in their order, and the way on which they were met.
type slot struct {
	texts []string
	way   *step
}

// filler reads what lies at paths, of text that quick reads.
type filler struct {
	quickReader
	slots []slot
	names []string // of the objects that are being read, one within the other
}

// fill reads a record of JSON into the slots. It returns false for what is no object that
// the function quick reads, and where texts of one path are met on several ways, whose
// order is that of the ways.
func (f *filler) fill(p *Paths, text string) bool {
	if f.slots == nil {
		f.slots = make([]slot, len(p.all))
	}
	for i := range f.slots {
		f.slots[i].texts = f.slots[i].texts[:0]
	}
	f.Scan, f.names = decode.Scan{Text: text}, f.names[:0]
	f.Space()
	if f.At == len(f.Text) || f.Text[f.At] != '{' || !f.value(&p.root, maxQuick) {
		return false
	}
	f.Space()
	return f.At == len(f.Text)
}

// value reads a value at a step, or passes over it where there is none.
func (f *filler) value(s *step, depth int) bool {
	f.Space()
	if f.At == len(f.Text) || depth == 0 {
		return false
	}
	switch f.Text[f.At] {
	case '{':
		return f.object(s, depth)
	case '[':
		return f.list(s, depth)
	}
	text, null, ok := f.plain()
	if !ok || null || s == nil || s.slot < 0 {
		return ok
	}
	to := &f.slots[s.slot]
	if len(to.texts) > 0 && to.way != s {
		return false
	}
	to.texts, to.way = append(to.texts, text), s
	return true
}

// maxNames bounds the names of an object that is read so, because each is compared with the
// ones before it.
const maxNames = 100

// object reads an object. That a name is there twice is a fault of what is passed over, too.
func (f *filler) object(s *step, depth int) bool {
	start := len(f.names)
	ok := f.each(func(name string) bool {
		for _, n := range f.names[start:] {
			if n == name {
				return false
			}
		}
		if f.names = append(f.names, name); len(f.names)-start > maxNames {
			return false
		}
		return f.value(s.at(name), depth-1)
	})
	f.names = f.names[:start]
	return ok
}

func (f *filler) list(s *step, depth int) bool {
	f.At++
	if f.Next(']') {
		return true
	}
	for f.value(s, depth-1) {
		if f.Next(']') {
			return true
		}
		if !f.Next(',') {
			return false
		}
	}
	return false
}

// TextsAt returns the texts at the path of an index, as they are written and in their order.
// They may be changed, and are valid until the next record.
func (r *Record) TextsAt(i int) []string {
	if r.slots != nil {
		return r.slots[i].texts
	}
	var out []string
	r.Object.each(r.paths.all[i], func(v Value) {
		if s, ok := v.Text(); ok {
			out = append(out, s)
		}
	})
	return out
}

// FirstText returns the first of texts that is not blank, without the blanks around it, as Text
// does.
func FirstText(texts []string) string {
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			return t
		}
	}
	return ""
}

// EachText returns texts each once and none blank, one of several lines as one for each, as
// Texts does.
func EachText(texts []string) []string {
	if len(texts) == 1 && strings.IndexByte(texts[0], '\n') < 0 {
		if one := strings.TrimSpace(texts[0]); one != "" {
			return []string{one}
		}
		return nil
	}
	var out []string
	for _, t := range texts {
		for line := range strings.Lines(t) {
			if line = strings.TrimSpace(line); line != "" && !slices.Contains(out, line) {
				out = append(out, line)
			}
		}
	}
	return out
}
