package sigma

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/detection"
	"candor/internal/detection/detectiontest"
)

func TestRulesAsTheGoldenFileSays(t *testing.T) {
	decodetest.Golden(t, "testdata/rules.yml.golden", Decode("win/rules.yml", decodetest.Load(t, "testdata/rules.yml")))
}

func TestARuleWithoutIDKeepsItsKeyWherePathAndTitleStay(t *testing.T) {
	decode := func(name, title string) string {
		d := Decode(name, []byte("title: "+title+"\nlogsource: {product: windows}\ndetection: {s: {a: b}}\n"))
		if len(d.Records) != 1 {
			t.Fatalf("%+v", d)
		}
		return d.Records[0].ID
	}
	a := decode("a.yml", "x")
	if a == "" || a != decode("a.yml", "x") || a == decode("b.yml", "x") || a == decode("a.yml", "y") {
		t.Error("the key does not follow path and title")
	}
}

func TestAnEventThatIsFilteredOutIsNotRead(t *testing.T) {
	d := Decode("a.yml", []byte("title: x\nlogsource: {product: windows, service: security}\ndetection:\n  s: {EventID: 4624}\n  filter: {EventID: 4720}\n"))
	for _, l := range d.Records[0].Logs {
		if l.Component == "User Account Creation" {
			t.Errorf("logs %+v hold what the rule leaves out", d.Records[0].Logs)
		}
	}
}

func TestAFileWithoutRulesIsAReject(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "title: \xff\n", "a: [", "key: value\n"} {
		if d := Decode("a.yml", []byte(text)); len(d.Rejects) != 1 || len(d.Records) != 0 || d.Rejects[0].File != "a.yml" {
			t.Errorf("%q: %+v, want one reject", text, d)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	detectiontest.Format{Decode: Decode, Files: []string{"rules.yml"}}.Bench(b)
}

func FuzzDecode(f *testing.F) {
	text := string(decodetest.Load(f, "testdata/rules.yml"))
	f.Add([]byte(text))
	for doc := range strings.SplitSeq(text, "---\n") {
		f.Add([]byte(doc))
	}
	f.Add([]byte("title: x\nlogsource: {product: windows}\ndetection: &d {a: *d, b: [*d, *d]}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := Decode("a.yml", data)
		if len(d.Records)+len(d.Rejects)+len(d.Warnings) == 0 {
			t.Fatal("the file came to nothing")
		}
		for _, r := range d.Records {
			if r.ID == "" || r.Name == "" {
				t.Fatalf("a rule without id or name: %+v", r)
			}
		}
	})
}

func TestWhatAFileOfSeveralDocumentsSays(t *testing.T) {
	rule := "logsource: {product: windows, service: security}\ndetection: {a: {EventID: 4624}, condition: a}\n"
	ids := func(text string) (out []string, warnings string) {
		d := Decode("a.yml", []byte(text))
		for _, r := range d.Records {
			out = append(out, r.ID)
		}
		for _, r := range d.Rejects {
			out = append(out, "reject "+r.Reason)
		}
		return out, strings.Join(d.Warnings, "\n")
	}
	twice, _ := ids("title: x\n" + rule + "---\ntitle: x\n" + rule)
	once, _ := ids("title: x\n" + rule)
	if len(twice) != 2 || twice[0] == twice[1] || twice[0] != once[0] {
		t.Errorf("two documents of one title are %v; one is %v", twice, once)
	}
	if got, _ := ids("action: global\ntitle: x\nid: i\n---\n" + rule + "---\nlogsource: {product: windows, service: system}\ndetection: {a: {EventID: 7045}, condition: a}\n"); !slices.Equal(got, []string{"i"}) {
		t.Errorf("a collection under one id is %v", got)
	}
	if got, _ := ids("action: global\ntitle: x\n---\ntitle: y\nid: i\n" + rule + "---\naction: reset\n---\n" + rule); len(got) != 2 || got[0] != "i" || !strings.HasPrefix(got[1], "reject") {
		t.Errorf("behind a reset: %v", got)
	}
	if _, warned := ids("action: global\ntitle: x\n"); !strings.Contains(warned, "no rule") {
		t.Errorf("what holds no rule: %q", warned)
	}
	if got, _ := ids("action: repeat\ntitle: x\n" + rule); len(got) != 1 || !strings.Contains(got[0], "write the document out") {
		t.Errorf("an action that is not read: %v", got)
	}
}

func TestWhatARuleIsFor(t *testing.T) {
	one := func(text string) (detection.Rule, string) {
		d := Decode("a.yml", []byte(text))
		if len(d.Records) == 0 {
			t.Fatalf("%q: %+v", text, d)
		}
		return d.Records[len(d.Records)-1], strings.Join(d.Warnings, "\n")
	}
	base := "title: x\nid: i\nlogsource: {product: windows, service: security}\ndetection: {a: {EventID: 4625}, condition: a}\n"
	if r, _ := one(base + "tags: [attack.t1110, detection.threat-hunting]\n"); r.Role != detection.Hunt || !r.Enabled {
		t.Errorf("a rule for hunting: %+v", r)
	}
	if r, warned := one(base + "tags:\n  - attack.credential-access\n  - t1003.001\n"); len(r.Techniques) > 0 || !strings.Contains(warned, `a.yml:7: tag "t1003.001" has no namespace`) || !strings.Contains(warned, "attack.t1003.001") {
		t.Errorf("a tag without namespace: %v, %s", r.Techniques, warned)
	}
	r, _ := one("title: many\nid: m\ncorrelation: {type: event_count, rules: [x, i], generate: true, group-by: [User], timespan: 1h, condition: {gte: 10}}\n")
	if !slices.Equal(r.Of, []string{"x", "i"}) || !r.Generate {
		t.Errorf("a correlation: %+v", r)
	}
	r, _ = one("title: x\nid: i\nbase: &b\n  product: windows\n  category: process_creation\nlogsource:\n  <<: *b\ndetection: {sel: {a: b}, condition: sel}\n")
	if len(r.Logs) == 0 || !slices.Equal(r.Platforms, []string{"Windows"}) {
		t.Errorf("a log source that is merged: %+v", r)
	}
}
