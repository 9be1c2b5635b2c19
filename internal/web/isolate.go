package web

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"candor/internal/inert"
)

// rightToLeft are the blocks of scripts that are written from right to left (Unicode's
// DerivedBidiClass, classes R and AL with their defaults).
var rightToLeft = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x0590, Hi: 0x08ff, Stride: 1}, {Lo: 0xfb1d, Hi: 0xfdff, Stride: 1}, {Lo: 0xfe70, Hi: 0xfefc, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x10800, Hi: 0x10fff, Stride: 1}, {Lo: 0x1e800, Hi: 0x1efff, Stride: 1}},
}

func steers(r rune) bool { return r >= 0x0590 && unicode.Is(rightToLeft, r) }

// isolated returns a page on which no text moves what stands beside it, whoever wrote
// it and whatever sentence it is in: each run of letters that are written from right to
// left is an island of its own (bdi), and characters that are obeyed and not seen are
// shown as their escapes.
func isolated(page []byte) []byte {
	if !bytes.ContainsFunc(page, func(r rune) bool { return steers(r) || inert.Hidden(r) || r == utf8.RuneError }) {
		return page
	}
	var out bytes.Buffer
	z := html.NewTokenizer(bytes.NewReader(page))
	whole := "" // the element whose text holds no elements
	for {
		t := z.Next()
		raw := inert.Text(string(z.Raw()))
		switch t {
		case html.ErrorToken:
			return out.Bytes()
		case html.TextToken:
			if whole == "" {
				raw = islands(raw)
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			switch n := string(name); n {
			case "title", "option", "textarea", "script", "style", "svg":
				if whole == "" {
					whole = n
				}
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == whole {
				whole = ""
			}
		}
		out.WriteString(raw)
	}
}

// islands puts each run that goes from right to left into an element of its own, with
// what stands within it.
func islands(text string) string {
	var b strings.Builder
	for {
		from := strings.IndexFunc(text, steers)
		if from < 0 {
			b.WriteString(text)
			return b.String()
		}
		end, last := from, from
		for i, r := range text[from:] {
			if steers(r) {
				last = from + i + utf8.RuneLen(r)
			} else if !unicode.Is(unicode.Mn, r) && !strings.ContainsRune(" -'\u00a0", r) {
				break
			}
			end = last
		}
		b.WriteString(text[:from] + "<bdi>" + text[from:end] + "</bdi>")
		text = text[end:]
	}
}
