package app_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/cli"
	"candor/internal/day"
	"candor/internal/ingest"
	"candor/internal/policy"
	"candor/internal/sample"
	"candor/internal/take"
	"candor/internal/visibility"
)

// walk is a data folder with every shared release and the evidence of the README.
type walk struct {
	t    testing.TB
	desk *cli.Desk
	data string
	dir  string
}

func newWalk(t testing.TB, releases ...string) *walk {
	data := os.Getenv("CANDOR_TEST_DATA")
	if data == "" {
		t.Skip("CANDOR_TEST_DATA names no folder of real data")
	}
	f := &folder{t: t, dir: t.TempDir(), engine: app.Engines()[0], now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	var bundles []string
	for _, r := range releases {
		found, err := filepath.Glob(filepath.Join(data, "attack", r))
		if err != nil || len(found) == 0 {
			t.Fatalf("no release %s: %v", r, err)
		}
		bundles = append(bundles, found...)
	}
	f.ok(append([]string{"attack", "import"}, bundles...)...)
	examples, err := filepath.Abs("../../examples/ait")
	if err != nil {
		t.Fatal(err)
	}
	alerts, err := filepath.Glob(filepath.Join(data, "alerts", "ait-ads", "*.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	f.ok("evidence", "add", "rules", filepath.Join(data, "rules", "sigma-rules.tar.gz"))
	f.ok("evidence", "add", "rules", filepath.Join(examples, "rules.csv"))
	f.ok("evidence", "add", "telemetry", filepath.Join(examples, "telemetry.yaml"))
	f.ok("evidence", "add", "feeds", filepath.Join(examples, "feeds.csv"))
	f.ok(append([]string{"evidence", "add", "alerts", "--mapping", filepath.Join(examples, "mapping.yaml")}, alerts...)...)
	d, err := app.Open(context.Background(), filepath.Join(f.dir, "data"), cli.Mode{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return &walk{t, d, data, f.dir}
}

func request(r attack.Release) assessment.Request {
	return assessment.Request{Release: attack.ReleaseRef{Domain: r.Domain, Version: r.Version}, Policy: policy.Default(),
		AsOf: time.Date(2022, 1, 31, 23, 59, 59, 0, time.UTC)}
}

// raws are the objects of a release as another reader of JSON has them.
func (w *walk) raws(r attack.Release) map[string]map[string]any {
	w.t.Helper()
	f, err := os.Open(r.Source)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		w.t.Fatal(err)
	}
	var bundle struct{ Objects []map[string]any }
	if err := json.NewDecoder(z).Decode(&bundle); err != nil {
		w.t.Fatal(err)
	}
	m := map[string]map[string]any{}
	for _, o := range bundle.Objects {
		m[o["id"].(string)] = o
	}
	return m
}

// TestTakes judges the takes of shared releases with the evidence of the README: of the
// newest, one before, and old ones of every shape; of all in long tests.
func TestTakes(t *testing.T) {
	which := []string{"*-18.1.json.gz", "ics-attack-17.1.json.gz", "enterprise-attack-1.0.json.gz", "mobile-attack-11.3.json.gz", "ics-attack-11.0.json.gz", "ics-attack-8.2.json.gz"}
	switch {
	case testing.Short():
		which = which[:1]
	case os.Getenv("CANDOR_TEST_LONG") != "":
		which = []string{"*.json.gz"}
	}
	w := newWalk(t, which...)
	releases, err := w.desk.Library.Releases(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var enterprise []take.Take
	for _, r := range releases {
		t.Run(strings.ReplaceAll(r.String(), " ", "_"), func(t *testing.T) {
			takes := w.inventNothing(t, r)
			if r.String() == "enterprise 18.1" {
				enterprise = takes
			}
		})
	}
	t.Run("rubric", func(t *testing.T) { rubric(t, enterprise) })
	t.Run("variety", func(t *testing.T) { variety(t, enterprise) })
	t.Run("reading", func(t *testing.T) { reading(t, enterprise) })
	t.Run("adjacent", func(t *testing.T) { w.nextStages(t, enterprise) })
	t.Run("sizes", w.sizes)
}

// inventNothing walks every statement of every live object of a release: what it
// names stands in its sources, and the object, the relation or the verdict that is
// its source says so.
func (w *walk) inventNothing(t *testing.T, r attack.Release) []take.Take {
	ctx := context.Background()
	a, err := w.desk.Assessment.Assess(ctx, request(r))
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{t: t, raws: w.raws(r), texts: map[string]string{}, verdicts: map[string]*assure.Verdict{}, release: r}
	for i := range a.Verdicts {
		c.verdicts[a.Verdicts[i].Analytic.ATTACKID] = &a.Verdicts[i]
	}
	var takes []take.Take
	statements := 0
	all, err := w.takes(ctx, r)
	for _, tk := range all {
		takes = append(takes, tk)
		for _, s := range tk.Sections {
			if len(s.Statements) == 0 && s.Empty == "" {
				t.Errorf("%s: %s is empty and does not say why", tk.Object.ATTACKID, s.Name)
			}
			for _, st := range s.Statements {
				statements++
				c.statement(&tk, st)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, o := range c.raws {
		if c.taken(o) {
			want++
		}
	}
	if len(takes) != want {
		t.Errorf("%d takes, want one of each of %d live objects", len(takes), want)
	}
	t.Logf("%d takes, %d statements", len(takes), statements)
	return takes
}

// takes returns the takes of a release as they are written.
func (w *walk) takes(ctx context.Context, r attack.Release) (takes []take.Take, err error) {
	var mu sync.Mutex
	by := map[string]take.Take{}
	err = w.desk.Assessment.Takes(ctx, request(r), func(t take.Take) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		by[t.Object.StixID] = t
		return []byte(t.Object.StixID), nil
	}, func(id []byte) error {
		mu.Lock()
		defer mu.Unlock()
		takes = append(takes, by[string(id)])
		return nil
	})
	return takes, err
}

// taken reports whether takes are written of an object.
func (c *checker) taken(o map[string]any) bool {
	switch o["type"] {
	case "attack-pattern", "intrusion-set", "malware", "tool", "campaign", "course-of-action", "x-mitre-tactic", "x-mitre-data-source",
		"x-mitre-data-component", "x-mitre-detection-strategy", "x-mitre-analytic", "x-mitre-asset":
		return o["revoked"] != true && o["x_mitre_deprecated"] != true
	}
	return false
}

func takeOf(t *testing.T, takes []take.Take, id string) take.Take {
	t.Helper()
	i := slices.IndexFunc(takes, func(tk take.Take) bool { return tk.Object.ATTACKID == id })
	if i < 0 {
		t.Fatalf("no take of %s", id)
	}
	return takes[i]
}

// rubric holds the take of AN1989 against what an analyst said of it: each point by a
// statement of a section, with what it rests on.
func rubric(t *testing.T, takes []take.Take) {
	tk := takeOf(t, takes, "AN1989")
	for _, p := range []struct {
		point string
		in    take.SectionName
		code  string
		says  string
		rests string // on a source that contains this
	}{
		{"a detection problem rather than a specific behaviour", take.Summary, "detection_problem", "detection problem", "x_mitre_log_source_references"},
		{"frequent", take.Summary, "official_caveats", "frequent", "very high occurrence"},
		{"many false positives", take.Summary, "official_caveats", "false positives", "false positive rate"},
		{"may be outside the organisation's view", take.Summary, "official_caveats", "cannot look", "outside the visibility"},
		{"no coverage from what is noisy or invisible", take.Executive, "not_covered_outside", "Do not count this as covered", "outside_visibility"},
		{"validate what can be seen", take.Direction, "validate_first", "find out what of it can be seen", "visibility_outside"},
		{"shift to adjacent stages, Initial Access first", take.Direction, "correlate", "Initial Access", "uses"},
		{"a rule is not sight and action", take.Executive, "sight_is_what_counts", "that we see it and act", "rung"},
		{"where budget goes", take.Executive, "next_stages", "fund it first", "uses"},
		{"domain and platform", take.Technical, "domain_and_platforms", "platform PRE", "x_mitre_platforms"},
		{"no tactic on the object itself", take.Technical, "object_lacks", "carries no tactic", "x_mitre_log_source_references"},
		{"no detection logic", take.Technical, "no_logic", "no detection logic", "description"},
		{"needs local data sources", take.Technical, "no_logic", "local data", "description"},
		{"correlate weak with reliable", take.Direction, "correlate", "Correlate it with a stage that is seen here", "uses"},
		{"telemetry of adjacent stages", take.Telemetry, "stages_seen", "telemetry is seen here for", "uses"},
		{"external sources with owner and confidence", take.Telemetry, "external_none", "an owner and a rating of C3", "visibility.worst_reliability"},
		{"alert history with volume, false positives, dispositions", take.Telemetry, "keep_history", "volume, false positives, who judged them how", "not_claimed"},
		{"cases", take.Telemetry, "no_cases", "No reviewed incident", "incidents"},
		{"not standalone", take.Direction, "not_standalone", "Not a standalone detection", "description"},
		{"measure before reporting or automation", take.Direction, "measure_before_use", "before anyone reports on it or automates it", "gate_automation"},
		{"document gaps", take.Mitigation, "say_it_openly", "Name this gap, and who owns it", "rung"},
		{"tune thresholds and enrichment", take.Direction, "tune", "thresholds and enrichment", "description"},
		{"visibility assessment first", take.Direction, "validate_first", "Visibility first", "visibility_outside"},
		{"controls around observable stages", take.Mitigation, "controls_at_seen_stages", "Put controls around a stage that can be watched", "mitigates"},
		{"runbooks", take.Mitigation, "runbook_none", "Keep a runbook", "runbook"},
		{"incident reviews", take.Mitigation, "review_incidents", "every incident review", "incidents"},
		{"limits in reports", take.Mitigation, "say_it_openly", "in every report of coverage", "rung"},
		{"not a technique", take.Limits, "is_analytic", "not the technique", "x-mitre-analytic"},
		{"what cannot be inferred", take.Limits, "no_inference", "Nothing here says that anyone does this", "x-mitre-analytic"},
	} {
		st := statementOf(tk, p.in, p.code)
		if !strings.Contains(st.Text, p.says) {
			t.Errorf("%s: %s of %s says %q, want it to say %q", p.point, p.code, p.in, st.Text, p.says)
		}
		text, _ := json.Marshal(st.Sources)
		if !strings.Contains(string(text), p.rests) {
			t.Errorf("%s: %s rests on %s, want %q among it", p.point, p.code, text, p.rests)
		}
	}
}

func statementOf(tk take.Take, in take.SectionName, code string) take.Statement {
	for _, st := range tk.Section(in).Statements {
		if st.Code == code {
			return st
		}
	}
	return take.Statement{}
}

// variety counts distinct takes among the analytics that apply: names and numbers are
// one mark, and so is a list of any length.
func variety(t *testing.T, takes []take.Take) {
	kinds := map[string]int{}
	applicable := 0
	for _, tk := range takes {
		if tk.Kind != attack.KindAnalytic || statementOf(tk, take.Executive, "not_concerned").Code != "" {
			continue
		}
		applicable++
		var shape strings.Builder
		for _, s := range tk.Sections {
			for _, st := range s.Statements {
				shape.WriteString(marked(st) + "\n")
			}
		}
		kinds[shape.String()]++
	}
	t.Logf("%d distinct takes of %d analytics", len(kinds), applicable)
	if applicable != 447 || len(kinds) < 100 {
		t.Errorf("%d distinct takes of %d analytics, want at least 100 of 447", len(kinds), applicable)
	}
}

var marks = regexp.MustCompile(`#(?:(?:, | and |; )(?:# ?(?:more)?|#))*`)

// marked is a statement with all that its sources say as one mark.
func marked(st take.Statement) string {
	text := st.Text
	var said []string
	for _, s := range st.Sources {
		if s.Value != "" && s.Kind != take.Relation {
			said = append(said, s.Value)
		}
	}
	slices.SortFunc(said, func(a, b string) int { return len(b) - len(a) })
	for _, v := range said {
		text = strings.ReplaceAll(text, v, "#")
	}
	text = regexp.MustCompile(`\d[\d.,]*`).ReplaceAllString(text, "#")
	return marks.ReplaceAllString(text, "#")
}

var identifier = regexp.MustCompile(`\b(?:T|AN|DET|DC|DS|G|S|C|M|A|TA)\d{4}`)

// reading holds sentences to what can be read aloud.
func reading(t *testing.T, takes []take.Take) {
	told := 0
	tell := func(format string, args ...any) {
		if told++; told < 30 {
			t.Errorf(format, args...)
		}
	}
	for _, tk := range takes {
		seen := map[string]bool{}
		limit := map[take.SectionName]int{take.Summary: 60, take.Executive: 90}
		for _, s := range tk.Sections {
			words := 0
			for _, st := range s.Statements {
				if seen[st.Text] {
					tell("%s says twice: %q", tk.Object.ATTACKID, st.Text)
				}
				seen[st.Text] = true
				words += len(strings.Fields(st.Text))
				for sentence := range strings.SplitSeq(st.Text, ". ") {
					if n := len(strings.Fields(sentence)); n > 28 {
						tell("%s: %d words: %q", tk.Object.ATTACKID, n, sentence)
					}
				}
				if st.Audience != take.Engineer && identifier.MatchString(st.Text) {
					tell("%s: a leader reads an identifier: %q", tk.Object.ATTACKID, st.Text)
				}
				if !strings.HasSuffix(st.Text, ".") {
					tell("%s: no full stop: %q", tk.Object.ATTACKID, st.Text)
				}
			}
			if most := limit[s.Name]; most > 0 && words > most {
				tell("%s: %s has %d words", tk.Object.ATTACKID, s.Name, words)
			}
		}
	}
	if told >= 30 {
		t.Errorf("%d faults in all", told)
	}
}

// nextStages holds AN1989's table against figures that were worked out by hand, and how
// its stages stand against the verdicts.
func (w *walk) nextStages(t *testing.T, takes []take.Take) {
	tk := takeOf(t, takes, "AN1989")
	a, err := w.desk.Assessment.Assess(context.Background(), request(tk.Release))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, s := range tk.Adjacent {
		here := ""
		for _, p := range s.Here {
			for _, r := range p.Rungs {
				here += fmt.Sprintf(" %s %d %s", p.Platform, r.Count, r.Rung)
			}
		}
		if want := standsOn(a.Verdicts, s.Technique); here != want {
			t.Errorf("%s stands here as%s, want%s", s.Technique.ATTACKID, here, want)
		}
		if i < 3 {
			got = append(got, fmt.Sprintf("%s %s %d/%d %.1f", s.Tactic.Name, s.Technique.ATTACKID, s.Support, s.BasisUsers, s.Lift))
		}
	}
	want := []string{"Initial Access T1566.001 13/27 1.2", "Initial Access T1133 12/27 2.8", "Initial Access T1078 12/27 1.8"}
	if !slices.Equal(got, want) {
		t.Errorf("next stages %q, want %q", got, want)
	}
}

// standsOn counts the verdicts on a technique's analytics that apply, by platform and rung.
func standsOn(vs []assure.Verdict, technique assure.Name) string {
	counts := map[string]int{}
	for _, v := range vs {
		if v.Rung == assure.NotApplicable || !slices.Contains(v.Techniques, technique) {
			continue
		}
		for _, p := range v.Platforms {
			counts[fmt.Sprintf("%s\x00%02d", p, slices.Index(assure.Rungs(), v.Rung))]++
		}
	}
	said := ""
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		platform, rung, _ := strings.Cut(key, "\x00")
		n, _ := strconv.Atoi(rung)
		said += fmt.Sprintf(" %s %d %s", platform, counts[key], assure.Rungs()[n])
	}
	return said
}

// checker holds statements against the release as encoding/json reads it, and against
// the verdicts.
type checker struct {
	t        *testing.T
	raws     map[string]map[string]any
	texts    map[string]string // what stringsOf found
	everyone int
	verdicts map[string]*assure.Verdict
	release  attack.Release
	told     int
}

func (c *checker) tell(tk *take.Take, st take.Statement, format string, args ...any) {
	if c.told++; c.told < 40 {
		c.t.Errorf("%s %s, %s: %q: %s", c.release, tk.Object.ATTACKID, st.Code, st.Text, fmt.Sprintf(format, args...))
	}
}

var (
	wordOrFigure = regexp.MustCompile(`\p{Lu}[\p{L}\p{N}./:_-]*|\d[\d.,-]*\d|\d`)
	// known are words that belong to the language of takes and are nobody's name.
	known = map[string]bool{"ATT&CK": true, "ATT": true, "CK": true, "MITRE": true, "Candor": true}
)

func (c *checker) statement(tk *take.Take, st take.Statement) {
	if len(st.Sources) == 0 {
		c.tell(tk, st, "it rests on nothing")
	}
	var said strings.Builder
	for _, s := range st.Sources {
		c.source(tk, st, s)
		said.WriteString(s.Value + "\x00" + strings.Join(s.Inputs, "\x00") + "\x00" + s.Field + "\x00")
	}
	all := said.String()
	for _, at := range wordOrFigure.FindAllStringIndex(st.Text, -1) {
		word := strings.Trim(st.Text[at[0]:at[1]], ".,:")
		if known[word] || begins(st.Text, at[0]) && !strings.ContainsAny(word, "0123456789") || strings.Contains(all, word) {
			continue
		}
		c.tell(tk, st, "%q is in none of its sources", word)
	}
}

// begins reports whether a sentence or a part after a colon begins at i.
func begins(text string, i int) bool {
	return i == 0 || strings.HasSuffix(text[:i], ". ") || strings.HasSuffix(text[:i], ": ") || strings.HasSuffix(text[:i], "“") && i == len("“")
}

func (c *checker) source(tk *take.Take, st take.Statement, s take.Source) {
	switch s.Kind {
	case take.Field:
		c.field(tk, st, s)
	case take.Relation:
		c.relation(tk, st, s)
	case take.Computation:
		c.computation(tk, st, s)
	case take.Reason:
		c.reason(tk, st, s)
	case take.Setting:
	default:
		c.tell(tk, st, "a source is of kind %q", s.Kind)
	}
}

// field checks that an object says so, by its exact bytes.
func (c *checker) field(tk *take.Take, st take.Statement, s take.Source) {
	o := c.raws[s.ID]
	if o == nil {
		c.tell(tk, st, "object %s is not in the release", s.ID)
		return
	}
	if s.Field == "release" || s.Value == "" {
		return
	}
	if strings.HasPrefix(s.Field, "analytics' ") {
		return // checked by what it names, below
	}
	text, ok := c.texts[s.ID]
	if !ok {
		text = stringsOf(o)
		c.texts[s.ID] = text
	}
	for part := range strings.SplitSeq(s.Value, " ") {
		if !strings.Contains(text, part) {
			c.tell(tk, st, "%s does not say %q in %s", s.ID, part, s.Field)
			return
		}
	}
}

// stringsOf is every text and number in a JSON value.
func stringsOf(v any) string {
	switch v := v.(type) {
	case string:
		return v + "\x00"
	case bool:
		return strconv.FormatBool(v) + "\x00"
	case []any:
		var b strings.Builder
		for _, e := range v {
			b.WriteString(stringsOf(e))
		}
		return b.String()
	case map[string]any:
		var b strings.Builder
		for _, e := range v {
			b.WriteString(stringsOf(e))
		}
		return b.String()
	}
	return ""
}

func (c *checker) relation(tk *take.Take, st take.Statement, s take.Source) {
	if c.raws[s.ID] == nil {
		c.tell(tk, st, "object %s is not in the release", s.ID)
	}
}

// computation recomputes what was worked out.
func (c *checker) computation(tk *take.Take, st take.Statement, s take.Source) {
	want := s.Value
	switch s.ID {
	case "count":
		want = strconv.Itoa(len(s.Inputs))
		sorted := slices.Sorted(slices.Values(s.Inputs))
		if len(slices.Compact(sorted)) != len(s.Inputs) && st.Code != "reads" {
			c.tell(tk, st, "something is counted twice: %v", s.Inputs)
		}
	case "sum":
		sum := 0
		for _, in := range s.Inputs {
			n, _ := strconv.Atoi(in)
			sum += n
		}
		want = strconv.Itoa(sum)
	case "times":
		var n [4]float64
		for i, in := range s.Inputs {
			n[i], _ = strconv.ParseFloat(in, 64)
		}
		want = strconv.FormatFloat(n[0]*n[3]/(n[1]*n[2]), 'f', 1, 64)
	case "rungs":
		c.rungs(tk, st, s)
		return
	case "as_of":
		want = tk.AsOf
	case "support", "basis_users", "users":
		want = c.users(tk, s)
	default:
		c.tell(tk, st, "nobody can recompute %q", s.ID)
	}
	if want != strings.ReplaceAll(s.Value, ",", "") {
		c.tell(tk, st, "%s is %s, want %s", s.ID, s.Value, want)
	}
}

// rungs counts the verdicts that apply on the techniques that a take is about.
func (c *checker) rungs(tk *take.Take, st take.Statement, s take.Source) {
	about := map[string]bool{}
	if tk.Standing != nil {
		for _, t := range tk.Standing.Techniques {
			about[t.Of.StixID] = true
		}
	}
	counts, all := map[string]int{}, 0
	reads := func(v *assure.Verdict) bool {
		return tk.Kind == attack.KindComponent && c.reads(v.Analytic.StixID, tk.Object.StixID)
	}
	if tk.Kind == attack.KindComponent {
		about = nil
	}
	for _, v := range c.verdicts {
		if reads(v) && v.Rung != assure.NotApplicable {
			counts[string(v.Rung)]++
			all++
		}
		if v.Rung != assure.NotApplicable && slices.ContainsFunc(v.Techniques, func(n assure.Name) bool { return about[n.StixID] }) {
			counts[string(v.Rung)]++
			all++
		}
	}
	for _, in := range s.Inputs {
		rung, n, _ := strings.Cut(in, " ")
		if strconv.Itoa(counts[rung]) != n {
			c.tell(tk, st, "%d analytics stand on %s, and it says %s", counts[rung], rung, n)
		}
		delete(counts, rung)
	}
	if strconv.Itoa(all) != s.Value || len(counts) > 0 {
		c.tell(tk, st, "%d analytics apply, and it says %s; left out: %v", all, s.Value, counts)
	}
}

// reads reports whether an analytic names a log source of a data component.
func (c *checker) reads(analytic, component string) bool {
	sources, _ := c.raws[analytic]["x_mitre_log_source_references"].([]any)
	return slices.ContainsFunc(sources, func(s any) bool { return s.(map[string]any)["x_mitre_data_component_ref"] == component })
}

// users counts who uses what from the relationships alone.
func (c *checker) users(tk *take.Take, s take.Source) string {
	if s.ID == "users" {
		if c.everyone == 0 {
			c.everyone = len(c.usersOf(nil))
		}
		return strconv.Itoa(c.everyone)
	}
	for _, a := range tk.Adjacent {
		if s.ID == "basis_users" {
			return strconv.Itoa(a.BasisUsers)
		}
		if a.Technique.ATTACKID == s.Field {
			return strconv.Itoa(a.Support)
		}
	}
	return "unknown"
}

// usersOf are the live groups and campaigns that use one of the techniques, by STIX
// id, or any technique when none is named.
func (c *checker) usersOf(techniques []string) map[string]bool {
	users := map[string]bool{}
	live := func(id string) bool {
		o := c.raws[id]
		return o != nil && o["revoked"] != true && o["x_mitre_deprecated"] != true
	}
	for _, o := range c.raws {
		if o["type"] != "relationship" || o["relationship_type"] != "uses" || o["revoked"] == true || o["x_mitre_deprecated"] == true {
			continue
		}
		from, to := o["source_ref"].(string), o["target_ref"].(string)
		actor := strings.HasPrefix(from, "intrusion-set--") || strings.HasPrefix(from, "campaign--")
		if actor && strings.HasPrefix(to, "attack-pattern--") && live(from) && live(to) && (techniques == nil || slices.Contains(techniques, to)) {
			users[from] = true
		}
	}
	return users
}

// reason holds what is said of a judgement against the verdict.
func (c *checker) reason(tk *take.Take, st take.Statement, s take.Source) {
	v := c.verdicts[s.Field]
	if v == nil {
		if s.ID != "rung" { // of a technique and the like, checked by TestTakesSumVerdicts
			c.tell(tk, st, "%s is no analytic with a verdict", s.Field)
		}
		return
	}
	ok := true
	switch {
	case s.ID == "rung":
		ok = strings.HasSuffix(s.Value, string(v.Rung)) || s.Value == strings.ReplaceAll(string(v.Rung), "_", " ")
	case strings.HasPrefix(s.ID, "need_days"):
		ok = slices.ContainsFunc(v.Visibility.Needs, func(n visibility.Need) bool { return strconv.Itoa(n.Days) == s.Value })
	case strings.HasPrefix(s.ID, "need_"):
		ok = slices.ContainsFunc(v.Visibility.Needs, func(n visibility.Need) bool { return n.Name == s.Value && "need_"+string(n.State) == s.ID })
	case s.ID == "measurement":
		ok = c.measured(v, s.Value)
	case s.ID == "next":
		ok = slices.ContainsFunc(v.Next, func(n assure.Step) bool { return n.Action+": "+n.Text == s.Value })
	case strings.HasPrefix(s.ID, "gate_"), s.ID == "claim", s.ID == "claimed", s.ID == "knob", s.ID == "incidents", s.ID == "runbook", s.ID == "exercise", s.ID == "external", s.ID == "waiver":
		ok = strings.HasPrefix(s.ID, "gate_") || s.ID == "claimed" || s.Value == "none" || reasonIs(v, s)
		if !ok {
			text, _ := json.Marshal(v)
			ok = strings.Contains(string(text), quoted(s.Value))
		}
	default:
		ok = reasonIs(v, s)
	}
	if !ok {
		c.tell(tk, st, "the verdict on %s does not say %s %q", s.Field, s.ID, s.Value)
	}
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return strings.Trim(string(text), `"`)
}

func reasonIs(v *assure.Verdict, s take.Source) bool {
	for _, r := range v.Reasons {
		if r.Code == s.ID && r.Text == s.Value {
			return true
		}
	}
	return false
}

// measured reports whether a figure like "alerts 66" is that of the measurement.
func (c *checker) measured(v *assure.Verdict, figure string) bool {
	m := v.Measurement
	name, value, _ := strings.Cut(strings.ReplaceAll(figure, ",", ""), " ")
	n := map[string]int64{"window_days": int64(m.WindowDays), "alerts": m.Alerts, "true_positive": m.TruePositive, "benign_positive": m.BenignPositive,
		"false_positive": m.FalsePositive, "unlabelled": m.Unlabelled, "labelled": m.TruePositive + m.BenignPositive + m.FalsePositive,
		"episodes": int64(m.Episodes), "occasions": int64(m.Occasions), "to_label": m.ToLabel}
	if name == "interval_low" || name == "interval_high" {
		i := m.ClusteredInterval
		if i == nil {
			i = m.Interval
		}
		p := i[0]
		if name == "interval_high" {
			p = i[1]
		}
		said, err := strconv.ParseFloat(strings.TrimSuffix(value, " %"), 64)
		return err == nil && p*100-said < 1 && said-p*100 < 1
	}
	want, ok := n[name]
	return ok && strconv.FormatInt(want, 10) == value
}

// standIn imports a bundle in the place of MITRE's, as the demonstration does.
func (f *folder) standIn(bundle string) {
	f.t.Helper()
	d, err := app.Open(context.Background(), filepath.Join(f.dir, "data"), cli.Mode{Write: true, Command: "test", Now: func() time.Time { return f.now }})
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = d.Bundles.Import(context.Background(), ingest.BundleRequest{Source: filepath.Join(f.dir, bundle), StandsIn: true, Now: f.now})
	if err := errors.Join(err, d.Close()); err != nil {
		f.t.Fatal(err)
	}
}

// wasAndIsNot holds what is contradicted now to have been reliable a fortnight ago.
func wasAndIsNot(f *folder, takes []take.Take) {
	f.t.Helper()
	for _, tk := range takes {
		if statementOf(tk, take.Executive, "contradicted").Code == "" {
			continue
		}
		var then take.Take
		out := f.ok("take", tk.Object.ATTACKID, "--as-of", string(day.Of(f.now).Add(-14)), "--json")
		if err := json.Unmarshal([]byte(out), &then); err != nil || statementOf(then, take.Executive, "may_be_counted").Code == "" {
			f.t.Errorf("%s was not reliable a fortnight ago: %v %+v", tk.Object.ATTACKID, err, then.Section(take.Executive))
		}
		return
	}
	f.t.Error("nothing in the demo is contradicted")
}

// TestTakesOfTheDemo holds the demonstration to what it is to show.
func TestTakesOfTheDemo(t *testing.T) {
	f := &folder{t: t, dir: t.TempDir(), engine: app.Engines()[0], now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	files, err := sample.Write(filepath.Join(f.dir, "input"), 1, day.Of(f.now).Add(-1))
	if err != nil {
		t.Fatal(err)
	}
	f.write("miniature.json", string(sample.Bundle()))
	f.standIn("miniature.json")
	for _, e := range [][2]string{{"telemetry", files.Telemetry}, {"feeds", files.Feeds}, {"rules", files.Rules}, {"alerts", files.Alerts},
		{"exercises", files.Exercises}, {"cases", files.Cases}, {"signals", files.Signals}, {"tuning", files.Tuning}, {"exceptions", files.Exceptions}, {"fields", files.Fields}, {"runs", files.Runs}, {"runbooks", files.Runbooks}} {
		f.ok("evidence", "add", e[0], e[1])
	}
	var matrices struct {
		Objects []struct {
			StixID string `json:"stix_id"`
		}
	}
	if err := json.Unmarshal([]byte(f.ok("attack", "list", "--kind", "matrix", "--json")), &matrices); err != nil || len(matrices.Objects) == 0 {
		t.Fatalf("no matrix: %v", err)
	}
	if out, code := f.run("take", matrices.Objects[0].StixID); code != 2 || !strings.Contains(out, "no take is written of one") {
		t.Errorf("the take of a matrix: %d %s", code, out)
	}
	var takes []take.Take
	if err := json.Unmarshal([]byte(f.ok("take", "--all", "--json")), &takes); err != nil {
		t.Fatal(err)
	}
	shapes := map[string]bool{}
	codes := map[string]bool{}
	for _, tk := range takes {
		var shape strings.Builder
		for _, s := range tk.Sections {
			for _, st := range s.Statements {
				codes[st.Code] = true
				shape.WriteString(marked(st) + "\n")
			}
		}
		if tk.Kind == attack.KindAnalytic {
			shapes[shape.String()] = true
		}
	}
	if len(shapes) < 12 {
		t.Errorf("%d visibly different takes of analytics, want at least 12", len(shapes))
	}
	for _, code := range []string{"may_be_counted", "contradicted", "external_only", "not_covered_outside", "works_unowned", "measured_noisy"} {
		if !codes[code] {
			t.Errorf("no analytic of the demo says %s", code)
		}
	}
	wasAndIsNot(f, takes)
	reading(t, takes)
	// What the demonstration has no occasion for is tested beside the rules.
	rare := []string{"no_longer_in_force", "nothing_judged", "none_applies", "waived", "no_reliable_chance", "old_detection_text", "data_named", "named_data", "tools_of", "silent",
		"stages_unseen", "no_adjacent", "automation_open", "through_software", "scope_unstated", "no_analytics", "release_not_published",
		"exception_hides", "field_missing", "replay_limit", "chain_earned", "chain_unearned"}
	for _, code := range take.Codes() {
		if !codes[code] && !slices.Contains(rare, code) {
			t.Errorf("nothing in the demo says %s", code)
		}
	}
}
