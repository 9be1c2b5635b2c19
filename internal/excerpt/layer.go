package excerpt

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"candor/internal/attack"
	"candor/internal/fault"
)

// layer is a layer of the ATT&CK Navigator, version 4.5 of its format.
type layer struct {
	Name        string            `json:"name"`
	Versions    map[string]string `json:"versions"`
	Domain      string            `json:"domain"`
	Description string            `json:"description"`
	Layout      layout            `json:"layout"`
	Hide        bool              `json:"hideDisabled"`
	Techniques  []mark            `json:"techniques"`
	Gradient    gradient          `json:"gradient"`
	Legend      []legend          `json:"legendItems"`
	Metadata    []named           `json:"metadata"`
}

type layout struct {
	Layout string `json:"layout"`
	ID     bool   `json:"showID"`
	Name   bool   `json:"showName"`
}

// mark is a technique that the excerpt has. It has no score: nothing was measured.
type mark struct {
	Technique string  `json:"techniqueID"`
	Color     string  `json:"color"`
	Comment   string  `json:"comment"`
	Enabled   bool    `json:"enabled"`
	Metadata  []named `json:"metadata"`
}

type gradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

type legend struct {
	Label string `json:"label"`
	Color string `json:"color"`
}

type named struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// The colours of a layer.
const (
	colourChosen   = "#2f6fb0"
	colourReferred = "#b7d0e8"
)

// navigable are the domains that the Navigator knows.
var navigable = [...]string{"enterprise-attack", "mobile-attack", "ics-attack"}

// Layer writes the techniques of an excerpt as a layer: those that were asked for in one
// colour, those that came with what was asked for in another. Retired ones are left out,
// which the Navigator does not have.
func (s *Service) Layer(ctx context.Context, e *Excerpt, to io.Writer) error {
	if !slices.Contains(navigable[:], e.Release.Domain) {
		return fault.New(fault.Usage, "the Navigator has no layers of %s", e.Release).Next("it has them of %s", strings.Join(navigable[:], ", "))
	}
	if err := s.load(ctx, e); err != nil {
		return err
	}
	major, _, _ := strings.Cut(e.Release.Version, ".")
	l := layer{
		Name: "ATT&CK " + e.Release.String(), Versions: map[string]string{"attack": major, "navigator": "5.1.0", "layer": "4.5"}, Domain: e.Release.Domain,
		Layout: layout{"side", true, true}, Hide: false, Techniques: []mark{}, Gradient: gradient{[]string{"#ffffff", "#ffffff"}, 0, 100},
		Legend:   []legend{{"asked for", colourChosen}, {"related to what was asked for", colourReferred}},
		Metadata: []named{{"release", e.Release.String()}, {"file sha256", e.Release.FileHash}, {"made by", s.Program}},
	}
	for _, o := range e.lib.Objects() {
		if o.Kind.Technique() && o.Live() && e.Has(o.ID) && o.ATTACKID != "" {
			l.Techniques = append(l.Techniques, e.mark(o))
		}
	}
	l.Description = "Which techniques an excerpt of the library has: " + strconv.Itoa(len(l.Techniques)) + ". Nothing is said of detecting them; there is no score."
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	_, err = to.Write(append(b, '\n'))
	return err
}

func (e *Excerpt) mark(o *attack.Object) mark {
	m := mark{Technique: o.ATTACKID, Color: colourReferred, Comment: o.Name, Enabled: true, Metadata: []named{}}
	if e.Whole || e.asked[o.ID] {
		m.Color = colourChosen
	}
	return m
}
