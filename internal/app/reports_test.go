package app_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/archive"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/cli"
	"candor/internal/control"
	"candor/internal/ledger"
	"candor/internal/policy"
	"candor/internal/report"
	"candor/internal/store"
)

var (
	percent     = regexp.MustCompile(`\d %`)
	denominator = regexp.MustCompile(`\d of ([\d,]+|an unknown number)|of the \d|asks for [\d.]+ %|at least [\d.]+ %|intervals at|with a chance of`)
)

// texts are all that a document says.
func texts(d *report.Document) []string {
	list := slices.Concat([]string{d.Title}, d.Lead, d.Limits)
	for i := range d.Sections {
		s := &d.Sections[i]
		list = slices.Concat(list, s.Text, s.Items)
		if s.Table != nil {
			for _, row := range s.Table.Rows {
				list = append(list, strings.Join(row, " | "))
			}
		}
	}
	return list
}

// TestReportsOfTheDemo walks the reports of every analytic of the demonstration and the one for
// leaders: each has limits, no proportion is without its denominator, and what the gate for
// reporting refuses is nowhere as what works. Without its exercises there are more limits.
func TestReportsOfTheDemo(t *testing.T) {
	d, err := app.Open(t.Context(), demonstration(t), cli.Mode{Write: true, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	kept := archive.In(t.TempDir())
	s := &report.Service{Assessment: d.Assessment, Library: d.Library, Log: d.Custody.Log(), Now: func() time.Time { return today }, Program: "candor test",
		Kept:    func() ([]archive.Kept, error) { return nil, nil },
		Load:    kept.Load,
		Batches: func(ctx context.Context) ([]store.Batch, error) { return store.Merged(ctx, d.Evidence, d.Alerts) }}
	r := assessment.Request{AsOf: today, Policy: policy.Default()}
	a, err := d.Assessment.Assess(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	batches, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check := func(sealed report.Sealed, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if doc := &sealed.Document; len(doc.Limits) == 0 || sealed.Head.Size == 0 || len(sealed.Entries) == 0 {
			t.Errorf("%s: %d limits, head %s, %d entries", doc.Title, len(doc.Limits), sealed.Head, len(sealed.Entries))
		}
		switch sealed.Asked.Kind {
		case report.KindVerdict, report.KindGate, report.KindCompliance:
		default: // what is about all rests on every batch, and on the release
			if len(sealed.Entries) < len(batches)+1 {
				t.Errorf("%s: %d entries are proved of %d batches and a release", sealed.Document.Title, len(sealed.Entries), len(batches))
			}
		}
		shares(t, &sealed.Document)
		for _, text := range texts(&sealed.Document) {
			if percent.MatchString(text) && !denominator.MatchString(text) {
				t.Errorf("%s: a proportion without its denominator: %s", sealed.Document.Title, text)
			}
		}
		page, err := report.HTML(&sealed)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := s.Verify(t.Context(), r, page); err != nil || !v.OK || !v.Page {
			t.Errorf("%s is not confirmed: %+v, %v", sealed.Document.Title, v, err)
		}
		if sealed.Document.Kind != report.KindVerdict && sealed.Document.Kind != report.KindExecutive {
			return
		}
		fewer, headless := sealed, sealed // by whoever makes the record and its page anew
		fewer.Entries = sealed.Entries[1:]
		headless.Entries, headless.Head = nil, ledger.Root{}
		for _, forged := range []report.Sealed{fewer, headless} {
			page, err := report.HTML(&forged)
			if err != nil {
				t.Fatal(err)
			}
			if v, err := s.Verify(t.Context(), r, page); err != nil || v.OK || len(v.Shown) > 0 {
				t.Errorf("%s without what proves it is confirmed: %+v, %v", forged.Document.Title, v, err)
			}
		}
	}
	for i := range a.Verdicts {
		if v := &a.Verdicts[i]; v.Rung != assure.NotApplicable {
			check(s.Verdict(t.Context(), r, v.Analytic.ATTACKID, "ann"))
		}
	}
	if _, _, err := kept.Keep("earlier", today, a); err != nil {
		t.Fatal(err)
	}
	limits := map[string]int{}
	for kind, make := range models(t, s, r) {
		sealed, err := make()
		check(sealed, err)
		limits[kind] = len(sealed.Document.Limits)
	}
	before, err := s.Executive(t.Context(), r, "")
	check(before, err)
	open := map[string]bool{}
	for i := range a.Verdicts {
		g, err := d.Assessment.Gate(t.Context(), r, a.Verdicts[i].Analytic.ATTACKID, assure.Reporting)
		if err != nil {
			t.Fatal(err)
		}
		open[g.ID] = g.Allowed && !g.Waived
	}
	refusedApart(t, &a, &before.Document, open)
	added, err := d.Evidence.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range added {
		if b.Kind == "exercises" && b.Withdrawn == nil {
			if _, err := d.Custody.Withdraw(t.Context(), b.ID, store.Withdrawal{At: today, By: "ann", Reason: "to see what is missing"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	after, err := s.Executive(t.Context(), r, "")
	check(after, err)
	if more := after.Document.Limits; len(more) <= len(before.Document.Limits) || !slices.Contains(more, "No exercise is known; recall is not measured at all.") {
		t.Errorf("without exercises the limits are %q", more)
	}
	for kind, make := range models(t, s, r) {
		if sealed, err := make(); err != nil || len(sealed.Document.Limits) <= limits[kind] {
			t.Errorf("%s without exercises: %d limits, %d before, %v", kind, len(sealed.Document.Limits), limits[kind], err)
		}
	}
}

// models are the reports that are of the whole.
func models(t *testing.T, s *report.Service, r assessment.Request) map[string]func() (report.Sealed, error) {
	all := map[string]func() (report.Sealed, error){
		report.KindStanding:    func() (report.Sealed, error) { return s.Standing(t.Context(), r, "ann") },
		report.KindEngineering: func() (report.Sealed, error) { return s.Engineering(t.Context(), r, "ann") },
	}
	mapping, err := control.Decode("map.yaml", []byte("kind: control-mapping\nversion: 1\nstandard: Example\nby: Ann\ncontrols:\n- {id: a, techniques: [T1566, T1078]}\n- {id: b, analytics: [AN1336]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	all[report.KindCompliance] = func() (report.Sealed, error) { return s.Compliance(t.Context(), r, &mapping, "ann") }
	all[report.KindDetect] = func() (report.Sealed, error) {
		return s.Detect(t.Context(), r, report.Repository{Under: "rules"}, "ann")
	}
	for _, file := range report.Administrations() {
		all["DeTT&CT "+file] = func() (report.Sealed, error) { return s.DeTTECT(t.Context(), r, file, "ann") }
	}
	for _, name := range report.Layers() {
		l := report.Layered{Layer: name}
		if name == report.LayerDifference {
			l.Before = "earlier"
		}
		if name == report.LayerProfile {
			continue // no profile is stated
		}
		all["layer "+name] = func() (report.Sealed, error) {
			sealed, layer, err := s.Navigator(t.Context(), r, l, "ann")
			if err == nil && len(layer.Metadata) < len(sealed.Document.Limits) {
				t.Errorf("layer %s has %d notes for %d limits", name, len(layer.Metadata), len(sealed.Document.Limits))
			}
			return sealed, err
		}
	}
	return all
}

// shares looks that beside the columns of proportions stand those of what they are of.
func shares(t *testing.T, d *report.Document) {
	t.Helper()
	for i := range d.Sections {
		tab := d.Sections[i].Table
		if tab == nil {
			continue
		}
		for at, c := range tab.Columns {
			name, is := strings.CutSuffix(c, "_share")
			if !is {
				continue
			}
			if len(tab.Columns) < at+3 || tab.Columns[at+1] != name+"_n" || tab.Columns[at+2] != name+"_of" {
				t.Errorf("%s: beside %s there is no denominator: %q", d.Title, c, tab.Columns)
				continue
			}
			for _, row := range tab.Rows {
				if (row[at] == "") != (row[at+2] == "") {
					t.Errorf("%s: %q has a proportion or what it is of without the other", d.Title, row)
				}
			}
		}
	}
}

// refusedApart looks that what the gate for reporting refuses is listed as such and nowhere as what
// works.
func refusedApart(t *testing.T, a *assure.Assessment, d *report.Document, open map[string]bool) {
	t.Helper()
	rows := map[string][]string{}
	for i := range d.Sections {
		if s := &d.Sections[i]; s.Table != nil {
			for _, row := range s.Table.Rows {
				rows[s.Title] = append(rows[s.Title], row[0])
			}
		}
	}
	closed := 0
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		works := slices.Contains(rows["What may be told as something that works"], v.Analytic.ATTACKID)
		if works != open[v.Analytic.ATTACKID] {
			t.Errorf("the gate of %s is open %t, and it is among what works %t", v.Analytic.ATTACKID, !works, works)
		}
		if !works && (v.Rung == assure.Proven || v.Rung == assure.Reliable) {
			closed++
		}
	}
	if n := len(rows["What was shown to work, and the gate for reporting refuses"]); n == 0 || n > closed {
		t.Errorf("%d are listed as refused, of %d", n, closed)
	}
}
