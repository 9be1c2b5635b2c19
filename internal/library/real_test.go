package library_test

import (
	"context"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/attack"
	"candor/internal/attack/diff"
	"candor/internal/attack/prose"
	"candor/internal/attack/stix"
	"candor/internal/library"
	"candor/internal/store"
	"candor/internal/store/sqlite"
)

// dataFolder returns the folder of real data, and skips the test without it.
func dataFolder(tb testing.TB) string {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		tb.Skip("CANDOR_TEST_DATA is not set: the test needs the real ATT&CK releases")
	}
	return filepath.Join(dir, "attack")
}

// openReal returns a service over a new library that holds the named releases,
// for example "ics-attack-17.0".
func openReal(tb testing.TB, releases ...string) (*library.Service, store.Library) {
	dir := dataFolder(tb)
	ctx := context.Background()
	lib, err := sqlite.OpenLibrary(ctx, filepath.Join(tb.TempDir(), "library.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { lib.Close() })
	for _, name := range releases {
		f, err := os.Open(filepath.Join(dir, name+".json.gz"))
		if err != nil {
			tb.Fatal(err)
		}
		cut := strings.LastIndex(name, "-")
		importBundle(tb, lib, stix.Source{Name: name, Reader: f}, attack.Release{Domain: name[:cut], Version: name[cut+1:]})
		f.Close()
	}
	return library.New(lib), lib
}

// importBundle imports a bundle as release r.
func importBundle(tb testing.TB, lib store.Library, src stix.Source, r attack.Release) {
	ctx := context.Background()
	w, err := lib.Begin(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Rollback()
	sum, err := stix.Read(ctx, src, func(s *attack.Snapshot) error { return w.Add(ctx, s) })
	if err != nil {
		tb.Fatal(err)
	}
	r.STIX, r.FileHash, r.Size, r.Objects = sum.STIX, sum.FileHash.String(), sum.Size, sum.Objects
	r.Imported, r.Verified = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "unknown"
	if sum.Collection != nil {
		r.Published = sum.Collection.Modified
	}
	if _, err := w.Commit(ctx, r, nil); err != nil {
		tb.Fatal(err)
	}
}

// The row that MITRE published for ICS 17.0, and those of later releases.
func TestStatsAgreeWithMITREsCounts(t *testing.T) {
	s, _ := openReal(t, "ics-attack-17.0", "enterprise-attack-17.1", "mobile-attack-17.1")
	for _, want := range []library.Stats{
		{Release: attack.Release{Domain: "ics-attack"}, Tactics: 12, Techniques: 83, Groups: 14, Software: 23, Campaigns: 7, Mitigations: 52, DataSources: 17, Assets: 14, DataComponents: 36},
		{Release: attack.Release{Domain: "enterprise-attack"}, Tactics: 14, Techniques: 211, SubTechniques: 468, Groups: 166, Software: 755, Campaigns: 47, Mitigations: 44, DataSources: 37, DataComponents: 106},
		{Release: attack.Release{Domain: "mobile-attack"}, Tactics: 12, Techniques: 75, SubTechniques: 46, Groups: 15, Software: 118, Campaigns: 3, Mitigations: 13, DataSources: 6, DataComponents: 17},
	} {
		got, err := s.Stats(ctx, attack.ReleaseRef{Domain: want.Release.Domain})
		if err != nil {
			t.Fatal(err)
		}
		want.Release = got.Release
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", got.Release, d)
		}
	}
}

func TestStatsOfSTIX20AreThoseOfSTIX21(t *testing.T) {
	for _, name := range []string{"stix20/ics-attack-8.2", "stix20/ics-attack-11.0", "stix20/ics-attack-14.1"} {
		lib, err := sqlite.OpenLibrary(ctx, filepath.Join(t.TempDir(), "library.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer lib.Close()
		f, err := os.Open(filepath.Join(dataFolder(t), name+".json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		version := name[strings.LastIndex(name, "-")+1:]
		importBundle(t, lib, stix.Source{Name: name, Reader: f}, attack.Release{Domain: "ics-attack", Version: version})
		f.Close()
		got, err := library.New(lib).Stats(ctx, attack.ReleaseRef{})
		if err != nil {
			t.Fatal(err)
		}
		want := library.Stats{Tactics: 12, Techniques: 81, Groups: 13, Software: 21, Campaigns: 3, Mitigations: 52, DataSources: 17, DataComponents: 36, Assets: 14}
		if version != "14.1" { // of which the edition in STIX 2.1 is there
			s, _ := openReal(t, "ics-attack-"+version)
			if want, err = s.Stats(ctx, attack.ReleaseRef{}); err != nil {
				t.Fatal(err)
			}
		}
		want.Release = got.Release
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", name, d)
		}
	}
}

func TestWhatIsOddOfEnterprise(t *testing.T) {
	s, _ := openReal(t, "enterprise-attack-18.1")
	odd, err := s.Oddities(ctx, attack.ReleaseRef{})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, o := range odd {
		kinds[o.Kind]++
		if o.ATTACKID == "AN0928" && o.What != "it is for Linux and names the log source WinEventLog:Sysmon, which is of Windows: its name says so" {
			t.Error(o.What)
		}
	}
	// MITRE's release has no relation that dangles, no id twice and no unknown creator.
	if kinds["dangling"]+kinds["id"]+kinds["creator"]+kinds["successor"] != 0 || kinds["platform"] < 40 {
		t.Errorf("%v", kinds)
	}
}

func TestAN1989LeadsToItsAdversaries(t *testing.T) {
	s, _ := openReal(t, "enterprise-attack-18.0", "enterprise-attack-18.1")
	p := page(t, s, "an1989", attack.ReleaseRef{})
	if p.ObjectHash != "e1df90f31ec8f8bda151aeb70aef1d27b3a41341d91e4f5f1f8740d4c395ef1f" {
		t.Errorf("object hash %s", p.ObjectHash)
	}
	want := []string{
		"1 detection strategy DET0857", "2 technique T1589.003", "3 tactic TA0043", "3 parent technique T1589",
		"3 used by G0034", "3 used by G0094", "3 used by G0122",
	}
	got := path(p)
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("context: -want +got\n%s", d)
	}
	for _, step := range p.Context {
		if strings.HasPrefix(step.Object.ATTACKID, "G") && step.Text == "" {
			t.Errorf("no procedure text for %s", step.Object.Name)
		}
	}
	if !strings.HasPrefix(p.Official.Licence, "© 2025 The MITRE Corporation. ") {
		t.Errorf("licence %q", p.Official.Licence)
	}
	r, err := s.Adjacent(ctx, "T1589.003", attack.ReleaseRef{}, "")
	if err != nil {
		t.Fatal(err)
	}
	var users []string
	for _, u := range r.Users {
		users = append(users, u.Name)
	}
	if d := cmp.Diff([]string{"Sandworm Team", "Kimsuky", "Silent Librarian"}, users); d != "" || r.Level != "parent" {
		t.Errorf("users of T1589.003, at level %s: -want +got\n%s", r.Level, d)
	}
}

// The figures come from MITRE's own tool, mitreattack-python 6.3.1, but for
// content changes, which it does not look for, and patches: it leaves out objects
// that were dead before and still are, so only those of live objects compare.
func TestDiffAgreesWithMITREsTool(t *testing.T) {
	s, _ := openReal(t, "enterprise-attack-17.1", "enterprise-attack-18.0", "enterprise-attack-18.1", "ics-attack-17.1", "ics-attack-18.0")
	type counts map[diff.Category]int
	enterprise := map[string]counts{
		"techniques":           {diff.Addition: 12, diff.Major: 4, diff.Minor: 58, diff.Patch: 533},
		"software":             {diff.Addition: 29, diff.Major: 1, diff.Minor: 53, diff.Patch: 2},
		"groups":               {diff.Addition: 6, diff.Major: 6, diff.Minor: 9, diff.Patch: 1},
		"campaigns":            {diff.Addition: 5, diff.Minor: 1, diff.Patch: 1},
		"mitigations":          {diff.Minor: 1, diff.Patch: 1},
		"data_sources":         {diff.Deprecation: 37},
		"data_components":      {diff.Major: 106},
		"detection_strategies": {diff.Addition: 691},
		"analytics":            {diff.Addition: 1739},
		"assets":               {},
	}
	ics := map[string]counts{
		"techniques": {diff.Patch: 2}, "software": {diff.Minor: 1}, "groups": {diff.Major: 1, diff.Minor: 1},
		"assets": {diff.Addition: 4, diff.Major: 6}, "data_sources": {diff.Deprecation: 17}, "data_components": {diff.Major: 36},
		"detection_strategies": {diff.Addition: 83}, "analytics": {diff.Addition: 82}, "campaigns": {}, "mitigations": {},
	}
	for _, tt := range []struct {
		from, to, domain string
		want             map[string]counts
		content          int
	}{
		{"17.1", "18.0", "enterprise", enterprise, 103},
		{"17.1", "18.1", "enterprise", enterprise, 103},
		{"17.1", "18.0", "ics", ics, 70},
	} {
		r, err := s.Diff(ctx, tt.from, tt.to, tt.domain)
		if err != nil {
			t.Fatal(err)
		}
		for kind, want := range tt.want {
			got := counts{}
			for c, entries := range r.ByKind[kind] {
				if len(entries) > 0 && c != diff.Content && c != diff.Retired {
					got[c] = len(entries)
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s to %s, %s: -want +got\n%s", r.Old, r.New, kind, d)
			}
		}
		if n := r.Count("", diff.Content); n != tt.content {
			t.Errorf("%s to %s: %d content changes, want %d", r.Old, r.New, n, tt.content)
		}
	}
}

// pseudoTags are tags in official text that are content.
var pseudoTags = regexp.MustCompile(`<[A-Z][A-Za-z_ ]*>`)

func TestNoOfficialTextLosesItsContent(t *testing.T) {
	_, lib := openReal(t, "enterprise-attack-18.1")
	rs, err := lib.Releases(ctx)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lib.Load(ctx, rs[0])
	if err != nil {
		t.Fatal(err)
	}
	unresolved, citations := 0, 0
	for _, o := range l.Objects() {
		rendered, notes := prose.HTML(o.Description, o.References, nil)
		plain, plainNotes := prose.Plain(o.Description, o.References)
		for _, tag := range pseudoTags.FindAllString(o.Description, -1) {
			if !strings.Contains(string(rendered), html.EscapeString(tag)) || !strings.Contains(plain, tag) {
				t.Errorf("%s loses %s", o.ID, tag)
			}
		}
		if len(notes) != len(plainNotes) || strings.Contains(plain, "(Citation:") {
			t.Errorf("%s has %d and %d notes", o.ID, len(notes), len(plainNotes))
		}
		citations += len(notes)
		for _, n := range notes {
			if !n.Resolved {
				unresolved++
			}
		}
	}
	if unresolved != 1 || citations < 20000 {
		t.Errorf("%d of %d citations are unresolved, want 1 (of a relationship without references)", unresolved, citations)
	}
}
