package diff

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// layer is an ATT&CK Navigator layer, format 4.5, as far as it is used here.
type layer struct {
	Name        string           `json:"name"`
	Versions    layerVersions    `json:"versions"`
	Domain      string           `json:"domain"`
	Description string           `json:"description"`
	Sorting     int              `json:"sorting"`
	Hide        bool             `json:"hideDisabled"`
	Techniques  []layerTechnique `json:"techniques"`
	Legend      []layerLegend    `json:"legendItems"`
}

type layerVersions struct {
	ATTACK    string `json:"attack"`
	Navigator string `json:"navigator"`
	Layer     string `json:"layer"`
}

type layerTechnique struct {
	ID       string `json:"techniqueID"`
	Color    string `json:"color"`
	Comment  string `json:"comment"`
	Enabled  bool   `json:"enabled"`
	ShowSubs bool   `json:"showSubtechniques"`
}

type layerLegend struct {
	Label string `json:"label"`
	Color string `json:"color"`
}

// colours are told apart by people who do not see red and green alike.
var colours = map[Category]string{
	Addition: "#56b4e9", Major: "#d55e00", Minor: "#e69f00", OtherVersion: "#f0e442", Patch: "#cccccc",
	Revocation: "#000000", Deprecation: "#666666", Unrevocation: "#009e73", Undeprecation: "#66c2a5", Content: "#cc79a7", Retired: "#d9d9d9",
}

// Layer writes the report as a Navigator layer of the newer release: each
// changed technique with the colour of its category. Techniques that the newer
// release lacks cannot be shown and are named in the description.
func (r Report) Layer(w io.Writer) error {
	major, _, _ := strings.Cut(r.New.Version, ".")
	l := layer{
		Name:     fmt.Sprintf("%s to %s", r.Old, r.New),
		Versions: layerVersions{ATTACK: major, Navigator: "5.1.0", Layer: "4.5"},
		Domain:   r.New.Domain, Techniques: []layerTechnique{}, Legend: []layerLegend{},
		Description: fmt.Sprintf("Techniques that changed from ATT&CK %s to %s.", r.Old, r.New),
	}
	for _, c := range Categories() {
		objects := r.ByKind["techniques"][c]
		if len(objects) == 0 {
			continue
		}
		if c == Deletion {
			l.Description += " Deleted and not shown: " + ids(objects) + "."
			continue
		}
		l.Legend = append(l.Legend, layerLegend{title(string(c)), colours[c]})
		for i := range objects {
			if e := &objects[i]; e.ATTACKID != "" {
				l.Techniques = append(l.Techniques, layerTechnique{
					ID: e.ATTACKID, Color: colours[c], Comment: title(string(c)) + ": " + e.line(), Enabled: true,
				})
			}
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(l)
}

func ids(objects []Changed) string {
	var list []string
	for i := range objects {
		list = append(list, objects[i].ATTACKID)
	}
	return strings.Join(list, ", ")
}
