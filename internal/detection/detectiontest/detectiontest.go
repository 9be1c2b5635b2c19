// Package detectiontest runs the decoders of detection rules for their tests. It
// holds no decoder and nothing that is built into candor.
package detectiontest

import (
	"path"
	"testing"
	"time"

	"candor/internal/decode"
	"candor/internal/decode/decodetest"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// Format is a format of rules, with files of it in testdata, each of which has a
// golden file beside it.
type Format struct {
	Name   string
	Decode func(name string, data []byte) evidence.Decoded[detection.Rule]
	Sniff  func(head []byte, name string) bool
	Files  []string
}

// Golden decodes the files and compares what comes of each with its golden file.
func (f Format) Golden(t *testing.T) {
	t.Helper()
	for _, name := range f.Files {
		text := decodetest.Load(t, "testdata/"+name)
		if !f.Sniff(text, name) {
			t.Errorf("%s is not taken for what it is", name)
		}
		decodetest.Golden(t, "testdata/"+name+".golden", f.Decode("rules/"+name, text))
	}
}

// Others fails the test when a file of another format is taken for a rule: those
// that nobody's rules look like, and more.
func (f Format) Others(t *testing.T, more map[string]string) {
	t.Helper()
	for _, others := range []map[string]string{more, {
		"a.yml": "title: x\nid: r-1\nlogsource: {product: windows}\ndetection: {s: {a: b}}\n", "b.yml": "", "c.csv": "rule_id,name\n",
		"d.yml": "\xff:", "e.yml": "name: x\nother:\n  search: y\n",
	}} {
		for name, text := range others {
			if f.Sniff([]byte(text), name) {
				t.Errorf("%s, %q, is taken for a rule", name, text)
			}
		}
	}
}

// Fuzz decodes arbitrary files, beginning with those of the format: each comes to
// something, and no rule lacks what every rule must have.
func (f Format) Fuzz(tests *testing.F) {
	tests.Helper()
	for _, name := range f.Files {
		tests.Add(decodetest.Load(tests, "testdata/"+name))
	}
	tests.Fuzz(func(t *testing.T, data []byte) {
		f.Sniff(data, f.Files[0])
		d := f.Decode("f", data)
		if len(d.Records)+len(d.Rejects)+len(d.Warnings) == 0 {
			t.Fatal("the file came to nothing")
		}
		for _, r := range d.Records {
			if r.ID == "" || r.Name == "" || r.Format != f.Name || r.Path != "f" {
				t.Fatalf("a rule without id, name, format or path: %+v", r)
			}
		}
	})
}

// Bench decodes the files that are YAML or JSON and tells how often as long that takes as to
// parse them alone, which no decoder can be faster than.
func (f Format) Bench(b *testing.B) {
	b.Helper()
	texts := map[string][]byte{}
	for _, name := range f.Files {
		if ext := path.Ext(name); ext == ".yml" || ext == ".yaml" || ext == ".json" {
			texts[name] = decodetest.Load(b, "testdata/"+name)
		}
	}
	var parsed time.Duration
	for b.Loop() {
		start := time.Now()
		for name, text := range texts {
			if _, err := decode.Documents(name, text); err != nil {
				b.Fatal(err)
			}
		}
		parsed += time.Since(start)
		for name, text := range texts {
			f.Decode(name, text)
		}
	}
	b.ReportMetric(float64(b.Elapsed()-parsed)/float64(parsed), "x-parsing")
}
