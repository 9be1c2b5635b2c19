package attack

import "strings"

// Caveat is a limit of detection that an object's official text states itself.
type Caveat struct {
	Code CaveatCode `json:"code"`
	// Field is the STIX field that holds the sentence.
	Field string `json:"field"`
	// Quote is the sentence as the official text has it, citations included.
	Quote string `json:"quote"`
}

// CaveatCode says what kind of limit a caveat is.
type CaveatCode string

// The caveats that are known from the wording of the releases up to 18.1.
const (
	// VeryHighOccurrence says that much of the activity may be very frequent.
	VeryHighOccurrence CaveatCode = "very_high_occurrence"
	// ManyFalsePositives says that looking for it may raise many false positives.
	ManyFalsePositives CaveatCode = "many_false_positives"
	// MayBeOutside says that it may happen outside the target's visibility.
	MayBeOutside CaveatCode = "may_be_outside_visibility"
	// MostlyOutside says that much of it happens outside the target's visibility.
	MostlyOutside CaveatCode = "mostly_outside_visibility"
	// RelatedStages says that detection may rather look at related behaviour.
	RelatedStages CaveatCode = "related_stages"
)

// caveatWording lists the wording that states each caveat, in folded text.
var caveatWording = [...]struct {
	code   CaveatCode
	phrase string
}{
	{VeryHighOccurrence, "very high occurrence"},
	{ManyFalsePositives, "associated false positive rate"},
	{MayBeOutside, "potentially taking place outside the visibility of the target"},
	{MostlyOutside, "will take place outside the visibility of the target"},
	{MostlyOutside, "takes place outside the visibility of the target"},
	{RelatedStages, "detection efforts may be focused on"},
}

// Caveats returns the limits of detection that the official text of o states,
// from its description and, in releases before 18, its detection text. Each
// code appears once, with the first sentence that states it. A limit in other
// words is not found: no caveat does not mean that there is no limit.
func Caveats(o *Object) []Caveat {
	var cs []Caveat
	seen := map[CaveatCode]bool{}
	for _, f := range [...]struct{ field, text string }{
		{"description", o.Description},
		{"x_mitre_detection", o.Detection},
	} {
		for _, c := range caveatsIn(f.text) {
			if !seen[c.Code] {
				seen[c.Code] = true
				c.Field = f.field
				cs = append(cs, c)
			}
		}
	}
	return cs
}

func caveatsIn(text string) []Caveat {
	var cs []Caveat
	for _, s := range sentences(text) {
		folded := Fold(s)
		for _, w := range caveatWording {
			if strings.Contains(folded, w.phrase) {
				cs = append(cs, Caveat{Code: w.code, Quote: s})
			}
		}
	}
	return cs
}

// sentences splits text at line ends and at full stops followed by a space.
func sentences(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		for line != "" {
			end := len(line)
			if i := strings.Index(line, ". "); i >= 0 {
				end = i + 1
			}
			if s := strings.TrimSpace(line[:end]); s != "" {
				out = append(out, s)
			}
			line = line[end:]
		}
	}
	return out
}
