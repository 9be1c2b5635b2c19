package ingest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store"
)

// sigmaRule is a rule of Sigma with an id.
func sigmaRule(id string) string {
	return "title: Rule " + id + "\nid: " + id + "\nlogsource: {product: windows, category: process_creation}\ndetection: {condition: all of them}\n"
}

// whole is a request that says that its input is all there is of a source.
func (b *bench) whole(kind, source, path string) Request {
	r := b.request(kind, path)
	r.Source, r.Whole = source, true
	return r
}

// has tells whether one of the warnings holds every one of the words.
func has(warnings []string, words ...string) bool {
	return slices.ContainsFunc(warnings, func(w string) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(w, word) })
	})
}

func TestACompleteInputRetiresWhatItsSourceNoLongerHas(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"a", "b", "c"} {
		b.write("corp/"+id+".yml", sigmaRule(id))
	}
	folder := filepath.Join(b.dir, "corp")
	other := b.write("other.yml", sigmaRule("b")+"---\n"+sigmaRule("z"))
	b.add(b.request("rules", other)) // of the source "sigma"
	first := b.add(b.whole("rules", "corp", folder))
	if first.New != 3 || first.Retired != 0 || first.Source != "corp" || !first.Whole || !has(first.Warnings, "b (Rule b)", "sigma") {
		t.Fatalf("%+v", first)
	}
	for _, id := range []string{"b", "c"} {
		if err := os.Remove(filepath.Join(folder, id+".yml")); err != nil {
			t.Fatal(err)
		}
	}
	second := b.add(b.whole("rules", "corp", folder))
	if second.Retired != 2 || second.Unchanged != 1 || second.Read != 1 || !slices.Equal(second.Gone, []string{"b (Rule b)", "c (Rule c)"}) {
		t.Fatalf("%+v", second)
	}
	if got := b.keys(evidence.RecordRule); !slices.Equal(got, []string{"a", "b", "z"}) { // b of the source "sigma"
		t.Errorf("in force: %v", got)
	}
	gone, err := b.evidence.Retired(t.Context(), second.ID)
	if err != nil || len(gone) != 2 || Title(gone[0]) != "b (Rule b)" {
		t.Errorf("the batch retired %v, error %v", gone, err)
	}
	if again := b.add(b.whole("rules", "corp", folder)); again.Fresh || again.ID != second.ID {
		t.Errorf("the same input again: %+v", again)
	}
	if err := b.evidence.Withdraw(t.Context(), second.ID, store.Withdrawal{At: added, Reason: "the wrong folder"}); err != nil {
		t.Fatal(err)
	}
	if got := b.keys(evidence.RecordRule); !slices.Equal(got, []string{"a", "b", "b", "c", "z"}) {
		t.Errorf("in force once it is withdrawn: %v", got)
	}
}

// TestAStateComesBack adds the state of a source, then another one, then the first again.
func TestAStateComesBack(t *testing.T) {
	b := newBench(t)
	one, two := b.write("one.yml", sigmaRule("a")+"---\n"+sigmaRule("b")), b.write("two.yml", sigmaRule("a"))
	for n, step := range []struct {
		path           string
		fresh          bool
		new, retired   int64
		inForce, title string
	}{
		{one, true, 2, 0, "a b", "first"}, {two, true, 0, 1, "a", "b is gone"}, {one, true, 1, 0, "a b", "b is back"},
		{one, false, 1, 0, "a b", "the same again"}, {two, true, 0, 1, "a", "b is gone again"}, {two, false, 0, 1, "a", "the same again"},
	} {
		res := b.add(b.whole("rules", "corp", step.path))
		if res.Fresh != step.fresh || res.New != step.new || res.Retired != step.retired || strings.Join(b.keys(evidence.RecordRule), " ") != step.inForce {
			t.Errorf("step %d, %s: fresh %v, new %d, retired %d, in force %v", n, step.title, res.Fresh, res.New, res.Retired, b.keys(evidence.RecordRule))
		}
	}
}

func TestWhatCannotBeReadRetiresNothing(t *testing.T) {
	b := newBench(t)
	b.add(b.whole("rules", "corp", b.write("one.yml", sigmaRule("a")+"---\n"+sigmaRule("b"))))
	res := b.add(b.whole("rules", "corp", b.write("two.yml", sigmaRule("a")+"---\ntitle: no detection, no log source\nid: b\n")))
	if res.Retired != 0 || res.Whole || res.Rejected != 1 || !has(res.Warnings, "not taken for complete", "1 record could not be read") {
		t.Errorf("%+v", res)
	}
	if got := b.keys(evidence.RecordRule); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("in force: %v", got)
	}
}

func TestEarlierInputOfTheSamePathIsHeldAgainstLaterOnes(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct{ kind, name, before, after, missing, source string }{
		{"rules", "r.yml", sigmaRule("a") + "---\n" + sigmaRule("b"), sigmaRule("a"), "b (Rule b)", "--complete sigma"},
		{"exercises", "x.csv", exerciseText, "technique,analytic,test,time,outcome,rule_id,notes\nT1003,AN0001,u,2026-03-02,alerted,r-1,\n", "T1003, AN0001, ", "--complete SOURCE"},
	} {
		path := b.write(c.name, c.before)
		if res := b.add(b.request(c.kind, path)); has(res.Warnings, "earlier input") {
			t.Errorf("%s: %v", c.kind, res.Warnings)
		}
		b.write(c.name, c.after)
		if res := b.add(b.request(c.kind, path)); !has(res.Warnings, "1 record that earlier input of the same path", c.missing, c.source) || res.Retired != 0 {
			t.Errorf("%s: %v", c.kind, res.Warnings)
		}
		elsewhere := b.write("elsewhere-"+c.name, c.after+"\n")
		if res := b.add(b.request(c.kind, elsewhere)); has(res.Warnings, "earlier input") {
			t.Errorf("%s elsewhere: %v", c.kind, res.Warnings)
		}
	}
}

func TestEveryKindOfASourceHasAState(t *testing.T) {
	for kind, c := range map[string]struct{ name, before, after, record, gone string }{
		"telemetry": {"t.yaml", telemetryText, strings.Replace(telemetryText, "Example", "Another", 1), evidence.RecordScope, "Example"},
		"exercises": {"x.csv", exerciseText, "technique,analytic,test,time,outcome,rule_id,notes\nT1003,AN0001,u,2026-03-02,alerted,r-1,\n", evidence.RecordExercise, "T1003, AN0001, Linux, t, 2026-03-01T00:00:00Z"},
		"runbooks":  {"books/one.md", runbookText, runbookText + "more\n", evidence.RecordRunbook, "one"},
	} {
		b := newBench(t)
		path := b.write(c.name, c.before)
		b.add(b.whole(kind, "corp", path))
		if kind == "runbooks" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			path = b.write("books/two.md", c.after)
		} else {
			b.write(c.name, c.after)
		}
		res := b.add(b.whole(kind, "corp", path))
		if res.Retired == 0 || !slices.ContainsFunc(res.Gone, func(g string) bool { return strings.HasPrefix(g, c.gone) }) {
			t.Errorf("%s: retired %d, %q", kind, res.Retired, res.Gone)
		}
		if slices.Contains(b.keys(c.record), c.gone) {
			t.Errorf("%s: %v is in force", kind, b.keys(c.record))
		}
	}
}

func TestASourceHasToBeMeant(t *testing.T) {
	b := newBench(t)
	path := b.write("r.yml", sigmaRule("a"))
	for _, r := range []Request{
		{Kind: "rules", Whole: true}, {Kind: "rules", Source: "a/b"}, {Kind: "rules", Source: " a"}, {Kind: "rules", Source: "a\x1fb"},
		{Kind: "rules", Source: strings.Repeat("x", 101)}, {Kind: "cases", Source: "a"}, {Kind: "alerts", Source: "a", Whole: true},
	} {
		r.Paths = []string{path}
		if _, err := b.Add(t.Context(), r); fault.KindOf(err) != fault.Usage {
			t.Errorf("%+v: error %v", r, err)
		}
	}
}

func TestACheckSaysWhatWouldBeRetired(t *testing.T) {
	b := newBench(t)
	b.add(b.whole("rules", "corp", b.write("one.yml", sigmaRule("a")+"---\n"+sigmaRule("b"))))
	c, err := b.Check(t.Context(), b.whole("rules", "corp", b.write("two.yml", sigmaRule("a"))))
	if err != nil || c.Retired != 1 || !slices.Equal(c.Gone, []string{"b (Rule b)"}) || c.Updated != 1 {
		t.Errorf("%+v, error %v", c, err)
	}
	if got := b.keys(evidence.RecordRule); len(got) != 2 {
		t.Errorf("checking retired something: %v", got)
	}
}
