package mapping

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"candor/internal/alert/export"
	"candor/internal/decode"
)

// Bounds of a look at a file.
const (
	maxSample  = 1000 // records
	maxPaths   = 2000
	maxWords   = 40 // different values that are kept of a path
	maxExample = 60 // bytes of a value that is shown
)

// sample is what a look at the first records of a file tells of its columns or paths.
type sample struct {
	records int
	paths   map[string]*trait
	order   []string                 // in which they were met
	spell   func(path string) string // names as the file has them
}

// trait is what the values at one path are like.
type trait struct {
	path    string
	records int // that have a value
	listed  int // that have more than one
	objects int // that hold a list of objects there
	times   int
	numbers int
	long    int // values too long for a name
	ids     int // values with the ATT&CK ID of a technique in them
	words   map[string]int
	more    bool // there are other words than those kept
}

// look reads the first records of a file.
func (m *Mapping) look(in export.Input) (*sample, error) {
	s := &sample{paths: map[string]*trait{}}
	read := source{Mapping: m, in: in, base: baseOf(in.File), found: map[string]bool{}}
	read.use = func(r *row) bool {
		s.records++
		s.object("", r.Object)
		return s.records < maxSample
	}
	err := read.records()
	if s.spell = read.spell; s.spell == nil {
		s.spell = func(path string) string { return path }
	}
	return s, err
}

func (s *sample) object(prefix string, o export.Object) {
	for _, m := range o.Sorted() {
		s.value(prefix+m.Name, m.Value)
	}
}

func (s *sample) value(path string, v export.Value) {
	if o, is := v.Object(); is {
		s.object(path+".", o)
	}
	if list, is := v.List(); is {
		s.list(path, list)
	}
	if text, is := v.Text(); is {
		if t := s.at(path); t != nil {
			t.add(text)
		}
	}
}

// list looks at the first entry of a list, or at its texts.
func (s *sample) list(path string, all []export.Value) {
	if len(all) == 0 {
		return
	}
	if o, is := all[0].Object(); is {
		if t := s.at(path); t != nil {
			t.objects++
		}
		s.object(path+".", o)
		return
	}
	t := s.at(path)
	if t == nil {
		return
	}
	if len(all) > 1 {
		t.listed++
	}
	if text, is := all[0].Text(); is {
		t.add(text)
	}
}

func (s *sample) at(path string) *trait {
	t := s.paths[path]
	if t == nil && len(s.paths) < maxPaths {
		t = &trait{path: path, words: map[string]int{}}
		s.paths[path], s.order = t, append(s.order, path)
	}
	return t
}

func (t *trait) add(v string) {
	if v = strings.TrimSpace(v); v == "" {
		return
	}
	t.records++
	if _, err := strconv.ParseFloat(v, 64); err == nil {
		t.numbers++
	}
	if _, ok := decode.Time(v); ok {
		t.times++
	}
	if technique.MatchString(v) {
		t.ids++
	}
	if len(v) > maxExample {
		t.long++
	}
	if t.words[v] > 0 || len(t.words) < maxWords {
		t.words[v]++
	} else {
		t.more = true
	}
}

// most returns whether at least nine of ten values are such.
func (t *trait) most(n int) bool { return t.records > 0 && 10*n >= 9*t.records }

// apart reports whether the values differ from record to record, as ids do.
func (t *trait) apart() bool {
	if t.more {
		return len(t.words) == maxWords && !slices.ContainsFunc(slices.Collect(maps.Values(t.words)), func(n int) bool { return n > 1+t.records/100 })
	}
	return len(t.words) == t.records
}

// examples returns the values that are there most, and how many others there are.
func (t *trait) examples(n int) []string {
	words := slices.SortedFunc(maps.Keys(t.words), func(a, b string) int {
		if d := t.words[b] - t.words[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return words[:min(n, len(words))]
}
