package reach

import (
	"slices"
	"strings"

	"candor/internal/attack"
)

// Heading is the title under which the relations of one type, direction and sort of other
// end stand.
type Heading struct {
	Type string
	// Out says that they leave the object which they are listed of.
	Out bool
	// other are the kinds of the other end; none is any.
	other []attack.Kind
	Title string
	// Kept says that the order of the references means something.
	Kept bool
	// Place is where among all headings it stands.
	Place int
}

// headings lists the relations in the order in which they are shown: what the
// object became and belongs to, how it is seen, who uses it, what stops it, and what
// it consists of.
func headings() []Heading {
	groups, campaigns := []attack.Kind{attack.KindGroup}, []attack.Kind{attack.KindCampaign}
	software := []attack.Kind{attack.KindMalware, attack.KindTool}
	techniques := []attack.Kind{attack.KindTechnique, attack.KindSubTechnique}
	return []Heading{
		{Type: attack.RevokedBy, Out: true, Title: "Revoked by"},
		{Type: attack.RevokedBy, Title: "Replaces"},
		{Type: attack.InTactic, Out: true, Title: "Tactics", Kept: true},
		{Type: attack.SubtechniqueOf, Out: true, Title: "Sub-technique of"},
		{Type: attack.HasAnalytic, Title: "Detection strategy it belongs to"},
		{Type: attack.ReadsSource, Out: true, Title: "Log sources it reads", Kept: true},
		{Type: attack.PartOf, Out: true, Title: "Data source"},
		{Type: attack.Detects, Out: true, Title: "Detects"},
		{Type: attack.HasAnalytic, Out: true, Title: "Analytics"},
		{Type: attack.Detects, other: []attack.Kind{attack.KindStrategy}, Title: "Detected by"},
		{Type: attack.Detects, other: []attack.Kind{attack.KindComponent}, Title: "Detected by data components"},
		{Type: attack.AttributedTo, Out: true, Title: "Attributed to"},
		{Type: attack.Uses, other: groups, Title: "Used by groups"},
		{Type: attack.Uses, other: campaigns, Title: "Used in campaigns"},
		{Type: attack.Uses, other: software, Title: "Used by software"},
		{Type: attack.Uses, Out: true, other: techniques, Title: "Techniques it uses"},
		{Type: attack.Uses, Out: true, other: software, Title: "Software it uses"},
		{Type: attack.AttributedTo, Title: "Campaigns attributed to it"},
		{Type: attack.Mitigates, Title: "Mitigated by"},
		{Type: attack.Mitigates, Out: true, Title: "Mitigates"},
		{Type: attack.Targets, Out: true, Title: "Assets it targets"},
		{Type: attack.Targets, Title: "Techniques that target it"},
		{Type: attack.RelatedToName, Out: true, Title: "Related assets", Kept: true},
		{Type: attack.RelatedToName, Title: "Named as related by"},
		{Type: attack.SubtechniqueOf, Title: "Sub-techniques"},
		{Type: attack.HasTactic, Out: true, Title: "Tactics", Kept: true},
		{Type: attack.InTactic, Title: "Techniques"},
		{Type: attack.PartOf, Title: "Data components"},
		{Type: attack.ReadsSource, Title: "Analytics that read it"},
		{Type: attack.HasTactic, Title: "Matrices"},
	}
}

// closing lists the relations that come last, after those of unknown type: who made the
// object, and what lists it.
func closing() []Heading {
	return []Heading{
		{Type: attack.CreatedBy, Out: true, Title: "Created by"},
		{Type: attack.ModifiedBy, Out: true, Title: "Modified by"},
		{Type: attack.MarkedBy, Out: true, Title: "Marked by"},
		{Type: attack.Contains, Title: "Listed in"},
		{Type: attack.Contains, Out: true, Title: "Lists"},
		{Type: attack.CreatedBy, Title: "Objects created by it"},
		{Type: attack.ModifiedBy, Title: "Objects modified by it"},
		{Type: attack.MarkedBy, Title: "Objects that it marks"},
	}
}

// Headings are all headings in their order, made ready to be asked.
type Headings struct {
	byType  map[string][]Heading
	unknown int
	places  int
}

// NewHeadings returns the headings.
func NewHeadings() *Headings {
	known, last := headings(), closing()
	h := &Headings{byType: map[string][]Heading{}, unknown: len(known), places: len(known) + 1 + len(last)}
	for i, x := range known {
		x.Place = i
		h.byType[x.Type] = append(h.byType[x.Type], x)
	}
	for i, x := range last {
		x.Place = len(known) + 1 + i
		h.byType[x.Type] = append(h.byType[x.Type], x)
	}
	return h
}

// Places is how many places there are, [Headings.Unknown] among them.
func (h *Headings) Places() int { return h.places }

// Unknown is the place of relations of which no heading is known; those that say who made
// an object come after it.
func (h *Headings) Unknown() int { return h.unknown }

// Under returns the heading of a relation as one of its ends sees it: out says that the
// other end is where it leads to. One of which none is known has its own type as title.
func (h *Headings) Under(typ string, out bool, other attack.Kind) Heading {
	for _, x := range h.byType[typ] {
		if x.Out == out && (x.other == nil || slices.Contains(x.other, other)) {
			return x
		}
	}
	direction := "to here"
	if out {
		direction = "from here"
	}
	return Heading{Type: typ, Out: out, Title: typ + " (" + direction + ")", Place: h.unknown}
}

// Key names a heading in addresses.
func (x Heading) Key() string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(x.Title)), "-")
}
