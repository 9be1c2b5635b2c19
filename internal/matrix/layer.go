package matrix

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/correlate/credit"
	"candor/internal/day"
)

// Layer is a layer of the ATT&CK Navigator, version 4.5 of its format:
// https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md
type Layer struct {
	Name        string        `json:"name"`
	Versions    layerVersions `json:"versions"`
	Domain      string        `json:"domain"`
	Description string        `json:"description"`
	Filters     *layerFilters `json:"filters,omitempty"`
	Sorting     int           `json:"sorting"`
	Layout      layerLayout   `json:"layout"`
	Hide        bool          `json:"hideDisabled"`
	Techniques  []layerMark   `json:"techniques"`
	Gradient    layerGradient `json:"gradient"`
	Legend      []layerLegend `json:"legendItems"`
	Metadata    []layerMeta   `json:"metadata"`
	Links       []struct{}    `json:"links"`
	TacticRow   bool          `json:"showTacticRowBackground"`
	TacticPaint string        `json:"tacticRowBackground"`
	Across      bool          `json:"selectTechniquesAcrossTactics"`
	WithParent  bool          `json:"selectSubtechniquesWithParent"`
	Visible     bool          `json:"selectVisibleTechniques"`
}

type layerVersions struct {
	Attack    string `json:"attack"`
	Navigator string `json:"navigator"`
	Layer     string `json:"layer"`
}

type layerFilters struct {
	Platforms []string `json:"platforms"`
}

type layerLayout struct {
	Layout   string `json:"layout"`
	Scores   bool   `json:"showAggregateScores"`
	Function string `json:"aggregateFunction"`
	ID       bool   `json:"showID"`
	Name     bool   `json:"showName"`
	Unscored bool   `json:"countUnscored"`
	Expanded string `json:"expandedSubtechniques"`
}

// layerMark is a technique under a tactic. Of no other view than that of claims
// it has a score: there is no mean of states, and whoever reads a score takes it for coverage.
type layerMark struct {
	Technique string      `json:"techniqueID"`
	Tactic    string      `json:"tactic,omitempty"` // empty for every tactic
	Claimed   int         `json:"score,omitempty"`  // set by Counted alone
	Color     string      `json:"color"`
	Comment   string      `json:"comment"`
	Enabled   bool        `json:"enabled"`
	Metadata  []layerMeta `json:"metadata"`
	Links     []struct{}  `json:"links"`
	ShowSubs  bool        `json:"showSubtechniques"`
}

type layerMeta struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type layerLegend struct {
	Label string `json:"label"`
	Color string `json:"color"`
}

type layerGradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

// newLayer is a layer of a release without techniques.
func newLayer(of attack.Release) *Layer {
	major, _, _ := strings.Cut(of.Version, ".")
	return &Layer{
		Versions: layerVersions{Attack: major, Navigator: "5.1.0", Layer: "4.5"},
		Domain:   of.Domain,
		Layout:   layerLayout{Layout: "side", Function: "average", ID: true, Name: true, Expanded: "none"},
		Hide:     true,
		Gradient: layerGradient{Colors: []string{"#ffffff", "#ffffff"}, Max: 100},
		Links:    []struct{}{}, Techniques: []layerMark{}, Legend: []layerLegend{}, TacticPaint: "#dddddd",
	}
}

// JSON writes the layer as the Navigator reads it.
func (l *Layer) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(l, "", "  ")
	return append(b, '\n'), err
}

// Note adds to the layer's metadata, which the Navigator shows.
func (l *Layer) Note(name, value string) { l.Metadata = append(l.Metadata, layerMeta{name, value}) }

// Layer returns the matrix as a layer of the ATT&CK Navigator, as JSON.
func (m *Matrix) Layer() ([]byte, error) { return m.Marked().JSON() }

// Marked returns the matrix as a layer of the ATT&CK Navigator, version 4.5: each technique
// with the colour of its worst case, its distribution as comment and metadata, and no
// score. Those that do not match are disabled and hidden. MITRE's domains alone have a
// layer that the Navigator can open; of another the layer says its own domain.
func (m *Matrix) Marked() *Layer {
	l := newLayer(m.Release)
	l.Name, l.Description = "Candor: "+m.View.Title()+", "+m.Release.String(), m.said()
	l.Metadata = []layerMeta{{"release", m.Release.String()}, {"as of", string(day.Of(m.AsOf))}, {"policy", m.Policy.String()},
		{"evidence window", string(m.Window.From) + " to " + string(m.Window.To)}, {"view", m.View.Title()}}
	if m.Of.Platform != "" {
		l.Filters = &layerFilters{Platforms: []string{m.Of.Platform}}
	}
	for _, e := range m.Legend {
		l.Legend = append(l.Legend, layerLegend{Label: e.Code + " " + e.Name, Color: e.Colour})
	}
	for i := range m.Tactics {
		t := &m.Tactics[i]
		m.cells(t, func(c *Cell, _ *Cell) { l.Techniques = append(l.Techniques, m.marked(t, c)) })
	}
	return l
}

// cells calls f for each cell of a column, those of sub-techniques with that above them.
func (m *Matrix) cells(t *Column, f func(c, above *Cell)) {
	for i := range t.Cells {
		c := &t.Cells[i]
		f(c, nil)
		for k := range c.Subs {
			f(&c.Subs[k], c)
		}
	}
}

// Counted is Marked for the view of claims, with how many of a technique's analytics a rule
// claims where Navigator has a score: the count can be read back as claims, and is said to be
// no coverage.
func (m *Matrix) Counted() *Layer {
	l := m.Marked()
	if m.View != Claims {
		return l
	}
	l.Description = strings.Replace(l.Description, noScore, ".", 1) + " What the Navigator calls the score is how many of a technique's analytics a rule claims: a count of claims, of which none is shown to work."
	at := 0
	for i := range m.Tactics {
		m.cells(&m.Tactics[i], func(c *Cell, _ *Cell) {
			if c.Matches {
				l.Techniques[at].Claimed = c.count("one") + c.count("several")
			}
			at++
		})
	}
	return l
}

func (m *Matrix) marked(t *Column, c *Cell) layerMark {
	e := layerMark{Technique: c.Of.ATTACKID, Tactic: t.ShortName, Enabled: c.Matches, Comment: m.Says(c), Metadata: []layerMeta{}, Links: []struct{}{}}
	if c.Worst != "" {
		s := m.State(c.Worst)
		e.Color = s.Colour
		e.Metadata = append(e.Metadata, layerMeta{"worst case", s.Name})
	}
	for _, n := range c.States {
		e.Metadata = append(e.Metadata, layerMeta{m.State(n.State).Name, strconv.Itoa(n.Count)})
	}
	for i := range c.Chains {
		e.Metadata = append(e.Metadata, layerMeta{"where to look instead", credit.Looked(c.Chains[i : i+1])})
	}
	return e
}

// Says says in words what a cell shows: the distribution first, so that it is not taken
// for the worst case alone, then what chains are worth that look elsewhere.
func (m *Matrix) Says(c *Cell) string {
	if s := credit.Shortly(c.Chains); s != "" {
		return m.counts(c) + "; " + s
	}
	return m.counts(c)
}

// counts says in words how a cell's analytics are distributed.
func (m *Matrix) counts(c *Cell) string {
	switch {
	case !c.Matches:
		return "not among those asked for"
	case c.Analytics == 0:
		return "no analytic"
	}
	parts := make([]string, 0, len(c.States))
	for _, n := range c.States {
		if n.State != none {
			parts = append(parts, m.State(n.State).Name+" "+strconv.Itoa(n.Count))
		}
	}
	apart := c.Analytics - c.Applicable
	switch {
	case c.Applicable == 0:
		return fmt.Sprintf("none applies, of %d", c.Analytics)
	case apart > 0:
		return fmt.Sprintf("of %d: %s; not applicable %d", c.Applicable, strings.Join(parts, ", "), apart)
	}
	return fmt.Sprintf("of %d: %s", c.Applicable, strings.Join(parts, ", "))
}

// noScore says at the end of a sentence that a layer has none.
const noScore = "; there is no score."

// said says what the matrix is of, and of whom.
func (m *Matrix) said() string {
	text := fmt.Sprintf("%s, %s as of %s, policy %s. %s Each technique has the colour of the worst case of its own analytics"+noScore,
		sentence(m.View.Title()), m.Release, day.Of(m.AsOf), m.Policy, m.View.Hint())
	if of := m.Of.Words(); of != "" {
		text += " Narrowed to " + of + "."
	}
	for _, l := range m.Limits {
		text += " " + l
	}
	return text
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// Words says what a matrix is narrowed to; empty for all of it.
func (n *Narrowed) Words() string {
	var parts []string
	if n.Platform != "" {
		parts = append(parts, "platform "+n.Platform)
	}
	for _, o := range []struct {
		word string
		of   *assure.Name
	}{{"group", n.Group}, {"software", n.Software}, {"campaign", n.Campaign}, {"tactic", n.Tactic}} {
		if o.of != nil {
			parts = append(parts, o.word+" "+strings.TrimSpace(o.of.ATTACKID+" "+o.of.Name))
		}
	}
	if n.Profile != "" {
		parts = append(parts, "profile "+n.Profile)
	}
	if n.Source != "" {
		parts = append(parts, "rules of "+n.Source)
	}
	return attack.Listed(parts)
}
