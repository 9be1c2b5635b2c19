package cli

import (
	"strings"
	"testing"
)

func TestTableAlignsNumbersUnderTheirHeading(t *testing.T) {
	g := &page{}
	g.table("", [][]string{{"RULE", "ALERTS"}, {"a", "7"}, {"long", "12,345"}})
	want := "RULE  ALERTS\na          7\nlong  12,345\n"
	if g.String() != want {
		t.Errorf("got\n%s\nwant\n%s", g.String(), want)
	}
}

func TestACellMakesNoRowOfItsOwn(t *testing.T) {
	g := &page{}
	g.table("", [][]string{{"BY", "CLASS"}, {"ann\n2026-05-01  false_positive", "test"}})
	if n := strings.Count(g.String(), "\n"); n != 2 {
		t.Errorf("%d lines:\n%s", n, g.String())
	}
}

func TestWrapKeepsLinesShortAndWordsWhole(t *testing.T) {
	g := &page{}
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

func TestCountsAreGroupedByThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 720209: "720,209", -1234567: "-1,234,567"} {
		if got := group3(n); got != want {
			t.Errorf("group3(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestColourOnlyWhereItIsWanted(t *testing.T) {
	env := map[string]string{}
	p := &program{Env: Env{OutTerm: true, Getenv: func(k string) string { return env[k] }}, color: "auto"}
	if !p.outPaint() {
		t.Error("no colour on a terminal")
	}
	env["NO_COLOR"] = "1"
	if p.outPaint() {
		t.Error("colour against NO_COLOR")
	}
	p.color = "always"
	if !p.outPaint() {
		t.Error("no colour though always was asked for")
	}
	p.OutTerm, p.color, env["NO_COLOR"] = false, "auto", ""
	if p.outPaint() {
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
	for in, want := range map[string]string{
		"plain\nline":            "plain\nline",
		"\x1b[31mred\x1b[0m":     "\uFFFD[31mred\uFFFD[0m",
		"\x1b]0;title\x07":       "\uFFFD]0;title\uFFFD",
		"over\rwritten \u009b2J": "over\uFFFDwritten \uFFFD2J",
	} {
		if got := inert(in, false); got != want {
			t.Errorf("inert(%q) = %q, want %q", in, got, want)
		}
	}
	if got := inert("\x1b[1mbold\x1b[0m \x1b[2J", true); got != "\x1b[1mbold\x1b[0m \uFFFD[2J" {
		t.Errorf("with colours: %q", got)
	}
}
