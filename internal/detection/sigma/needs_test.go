package sigma

import (
	"slices"
	"testing"
)

func TestFieldsWithoutWhichARuleCanFireAreOptional(t *testing.T) {
	for name, of := range map[string]struct{ detection, want string }{
		"one selection needs all":        {"sel: {Image|endswith: x, User: y}\n  condition: sel", ""},
		"what is excluded is not needed": {"sel: {Image: x}\n  filter: {User: y}\n  condition: sel and not filter", "User"},
		"one of several":                 {"a: {Image: x}\n  b: {OriginalFileName: x}\n  condition: 1 of them", "Image OriginalFileName"},
		"all of several":                 {"sel_a: {Image: x}\n  sel_b: {User: x}\n  f: {Z: x}\n  condition: all of sel_* and not 1 of f*", "Z"},
		"a list of mappings":             {"sel: [{Image: x, User: y}, {Path: z}]\n  condition: sel", "Image Path User"},
		"shared by all entries":          {"sel: [{Image: x, User: y}, {Image: z}]\n  condition: sel", "User"},
		"null asks for absence":          {"sel: {Image: x, User: null}\n  condition: sel", "User"},
		"parentheses":                    {"a: {A: x}\n  b: {B: x}\n  c: {C: x}\n  condition: (a or b) and c", "A B"},
		"several conditions":             {"a: {A: x}\n  b: {B: x}\n  condition: [a, b]", "A B"},
		"counted":                        {"a: {A: x}\n  condition: a | count() by B > 5", ""},
		"a condition that is not read":   {"a: {A: x}\n  condition: a near b", ""},
		"an unknown selection":           {"a: {A: x}\n  condition: a or nothing", ""},
		"words name no field":            {"words: [x, y]\n  a: {A: x}\n  condition: words or a", "A"},
	} {
		d := Decode("r.yml", []byte("title: T\nid: 6f3e2987-db24-4c78-a860-b4f4095a7095\nlogsource: {product: windows, category: process_creation}\ndetection:\n  "+of.detection+"\n"))
		if len(d.Records) != 1 {
			t.Errorf("%s: %v", name, d.Rejects)
			continue
		}
		got := ""
		for i, f := range d.Records[0].Optional {
			if i > 0 {
				got += " "
			}
			got += f
		}
		if got != of.want {
			t.Errorf("%s: optional %q, want %q", name, got, of.want)
		}
		for _, f := range d.Records[0].Needed() {
			if slices.Contains(d.Records[0].Optional, f) {
				t.Errorf("%s: %s is needed and optional", name, f)
			}
		}
	}
}
