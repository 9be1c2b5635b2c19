package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"unicode"
	"unicode/utf16"

	"candor/internal/figure"
	"candor/internal/inert"
)

//go:embed report.html
var written string

// HTML writes a report as one page that needs nothing else: its style is in it, it has no
// script, and it asks for nothing. The record from which it was written stands at its end, so
// that it can be read by machines and verified.
func HTML(s *Sealed) ([]byte, error) {
	record, err := record(s)
	if err != nil {
		return nil, err
	}
	t, err := template.New("report").Funcs(template.FuncMap{"visible": inert.Text, "share": share, "count": func(n int64) string { return figure.Count(n) }}).Parse(written)
	if err != nil {
		return nil, fmt.Errorf("read the template of reports: %w", err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		*Sealed
		Record template.JS
	}{s, template.JS(record)})
	if err != nil {
		return nil, fmt.Errorf("write the report: %w", err)
	}
	return b.Bytes(), nil
}

// record is a report in JSON that can stand in a page: what could end the element is escaped,
// and so is what would not be seen in the page's source, which stands in texts alone.
func record(s *Sealed) ([]byte, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the report: %w", err)
	}
	var out bytes.Buffer
	for _, r := range string(b) {
		if !inert.Hidden(r) {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, "\\u%04x", unit)
		}
	}
	return out.Bytes(), nil
}

// share is how long a bar is, in percent of the longest that there can be.
func share(b Bar) string {
	if b.Of <= 0 {
		return "0"
	}
	return fmt.Sprintf("%.2f", 100*float64(b.N)/float64(b.Of))
}

// Markdown writes a report for a ticket or a repository. What others wrote is made harmless.
func Markdown(s *Sealed) []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	d := &s.Document
	line("# %s\n", plain(d.Title))
	for _, t := range d.Lead {
		line("%s\n", plain(t))
	}
	line("## Limits\n")
	for _, l := range d.Limits {
		line("- %s", plain(l))
	}
	line("\n## Judged by\n")
	for _, w := range d.Basis.Words() {
		line("- %s", plain(w))
	}
	for _, sec := range d.Sections {
		line("\n## %s\n", plain(sec.Title))
		for _, t := range sec.Text {
			if sec.Quoted {
				line("> %s\n", plain(t))
			} else {
				line("%s\n", plain(t))
			}
		}
		for _, x := range sec.Bars {
			line("- %s: %d of %d (%s)", plain(x.Name), x.N, x.Of, plain(x.Note))
		}
		markdownTable(line, sec.Table)
		for _, t := range sec.Items {
			line("- %s", plain(t))
		}
	}
	line("\n## Sealed\n")
	for _, w := range s.Words() {
		line("- %s", plain(w))
	}
	return []byte(b.String())
}

func markdownTable(line func(string, ...any), t *Table) {
	switch {
	case t == nil:
		return
	case len(t.Rows) == 0:
		line("%s\n", plain(t.Empty))
		return
	}
	row := func(cells []string) {
		texts := make([]string, len(cells))
		for i, c := range cells {
			texts[i] = plain(c)
		}
		line("| %s |", strings.Join(texts, " | "))
	}
	row(t.Columns)
	line("|%s", strings.Repeat(" --- |", len(t.Columns)))
	for _, r := range t.Rows {
		row(r)
	}
	line("")
}

// plain makes a text one line of Markdown that says what it says: nothing in it is markup,
// a link or the end of a cell.
func plain(s string) string {
	s = strings.Join(strings.Fields(inert.Text(s)), " ")
	var b strings.Builder
	for i, r := range s {
		switch {
		case strings.ContainsRune("\\`*_{}[]#|!~@", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '<', r == '>', r == '&' && reference(s[i+1:]):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return strings.ReplaceAll(b.String(), "://", "&#58;//")
}

// reference reports whether behind an ampersand follows what Markdown would read as a character.
func reference(s string) bool {
	name, _, found := strings.Cut(s, ";")
	return found && name != "" && !strings.ContainsFunc(strings.TrimPrefix(name, "#"), func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Words says in lines how a report is sealed.
func (s *Sealed) Words() []string {
	lines := []string{"Made " + s.Made.Format("2006-01-02 15:04:05 UTC") + by(s.By) + " with " + s.Program}
	if s.Head.Size == 0 {
		return append(lines, "The ledger had no entry then: nothing proves what this rests on.")
	}
	lines = append(lines, "Head of the ledger's tree: "+s.Head.String(),
		fmt.Sprintf("Proofs of %s that this rests on stand in the record at the end of the page or the file in JSON.", figure.Of(int64(len(s.Entries)), "entry", "entries")))
	if s.Signed == "" {
		lines = append(lines, "The head is not signed: no key was at hand.")
	} else {
		lines = append(lines, "The head is signed: candor report verify --key KEY holds that against the key, as candor ledger key prints it.")
	}
	for _, u := range s.Unrecorded {
		lines = append(lines, "Without an entry in the ledger: "+u)
	}
	return lines
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return " by " + who
}
