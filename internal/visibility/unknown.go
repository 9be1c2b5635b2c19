package visibility

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"candor/internal/attack"
	"candor/internal/telemetry"
)

// Suggestion is a log source that someone declared or observed and that the
// release does not name, with names of the release that it may stand for.
type Suggestion struct {
	Name    string `json:"name"`
	Channel string `json:"channel,omitempty"`
	// Component is the data component that is not known, where that is what is not; Name
	// and Channel are empty then.
	Component string `json:"component,omitempty"`
	// ReadAs is the component that the declared one is taken for all the same, and How
	// says why.
	ReadAs string `json:"read_as,omitempty"`
	How    string `json:"how,omitempty"`
	// Nearest are log source names of the release or, where the name is known
	// and only the channel is not, channels of that name; of a component components.
	// The nearest come first.
	Nearest []string `json:"nearest"`
	// OfName says that the name of the log source is not known, rather than the channel.
	OfName bool   `json:"of_name,omitempty"`
	Batch  string `json:"batch"`
}

// Words returns what is not known, in words.
func (s *Suggestion) Words() string {
	switch {
	case s.Component != "":
		return "data component " + s.Component
	case s.Channel != "":
		return s.Name + " / " + s.Channel
	}
	return s.Name
}

// maxNearest is how many names a suggestion offers.
const maxNearest = 3

// Unknown returns the declared and observed log sources that no analytic and no
// data component of the release names, and the declared data components that are not
// what the release calls one, each once, by component, name and channel. Names
// that differ only in case or white space are the same.
func Unknown(lib *attack.Library, t Telemetry) []Suggestion {
	known := knownSources(lib)
	seen := map[channel]bool{}
	out := []Suggestion{}
	look := func(name, ch, batch string) {
		c := channel{attack.Fold(name), attack.Fold(ch)}
		if name == "" || seen[c] { // a declaration without a name stands for a component
			return
		}
		seen[c] = true
		if nearest, ok := known.nearest(c); !ok {
			out = append(out, Suggestion{Name: name, Channel: ch, Nearest: nearest, OfName: known[c.name] == nil, Batch: batch})
		}
	}
	called := newComponents(lib)
	for _, s := range t.Sources {
		look(s.Value.Name, s.Value.Channel, s.Batch)
		if c := (channel{"", attack.Fold(s.Value.Component)}); c.channel != "" && !seen[c] && !called.none() {
			seen[c] = true
			if u, ok := called.unknown(s.Value.Component); ok {
				u.Batch = s.Batch
				out = append(out, u)
			}
		}
	}
	for _, o := range t.Observations {
		if _, is := telemetry.IsPulled(o.Value.Source); is {
			continue // it is not a log source that a release could name
		}
		look(o.Value.Source, o.Value.Channel, o.Batch)
	}
	slices.SortFunc(out, func(a, b Suggestion) int {
		return cmp.Or(strings.Compare(a.Component, b.Component), strings.Compare(a.Name, b.Name), strings.Compare(a.Channel, b.Channel))
	})
	return out
}

// unknown returns what is to be said of a component that is not what the release calls
// one.
func (c components) unknown(name string) (Suggestion, bool) {
	s := Suggestion{Component: name, Nearest: []string{}}
	switch o, how := c.find(name); {
	case o == nil:
		s.Nearest = append(s.Nearest, c.nearest(name)...)
	case how == "":
		return s, false
	default:
		s.ReadAs, s.How = o.Name, how
	}
	return s, true
}

// catalogue is the log sources that a release names: by folded name, the name
// as spelled first, and its channels by folded channel.
type catalogue map[string]*heading

type heading struct {
	name     string
	channels map[string]string
}

func knownSources(lib *attack.Library) catalogue {
	known := catalogue{}
	for _, o := range lib.Objects() {
		if !o.Live() {
			continue
		}
		for _, l := range slices.Concat(o.LogSources, o.Channels) {
			name := attack.Fold(l.Name)
			if known[name] == nil {
				known[name] = &heading{l.Name, map[string]string{}}
			}
			known[name].channels[attack.Fold(l.Channel)] = l.Channel
		}
	}
	return known
}

// nearest reports whether the release knows c, and if not what is nearest. Of a name
// that the release also has without a channel, it knows every channel that is not
// like one of those that it names.
func (k catalogue) nearest(c channel) ([]string, bool) {
	e, ok := k[c.name]
	if !ok {
		names := map[string]string{}
		for folded, e := range k {
			names[folded] = e.name
		}
		return near(c.name, names), false
	}
	any := false // a channel that stands for every other
	for known := range e.channels {
		if !speaks(c.channel, known) {
			continue
		}
		if c.channel == "" || known == c.channel || known != "" && known != "none" {
			return nil, true
		}
		any = true
	}
	// What speaks for any channel of the name may still be one that is named, misspelt.
	nearest := near(c.channel, e.channels)
	return nearest, any && len(nearest) == 0
}

// near returns the values whose folded names are nearest to name: the same but
// for punctuation and spaces, or a part of one another, or a few letters apart.
func near(name string, names map[string]string) []string {
	type hit struct {
		distance int
		name     string
	}
	var hits []hit
	bare := letters(name)
	for folded, spelled := range names {
		if d, ok := distance(bare, letters(folded)); ok {
			hits = append(hits, hit{d, spelled})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.name, b.name))
	})
	out := []string{}
	for _, h := range hits[:min(len(hits), maxNearest)] {
		out = append(out, h.name)
	}
	return out
}

// letters returns the letters and digits of a folded name.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// distance returns how far apart two names are and whether that is near. A name
// that holds the other is nearer than one that is spelled otherwise.
func distance(a, b string) (int, bool) {
	if a == "" || b == "" {
		return 0, false
	}
	d := edits([]rune(a), []rune(b))
	if len(a) >= 4 && strings.Contains(b, a) || len(b) >= 4 && strings.Contains(a, b) {
		return min(d, 2), true
	}
	return d, d <= max(1, min(len(a), len(b))/3)
}

// edits is the Levenshtein distance: the fewest insertions, deletions and
// substitutions that turn a into b.
func edits(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			substitute := diagonal
			if x != y {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
