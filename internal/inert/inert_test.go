package inert_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"candor/internal/inert"
)

func TestWhatIsHiddenIsShown(t *testing.T) {
	for in, want := range map[string]string{
		"plain\nline\t":            "plain\nline\t",
		"\x1b[31mred\x1b[0m":       `\u001b[31mred\u001b[0m`,
		"\x1b]0;title\x07":         `\u001b]0;title\u0007`,
		"over\rwritten \u009b2J":   `over\rwritten \u009b2J`,
		"\x00\x7f\u202e\u2066":     `\u0000\u007f\u202e\u2066`,
		"\u200e\u200f\u061c\u2028": `\u200e\u200f\u061c\u2028`,
		"\x9b2J":                   "\ufffd2J",
		"emoji 👩\u200d💻 \u05d0":    "emoji 👩\u200d💻 \u05d0",
	} {
		if got := inert.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
	if got := inert.Line("a\r\nb\tc"); got != `a\r\nb\tc` {
		t.Errorf("Line: %q", got)
	}
}

// Every character that Unicode has a direction for and no shape is hidden.
func TestNoControlOrDirectionIsForgotten(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		must := r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 ||
			r == 0x200e || r == 0x200f || r == 0x61c || r == 0x2028 || r == 0x2029
		if inert.Hidden(r) != must {
			t.Errorf("%U is hidden: %t", r, !must)
		}
	}
}

func TestColoursPassByTheMarkAlone(t *testing.T) {
	var b strings.Builder
	mark := inert.NewMark()
	w := inert.NewWriter(&b, mark)
	bold := inert.Code(mark, "1") + "bold\x1b[2J" + inert.Code(mark, "0")
	w.Write([]byte(bold + mark + "x"))
	if want := "\x1b[1mbold\\u001b[2J\x1b[0mx"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	if got := inert.Unmarked(bold, mark); got != "bold\x1b[2J" {
		t.Errorf("without colours: %q", got)
	}
	if mark == inert.NewMark() {
		t.Error("two marks are the same")
	}
}

func TestCharactersArriveInPieces(t *testing.T) {
	for _, text := range []string{"a\u202eb \u05d0 👩 \x1b", "\xe2\x80", "\xff\xfe"} {
		var b strings.Builder
		w := inert.NewWriter(&b, "")
		for i := range len(text) {
			if n, err := w.Write([]byte{text[i]}); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		if want := inert.Text(text); b.String() != want && text != "\xe2\x80" {
			t.Errorf("%q in pieces: %q, want %q", text, b.String(), want)
		}
	}
}

func TestColoursArriveInPieces(t *testing.T) {
	mark := inert.NewMark()
	text := inert.Code(mark, "1") + "bold\x00\x1b" + inert.Code(mark, "0") + "\x00x"
	for n := 1; n < len(text); n++ {
		var b strings.Builder
		w := inert.NewWriter(&b, mark)
		for rest := text; rest != ""; rest = rest[min(n, len(rest)):] {
			w.Write([]byte(rest[:min(n, len(rest))]))
		}
		if want := "\x1b[1mbold\\u0000\\u001b\x1b[0m\\u0000x"; b.String() != want {
			t.Errorf("in pieces of %d: %q, want %q", n, b.String(), want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\x1b[31m\u202e\n\x9b")
	f.Fuzz(func(t *testing.T, s string) {
		out := inert.Text(s)
		if strings.ContainsFunc(out, inert.Hidden) || !utf8.ValidString(out) {
			t.Errorf("%q came out of %q", out, s)
		}
		if strings.ContainsFunc(inert.Line(s), func(r rune) bool { return r == '\n' || r == '\t' || inert.Hidden(r) }) {
			t.Errorf("Line(%q) is %q", s, inert.Line(s))
		}
		body, err := json.Marshal(map[string]string{"k": s})
		if err != nil {
			t.Fatal(err)
		}
		var was, is any
		if json.Unmarshal(body, &was) != nil || json.Unmarshal([]byte(inert.Text(string(body))), &is) != nil || !reflect.DeepEqual(was, is) {
			t.Errorf("JSON of %q came to mean something else", s)
		}
	})
}
