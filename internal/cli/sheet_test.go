package cli

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"candor/internal/fault"
	"candor/internal/inert"
)

func TestTableAlignsNumbersUnderTheirHeading(t *testing.T) {
	g := &sheet{}
	g.table("", [][]string{{"RULE", "ALERTS"}, {"a", "7"}, {"long", "12,345"}})
	want := "RULE  ALERTS\na          7\nlong  12,345\n"
	if g.String() != want {
		t.Errorf("got\n%s\nwant\n%s", g.String(), want)
	}
}

func TestACellMakesNoRowOfItsOwn(t *testing.T) {
	g := &sheet{}
	g.table("", [][]string{{"BY", "CLASS"}, {"ann\n2026-05-01  false_positive", "test"}})
	if n := strings.Count(g.String(), "\n"); n != 2 {
		t.Errorf("%d lines:\n%s", n, g.String())
	}
}

func TestWrapKeepsLinesShortAndWordsWhole(t *testing.T) {
	g := &sheet{}
	text := strings.Repeat("observable behaviour ", 20)
	g.wrap("  ", text, 40)
	for _, line := range strings.Split(strings.TrimRight(g.String(), "\n"), "\n") {
		if len(line) > 40 || !strings.HasPrefix(line, "  ") {
			t.Errorf("line %q", line)
		}
	}
	if got := strings.Join(strings.Fields(g.String()), " "); got != strings.TrimSpace(text) {
		t.Errorf("words were lost: %q", got)
	}
}

func TestATextKeepsItsShape(t *testing.T) {
	g := &sheet{}
	g.wrapText("  ", "Two  spaces, a\tb\n\n1) a number in brackets that goes on\n    * a nested item that goes on, too\nend  ", 24)
	want := "  Two  spaces, a\tb\n\n  1) a number in\n     brackets that goes\n     on\n      * a nested item\n        that goes on,\n        too\n  end\n"
	if got := g.String(); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestCountsAreGroupedByThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 720209: "720,209", -1234567: "-1,234,567"} {
		if got := group3(n); got != want {
			t.Errorf("group3(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestColourOnlyWhereItIsWanted(t *testing.T) {
	env := map[string]string{}
	p := newProgram(Env{OutTerm: true, Getenv: func(k string) string { return env[k] }}, nil)
	p.color = "auto"
	if p.outPaint() == "" {
		t.Error("no colour on a terminal")
	}
	env["NO_COLOR"] = "1"
	if p.outPaint() != "" {
		t.Error("colour against NO_COLOR")
	}
	p.color = "always"
	if p.outPaint() == "" {
		t.Error("no colour though always was asked for")
	}
	p.OutTerm, p.color, env["NO_COLOR"] = false, "auto", ""
	if p.outPaint() != "" {
		t.Error("colour without a terminal")
	}
}

func TestClipKeepsShortTextAndMarksLongText(t *testing.T) {
	if got := clip("a  b", 10); got != "a b" {
		t.Errorf("got %q", got)
	}
	if got := clip("abcdefghij", 5); got != "abcd…" {
		t.Errorf("got %q", got)
	}
}

func TestPrintedTextObeysNobody(t *testing.T) {
	var out, told strings.Builder
	p := newProgram(Env{Out: &out, Err: &told, Getenv: func(string) string { return "" }}, nil)
	const name = "a\x1b[31m\u202e\nFORGED\r\x00"
	const shown = `a\u001b[31m\u202e\nFORGED\r\u0000`
	for _, color := range []string{"never", "always"} {
		out.Reset()
		told.Reset()
		p.color = color
		err := p.emit(nil, func(g *sheet) {
			g.line("%s %v", g.bold(name), errors.New(name))
			g.head("%s", name)
			g.wrap("  ", name+" "+g.red(name), 200)
			g.wrapText("  ", "kept\nlines \x1b", 200)
			g.table("", [][]string{{name, clip(name, 60)}, {"b", clipText(name, 60)}})
		})
		p.note("%s", name)
		p.fail(fault.New(fault.Invalid, "%s", name).Next("%s", name))
		text := out.String() + told.String()
		if color == "always" {
			if text = colourCode.ReplaceAllString(text, ""); strings.Count(out.String(), "\x1b[") != 6 {
				t.Errorf("colours are lost: %q", out.String())
			}
		}
		want := shown + " " + shown + "\n\n" + shown + "\n  " + shown + " " + shown + "\n  kept\n  lines \\u001b\n" + shown + "  " + shown + "\nb" +
			strings.Repeat(" ", len(shown)+1) + `a\u001b[31m\u202e FORGED \u0000` + "\n" + shown + "\ncandor: " + shown + "\n  next: " + shown + "\n"
		if err != nil || text != want {
			t.Errorf("%s: %v\n got %q\nwant %q", color, err, text, want)
		}
	}
	out.Reset()
	p.json = true
	if err := p.emit(map[string]string{"name": name}, nil); err != nil || strings.ContainsFunc(out.String(), inert.Hidden) {
		t.Errorf("JSON: %v, %q", err, out.String())
	}
	var back map[string]string
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil || back["name"] != name {
		t.Errorf("JSON means %q, %v", back["name"], err)
	}
}

var colourCode = regexp.MustCompile("\x1b\\[[0-9;]*m")
