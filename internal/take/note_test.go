package take

import (
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/fault"
)

func at(d string) time.Time { return day.Date(d).Time().Add(9 * time.Hour) }

func TestANoteIsCheckedBeforeItIsKept(t *testing.T) {
	good := Note{Author: "Ann Lee", Markdown: " words\n", Written: at("2026-05-04"), Section: Executive, Replaces: true, ReviewBy: "2026-05-04"}
	n, err := good.Checked()
	if err != nil || n.Markdown != "words" || n.ID == "" {
		t.Fatalf("%+v, %v", n, err)
	}
	other := good
	other.Author = "Ann"
	if o, _ := other.Checked(); o.ID == n.ID {
		t.Error("two authors have one id")
	}
	other = good
	other.Section = Summary
	if o, _ := other.Checked(); o.ID == n.ID {
		t.Error("two sections have one id")
	}
	for _, tt := range []struct {
		change func(*Note)
		says   string
	}{
		{func(n *Note) { n.Author = " " }, "needs an author"},
		{func(n *Note) { n.Author = strings.Repeat("a", 101) }, "longer than 100"},
		{func(n *Note) { n.Author = "Ann\nLee" }, "than a line"},
		{func(n *Note) { n.Markdown = " \n" }, "has no words"},
		{func(n *Note) { n.Markdown = strings.Repeat("a", MaxNote+1) }, "16384 is the most"},
		{func(n *Note) { n.Markdown = "a\xff" }, "not UTF-8"},
		{func(n *Note) { n.ReviewBy = "soon" }, "not a day"},
		{func(n *Note) { n.ReviewBy = "2026-05-03" }, "before it is written on 2026-05-04"},
		{func(n *Note) { n.Section = "" }, "without a section"},
		{func(n *Note) { n.ID = "A b" }, "no id of a note"},
	} {
		bad := good
		tt.change(&bad)
		_, err := bad.Checked()
		if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), tt.says) || fault.HintOf(err) == "" {
			t.Errorf("want %q: %v, next %q", tt.says, err, fault.HintOf(err))
		}
	}
}

func TestASectionIsMeantByItsName(t *testing.T) {
	for text, want := range map[string]SectionName{"summary": Summary, "Executive priority": Executive, "executive": Executive, "NOTES-AND-LIMITS": Limits, "telemetry": Telemetry} {
		if n, err := SectionOf(text); err != nil || n != want {
			t.Errorf("%q is %q, %v", text, n, err)
		}
	}
	for text, hint := range map[string]string{"exectuive": "executive_priority", "sumary": "did you mean summary", "likely_telemtry": "did you mean likely_telemetry", "and": "choose", "zzz": "choose"} {
		if n, err := SectionOf(text); fault.KindOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), hint) {
			t.Errorf("%q is %q, %v, next %q", text, n, err, fault.HintOf(err))
		}
	}
}

// entry is what somebody said of an object.
func entry(id, author, written, words string) Said {
	return Said{Note: Note{ID: id, Author: author, Written: at(written), Markdown: words, Hash: "h1", Release: "enterprise 18.1", Object: assure.Name{StixID: "x"}}, Batch: "note-" + words}
}

func states(h []Noted) string {
	var out []string
	for _, n := range h {
		out = append(out, n.Markdown+" "+n.State)
	}
	return strings.Join(out, ", ")
}

func TestALaterNoteTakesThePlaceOfAnEarlierOneAsOfADay(t *testing.T) {
	gone := entry("a", "Ann", "2026-01-05", "mistake")
	gone.Withdrawn = true
	back := entry("a", "Ann", "2026-01-01", "one again")
	back.Note.Retired = &Retirement{By: "Bo", Reason: "ended", At: at("2026-04-01")}
	all := []Said{entry("a", "Ann", "2026-01-01", "one"), gone, entry("a", "Ann", "2026-02-01", "two"), entry("b", "Bo", "2026-03-01", "three"), back}
	for _, tt := range []struct {
		today day.Date
		want  string
	}{
		{"2025-12-31", "one later, mistake withdrawn, two later, three later, one again later"},
		{"2026-01-06", "one in_force, mistake withdrawn, two later, three later, one again later"},
		{"2026-03-01", "one superseded, mistake withdrawn, two in_force, three in_force, one again later"},
		{"2026-04-01", "one superseded, mistake withdrawn, two superseded, three in_force, one again retired"},
	} {
		if got := states(History(all, "h1", tt.today)); got != tt.want {
			t.Errorf("on %s: %s, want %s", tt.today, got, tt.want)
		}
	}
}

func TestANoteSaysWhatItsReaderMustKnow(t *testing.T) {
	e := entry("a", "Ann", "2026-01-01", "one")
	e.ReviewBy = "2026-06-01"
	for _, tt := range []struct {
		hash         string
		today        day.Date
		changed, due bool
		marks        int
	}{
		{"h1", "2026-05-31", false, false, 0},
		{"h1", "2026-06-01", false, true, 1},
		{"h2", "2026-05-31", true, false, 1},
		{"h2", "2027-01-01", true, true, 2},
		{"", "2026-05-31", false, false, 1},
	} {
		n := History([]Said{e}, tt.hash, tt.today)[0]
		if n.Changed != tt.changed || n.Due != tt.due || len(n.Marks) != tt.marks {
			t.Errorf("%+v: %+v", tt, n)
		}
	}
}

func TestANoteReplacesASectionForShow(t *testing.T) {
	plain := Take{Sections: []Section{{Name: Summary, Statements: []Statement{{Text: "derived", Audience: Both}}}, {Name: Technical, Statements: []Statement{{Text: "deep", Audience: Engineer}}}}}
	older, newer, beside := entry("a", "Ann", "2026-01-01", "older"), entry("b", "Bo", "2026-02-01", "newer"), entry("c", "Cy", "2026-03-01", "beside")
	older.Section, older.Replaces, newer.Section, newer.Replaces, beside.Section = Summary, true, Summary, true, Technical
	tk := plain.With(Current(History([]Said{older, newer, beside}, "h1", "2026-05-01")))
	if plain.Sections[0].ReplacedBy != "" {
		t.Error("the take without notes has changed")
	}
	if n := tk.Instead(tk.Sections[0]); n == nil || n.Markdown != "newer" || tk.Sections[0].Statements[0].Text != "derived" {
		t.Errorf("in place of the summary: %+v, over %+v", n, tk.Sections[0])
	}
	if tk.Instead(tk.Sections[1]) != nil {
		t.Error("a note that replaces nothing does")
	}
	if got := states(tk.Beside()); got != "older in_force, beside in_force" {
		t.Errorf("beside: %s", got)
	}
	leader, engineer := tk.For(Leader), tk.For(Engineer)
	if slices.ContainsFunc(leader.Notes, func(n Noted) bool { return n.Markdown == "beside" }) || len(engineer.Notes) != 3 {
		t.Errorf("leaders read %s, engineers %s", states(leader.Notes), states(engineer.Notes))
	}
	if bare := tk.With([]Noted{}); bare.Sections[0].ReplacedBy != "" || len(bare.Notes) != 0 {
		t.Errorf("without notes: %+v", bare)
	}
}
