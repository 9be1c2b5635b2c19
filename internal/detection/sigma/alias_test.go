package sigma

import (
	"slices"
	"testing"
)

func TestARuleIsAlsoCalledByItsTitleAndItsFormerIDs(t *testing.T) {
	d := Decode("a.yml", []byte("title: x\nid: i-2\nname: short\nrelated:\n  - {id: i-1, type: renamed}\n  - {id: i-0, type: derived}\n  - nothing\nlogsource: {product: windows}\ndetection: {s: {a: b}}\n"))
	if len(d.Records) != 1 || !slices.Equal(d.Records[0].Aliases, []string{"x", "short", "i-1"}) {
		t.Errorf("%+v", d)
	}
}
