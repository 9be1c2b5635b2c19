package web

import (
	"fmt"
	"html/template"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/figure"
	"candor/internal/measure"
)

// functions are what templates may call.
func functions() template.FuncMap {
	return template.FuncMap{
		"action": action, "bar": bar, "bytes": size, "coded": coded, "cellbar": cellBar, "changed": changed, "date": date, "day": day.Of, "f": number, "interval": interval, "look": lookOf,
		"n": group, "part": part, "plural": plural, "percent": figure.Percent, "proportion": proportion, "sentence": sentence, "verified": verified, "short": short, "when": stamp,
		"whiskers": whiskers, "words": words, "domain": attack.ShortDomain, "join": strings.Join, "kind": kind,
		"anchor": anchor, "basis": basis, "pushed": pushed, "add": func(a, b int) int { return a + b }, "neg": func(a int) int { return -a },
		"first": firstOf, "beyond": beyond,
	}
}

// firstOf is the first of a list, most of them: a page that nobody reads to its end says how
// many more there are, and where all are.
func firstOf(most int, list any) any {
	v := reflect.ValueOf(list)
	return v.Slice(0, min(most, v.Len())).Interface()
}

// beyond is how many of a list firstOf leaves.
func beyond(most int, list any) int { return max(0, reflect.ValueOf(list).Len()-most) }

// group writes a whole number with a comma between groups of three digits.
func group(n any) string {
	i, err := strconv.ParseInt(fmt.Sprint(n), 10, 64)
	if err != nil {
		return fmt.Sprint(n)
	}
	return figure.Count(i)
}

// plural writes a number with its noun.
func plural(n any, one, many string) string {
	if s := group(n); s != "1" {
		return s + " " + many
	}
	return "1 " + one
}

// number writes a measured number with as many digits as are worth reading.
func number(x float64) string {
	switch {
	case x == float64(int64(x)) && x < 1e15:
		return group(int64(x))
	case x >= 100:
		return group(int64(x + 0.5))
	case x >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// proportion writes a proportion as percent.
func proportion(p *float64) string {
	if p == nil {
		return "–"
	}
	return figure.Percent(*p)
}

// interval writes an interval of proportions.
func interval(i *measure.Interval) string {
	if i == nil {
		return "–"
	}
	return figure.Percents(i[0], i[1])
}

// verified says how a file stands against the hashes that MITRE published.
func verified(state string) string {
	switch state {
	case "verified":
		return "it is a file that MITRE published"
	case "mismatch":
		return "it differs from the file that MITRE published"
	}
	return "no hash of it is known to this candor"
}

// date returns the day of an RFC 3339 timestamp as it is spelled.
func date(s string) string {
	d, _, _ := strings.Cut(s, "T")
	return d
}

// when writes a time in UTC.
func when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}

// stamp writes a time in UTC as an element that says it to programs, too: the script
// shows it in the reader's own zone.
func stamp(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	return template.HTML(`<time datetime="` + t.UTC().Format("2006-01-02T15:04:05Z") + `">` + when(t) + `</time>`) // digits and letters of ours
}

// command is a command in a sentence, up to what stands for a file, a folder or an id.
var command = regexp.MustCompile(`candor (?:evidence template [a-z]+|[a-z ]+?(?: (?:FILE|PATH|ID|NAME)\b))`)

// coded writes a sentence of the program's own with its commands set apart as such.
func coded(text string) template.HTML {
	return template.HTML(command.ReplaceAllString(template.HTMLEscapeString(text), "<code>$0</code>")) // all else of it is escaped
}

// short returns the start of a hash.
func short(hash string) string { return hash[:min(len(hash), 12)] }

// words writes an identifier as words.
func words(s string) string { return strings.NewReplacer("_", " ", "-", " ").Replace(s) }

// kind writes a kind of object as words. A sub-technique is written as ATT&CK
// writes it.
func kind(k attack.Kind) string {
	if k == attack.KindSubTechnique {
		return string(k)
	}
	return words(string(k))
}

// basis writes the basis of a claim, whose parts are joined by plus signs.
func basis(s string) string { return strings.ReplaceAll(words(s), "+", ", ") }

// anchor returns what may stand as the id of an element for a name.
func anchor(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}, name)
}

// size writes a number of bytes.
func size(n any) string { return group(n) + " bytes" }

// sentence returns s with a capital first letter.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
