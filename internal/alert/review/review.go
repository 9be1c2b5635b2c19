// Package review reads incident reviews: cases with what they came to, how they
// became known, and the alerts that were part of them. They come as Candor's CSV
// or JSON Lines, as incidents of Microsoft Sentinel, or as cases of TheHive.
//
// It refuses a case that does not say when it was opened, a word for its class
// that it does not know, and times that cannot follow one another.
package review

import (
	"io"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// Columns are the columns of Candor's CSV and the names in its JSON Lines.
// Techniques, analytics, platforms, alerts, runbooks and entities are lists: joined by semicolons, or
// in JSON as lists, too.
func Columns() []string {
	return []string{
		"case_id", "title", "occurred", "opened", "closed", "classification", "found_by", "techniques", "analytics", "platforms",
		"alerts", "owner", "lessons", "runbooks", "site", "entities",
	}
}

// Sniff reports whether a file that begins with head is Candor's own.
func Sniff(head []byte, _ string) bool {
	if strings.HasPrefix(strings.TrimSpace(string(head)), "{") {
		return export.Has(head, "case_id", "opened")
	}
	columns := strings.Join(decode.Columns(head, ','), ",") + ","
	return strings.Contains(columns, "case_id,") && strings.Contains(columns, "opened,")
}

// Decode reads Candor's own CSV or JSON Lines. File names the input in messages.
// It fails with fault.Invalid when the file cannot be read on.
func Decode(file string, r io.Reader) (evidence.Decoded[alert.Case], error) {
	return collect(file, r, []string{"case_id", "opened", "classification"}, own)
}

// collect reads the cases of a file, one function for each record; it returns
// false for a record that is none.
func collect(file string, r io.Reader, columns []string, read func(*export.Record) (alert.Case, bool)) (evidence.Decoded[alert.Case], error) {
	return export.Collect(file, r, columns, func(rec *export.Record) (alert.Case, bool) {
		c, ok := read(rec)
		if ok {
			order(rec, &c)
		}
		return c, ok
	})
}

func own(r *export.Record) (alert.Case, bool) {
	c := alert.Case{
		ID: r.Need("case_id"), Title: r.Text("title"), Occurred: r.Time("occurred"), Opened: r.Time("opened"), Closed: r.Time("closed"),
		Techniques: r.IDs("techniques", decode.TechniqueID, "not a technique's ATT&CK ID such as T1059.001"),
		Analytics:  r.IDs("analytics", isAnalytic, "not an analytic's ATT&CK ID such as AN1989"),
		Platforms:  r.List("platforms"), Alerts: r.List("alerts"), Owner: r.Text("owner"), Lessons: r.Text("lessons"), Runbooks: r.List("runbooks"),
		Site: r.Text("site"), Entities: r.List("entities"),
	}
	r.Need("opened")
	c.Class, c.Word = classify(r, "classification", r.Text("classification"))
	if by := r.Text("found_by"); by != "" {
		found, ok := alert.ParseDiscovery(by)
		if !ok {
			r.Fail("found_by", by, "not one of alert, hunt, others, missed")
		}
		c.FoundBy = found
	}
	r.Unknown(Columns()...)
	return c, true
}

func isAnalytic(s string) bool { return decode.ID("AN", s) }

// words are what products and people call a class beside Candor's own names,
// without blanks, dashes and underscores.
var words = [...]struct {
	word  string
	class alert.Class
}{
	{"tp", alert.TruePositive}, {"btp", alert.BenignPositive}, {"fp", alert.FalsePositive}, {"benigntruepositive", alert.BenignPositive},
	{"incorrectalertlogic", alert.FalseLogic}, {"inaccuratedata", alert.FalseData}, {"suspiciousactivity", alert.TruePositive},
	{"suspiciousbutexpected", alert.BenignPositive}, {"informationalexpectedactivity", alert.BenignPositive},
	{"indeterminate", alert.Unlabelled}, {"inconclusive", alert.Unlabelled}, {"other", alert.Unlabelled}, {"unknown", alert.Unlabelled},
	{"duplicated", alert.Duplicate},
}

// classify returns the class that a word says, and the word where it is another.
// The second part of TruePositive/SuspiciousActivity says more than the first
// when it is known.
func classify(r *export.Record, field, text string) (alert.Class, string) {
	first, second, both := strings.Cut(text, "/")
	class, ok := classOf(first)
	if more, known := classOf(second); ok && both && known && class.False() && more.False() {
		class = more
	}
	if !ok {
		r.Fail(field, text, "not a class of a case; use true_positive, benign_positive, false_positive, false_positive_logic, false_positive_data, test, duplicate or undetermined")
	}
	if text == string(class) {
		return class, ""
	}
	return class, text
}

func classOf(word string) (alert.Class, bool) {
	squeezed := squeeze(word)
	for _, c := range alert.Classes() {
		if squeezed == squeeze(string(c)) {
			return c, true
		}
	}
	for _, w := range words {
		if squeezed == w.word {
			return w.class, true
		}
	}
	class, ok := alert.ParseClass(word)
	if class == alert.Open {
		class = alert.Unlabelled
	}
	return class, ok
}

func squeeze(s string) string {
	return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(s))
}

// order refuses a case whose times cannot follow one another, and takes the class
// from one that is not closed: it may still change.
func order(r *export.Record, c *alert.Case) {
	switch {
	case !c.Closed.IsZero() && c.Closed.Before(c.Opened):
		r.Fail("closed", c.Closed.Format(time.RFC3339), "is before the case was opened, "+c.Opened.Format(time.RFC3339))
	case !c.Closed.IsZero() && c.Occurred.After(c.Closed):
		r.Fail("occurred", c.Occurred.Format(time.RFC3339), "is after the case was closed, "+c.Closed.Format(time.RFC3339))
	case c.Closed.IsZero() && c.Class != alert.Unlabelled:
		r.Note("cases that are not closed have no class yet, and their classification was kept as a word")
		if c.Word == "" {
			c.Word = string(c.Class)
		}
		c.Class = alert.Unlabelled
	}
}
