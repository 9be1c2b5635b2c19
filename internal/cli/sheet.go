package cli

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"

	"candor/internal/figure"
	"candor/internal/inert"
)

// paint colours text: it is the mark by which the program's outputs know its colours,
// or empty for none.
type paint string

func (p *program) outPaint() paint { return p.paint(p.OutTerm) }
func (p *program) errPaint() paint { return p.paint(p.ErrTerm) }

func (p *program) paint(terminal bool) paint {
	switch p.color {
	case "always":
		return p.mark
	case "never":
		return ""
	}
	if terminal && p.Getenv("NO_COLOR") == "" && p.Getenv("TERM") != "dumb" {
		return p.mark
	}
	return ""
}

func (c paint) code(code, s string) string {
	if c == "" || s == "" {
		return s
	}
	return inert.Code(string(c), code) + s + inert.Code(string(c), "0")
}

func (c paint) bold(s string) string { return c.code("1", s) }
func (c paint) dim(s string) string  { return c.code("2", s) }
func (c paint) red(s string) string  { return c.code("31", s) }

// page collects text for people.
type sheet struct {
	strings.Builder
	paint
}

// inline returns what a format is filled in with: what is no number as text that stays
// within its line. Names come from files that others wrote.
func (c paint) inline(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch reflect.ValueOf(a).Kind() {
		case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
			reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
			if _, named := a.(fmt.Stringer); !named {
				out[i] = a
				continue
			}
		}
		if b, ok := a.([]byte); ok {
			a = string(b)
		}
		out[i] = c.held(fmt.Sprint(a))
	}
	return out
}

// held returns text that stays within its line.
func (c paint) held(text string) string {
	if c == "" {
		return inert.Line(text)
	}
	parts := strings.Split(text, string(c))
	for i := range parts {
		parts[i] = inert.Line(parts[i])
	}
	return strings.Join(parts, string(c))
}

// width is how many characters of a text are seen.
func (c paint) width(text string) int {
	return utf8.RuneCountInString(inert.Unmarked(text, string(c)))
}

// line writes one formatted line. What it is filled in with makes no line of its own.
func (g *sheet) line(format string, args ...any) {
	fmt.Fprintf(g, format+"\n", g.inline(args)...)
}

// head writes a heading with a blank line before it.
func (g *sheet) head(format string, args ...any) {
	g.WriteString("\n" + g.bold(fmt.Sprintf(format, g.inline(args)...)) + "\n")
}

// wrap writes text in lines of at most width runes behind an indent. A line break in
// it is shown, not followed.
func (g *sheet) wrap(indent, text string, width int) {
	g.wrapText(indent, g.held(strings.TrimSpace(text)), width)
}

// listMarker is what an item of a list begins with.
var listMarker = regexp.MustCompile(`^(?:[-*+•]|[0-9]{1,9}[.)])[ \t]+`)

// wrapText is wrap for a text that has lines of its own. Each stays indented as it is,
// with what does not fit below its beginning, and keeps the spaces between its words.
func (g *sheet) wrapText(indent, text string, width int) {
	for para := range strings.SplitSeq(strings.Trim(text, " \t\n"), "\n") {
		rest := strings.TrimLeft(para, " \t")
		lead := indent + para[:len(para)-len(rest)]
		line := lead
		lead += strings.Repeat(" ", len(listMarker.FindString(rest)))
		for first := true; rest != ""; first = false {
			word := strings.TrimLeft(rest, " \t")
			gap := rest[:len(rest)-len(word)]
			if n := strings.IndexAny(word, " \t"); n >= 0 {
				word = word[:n]
			}
			rest = rest[len(gap)+len(word):]
			switch {
			case word == "": // blanks at the end
			case !first && g.width(line)+len(gap)+g.width(word) > width:
				g.WriteString(line + "\n")
				line = lead + word
			default:
				line += gap + word
			}
		}
		g.WriteString(strings.TrimRight(line, " \t") + "\n")
	}
}

// table writes rows in aligned columns, two spaces apart. A column whose cells,
// but for a heading in capitals, are all numbers is set to the right.
func (g *sheet) table(indent string, rows [][]string) {
	for _, row := range rows {
		for i, cell := range row {
			row[i] = g.held(cell)
		}
	}
	widths, numeric := g.columns(rows)
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-g.width(cell))
			switch {
			case numeric[i]:
				b.WriteString(pad + cell)
			case i < len(row)-1:
				b.WriteString(cell + pad)
			default:
				b.WriteString(cell)
			}
			if i < len(row)-1 {
				b.WriteString("  ")
			}
		}
		g.line("%s%s", indent, strings.TrimRight(b.String(), " "))
	}
}

func (g *sheet) columns(rows [][]string) (widths []int, numeric []bool) {
	for n, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths, numeric = append(widths, 0), append(numeric, len(rows) > 1)
			}
			widths[i] = max(widths[i], g.width(cell))
			if n > 0 || !heading(cell) {
				numeric[i] = numeric[i] && cell != "" && strings.Trim(cell, "0123456789.,%-") == ""
			}
		}
	}
	return widths, numeric
}

// heading reports whether a cell is a column's heading, which is in capitals.
func heading(cell string) bool {
	return cell == strings.ToUpper(cell) && strings.ContainsAny(cell, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

// clip shortens a name to at most n runes. A line break in it is shown.
func clip(s string, n int) string { return clipText(inert.Line(strings.TrimSpace(s)), n) }

// clipText shortens a text to at most n runes, as one line.
func clipText(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:n-1])) + "…"
}

// count writes a number with its noun, in thousands groups.
func count(n int64, one, many string) string { return figure.Of(n, one, many) }

// group3 writes n with a comma between groups of three digits.
func group3(n int64) string { return figure.Count(n) }

// note writes a line of progress to standard error.
func (p *program) note(format string, args ...any) {
	fmt.Fprintf(p.Err, format+"\n", p.errPaint().inline(args)...)
}
