package frontmatter

import (
	"path/filepath"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/evidence"
	"candor/internal/runbook"
)

func TestRunbooksAsTheGoldenFileSays(t *testing.T) {
	files, err := filepath.Glob("testdata/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	got := map[string]evidence.Decoded[runbook.Runbook]{}
	for _, f := range files {
		got[filepath.Base(f)] = Decode("team/"+filepath.Base(f), decodetest.Load(t, f))
	}
	decodetest.Golden(t, "testdata/runbooks.golden", got)
}

func TestARunbookThatIsNotUTF8IsRejected(t *testing.T) {
	if d := Decode("a.md", []byte("---\ntitle: \xff\n---\n")); len(d.Rejects) != 1 || len(d.Records) != 0 {
		t.Errorf("%+v", d)
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.md")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		f.Add(decodetest.Load(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := Decode("a.md", data)
		if len(d.Records)+len(d.Rejects) != 1 {
			t.Fatalf("%d records and %d rejects from one file", len(d.Records), len(d.Rejects))
		}
		for _, b := range d.Records {
			if b.ID == "" || len(b.AppliesTo) == 0 {
				t.Fatalf("a runbook that should have been rejected: %+v", b)
			}
		}
	})
}
