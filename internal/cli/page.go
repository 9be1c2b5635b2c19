package cli

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"candor/internal/figure"
)

// paint colours text when it is on.
type paint bool

func (p *program) outPaint() paint { return p.paint(p.OutTerm) }
func (p *program) errPaint() paint { return p.paint(p.ErrTerm) }

func (p *program) paint(terminal bool) paint {
	switch p.color {
	case "always":
		return true
	case "never":
		return false
	}
	return paint(terminal && p.Getenv("NO_COLOR") == "" && p.Getenv("TERM") != "dumb")
}

func (c paint) code(code, s string) string {
	if !c || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (c paint) bold(s string) string { return c.code("1", s) }
func (c paint) dim(s string) string  { return c.code("2", s) }
func (c paint) red(s string) string  { return c.code("31", s) }

// page collects text for people.
type page struct {
	strings.Builder
	paint
}

// line writes one formatted line.
func (g *page) line(format string, args ...any) {
	fmt.Fprintf(g, format+"\n", args...)
}

// head writes a heading with a blank line before it.
func (g *page) head(format string, args ...any) {
	g.WriteString("\n" + g.bold(fmt.Sprintf(format, args...)) + "\n")
}

// wrap writes text in lines of at most width runes behind an indent, keeping
// its own line breaks.
func (g *page) wrap(indent, text string, width int) {
	for _, para := range strings.Split(strings.TrimSpace(text), "\n") {
		line := indent
		for _, w := range strings.Fields(para) {
			if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(w) > width {
				g.line("%s", line)
				line = indent
			}
			if line != indent {
				line += " "
			}
			line += w
		}
		g.line("%s", strings.TrimRight(line, " "))
	}
}

// oneLine keeps what a cell says from looking like a row of its own.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ")

// table writes rows in aligned columns, two spaces apart. A column whose cells,
// but for a heading in capitals, are all numbers is set to the right.
func (g *page) table(indent string, rows [][]string) {
	for _, row := range rows {
		for i, cell := range row {
			row[i] = oneLine.Replace(cell)
		}
	}
	widths, numeric := columns(rows)
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
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

func columns(rows [][]string) (widths []int, numeric []bool) {
	for n, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths, numeric = append(widths, 0), append(numeric, len(rows) > 1)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
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

// clip shortens s to at most n runes.
func clip(s string, n int) string {
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
func (p *program) note(format string, args ...any) { fmt.Fprintf(p.Err, format+"\n", args...) }

// inert makes text safe to print: of the control characters only line ends are
// left and, where colours are on, colour codes. Names and notes come from files
// that others wrote, and a terminal obeys what it reads.
func inert(s string, colours bool) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\n' || r == '\t' || !unicode.IsControl(r) && r != utf8.RuneError:
			b.WriteRune(r)
		case r == '\x1b' && colours && colourCode.MatchString(s[i:]):
			b.WriteRune(r)
		default:
			b.WriteRune('\uFFFD')
		}
	}
	return b.String()
}

var colourCode = regexp.MustCompile(`^\x1b\[[0-9;]*m`)
