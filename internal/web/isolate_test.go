package web

import (
	"testing"
)

func TestTextThatGoesTheOtherWayIsAnIsland(t *testing.T) {
	for in, want := range map[string]string{
		`<p class="a">plain &amp; "quoted"</p>`:         `<p class="a">plain &amp; "quoted"</p>`,
		"<p>Rule שלום עולם names 12</p>":                "<p>Rule <bdi>שלום עולם</bdi> names 12</p>",
		"<b>א</b>, <i>1</i> x א: 12 - ב":                "<b><bdi>א</bdi></b>, <i>1</i> x <bdi>א</bdi>: 12 - <bdi>ב</bdi>",
		"<title>שלום</title><option>שלום</option>":      "<title>שלום</title><option>שלום</option>",
		"<svg><text>שלום</text></svg><p>שלום</p>":       "<svg><text>שלום</text></svg><p><bdi>שלום</bdi></p>",
		"<a title=\"\u202eשלום\">\u202e\u2066x\x1b</a>": `<a title="\u202eשלום">\u202e\u2066x\u001b</a>`,
		"<p>العربية 𞤀</p>":                              "<p><bdi>العربية 𞤀</bdi></p>",
	} {
		if got := string(isolated([]byte(in))); got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
	}
}
