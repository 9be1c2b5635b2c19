package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPushedNamesAreNowhereInTheFolder pushes names to a server that is killed before it
// made a batch of them, and started again without the key and with it.
func TestPushedNamesAreNowhereInTheFolder(t *testing.T) {
	t.Parallel()
	f := newPushPlace(newPlace(t))
	f.write("policy.yaml", "name: ours\nversion: 1\nentities: pseudonym\n")
	f.ok("policy", "set", "policy.yaml")
	s := f.place.serve("--fold", "1h")
	for kind, body := range map[string]string{
		"alerts": `{"id":"a1","rule_id":"r1","time":"2026-11-26T10:00:00Z","entity":"web-01","host":{"name":"WEB-01"},"fields":{"user.name":"jdoe","cmd":"su jdoe"}}
{"id":"a2","rule_id":"r1","time":"2026-11-26T11:00:00Z","entity":"web-02","user":"CORP\\jdoe"}
{"id":"a3","rule_id":"r1","time":"jdoe","entity":"web-01"}
web-01 is no JSON
`,
		"dispositions": `{"id":"a1","disposition":"test","disposition_time":"2026-11-26T12:00:00Z","disposition_by":"Lena Brandt"}` + "\n",
	} {
		if status, text := f.post(s.address, kind, strings.NewReader(body)); status != 200 {
			t.Fatalf("%s: %d %s", kind, status, text)
		}
	}
	f.noNames()
	if err := s.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.Wait()
	if err := os.Rename(f.path("data.key"), f.path("away")); err != nil {
		t.Fatal(err)
	}
	f.fails([]string{"data.key: names are kept here as pseudonyms", "put it back there"}, "serve", "--addr", "127.0.0.1:0")
	if err := os.Rename(f.path("away"), f.path("data.key")); err != nil {
		t.Fatal(err)
	}
	f.settle()
	f.noNames()
	if out := f.ok("measure", "--rule", "r1", "--as-of", "2026-11-27"); !strings.Contains(out, "2 alerts") {
		t.Errorf("%s", out)
	}
	if out := f.ok("evidence", "expire", "--before", "2026-11-27", "--entity", "web-01", "--reason", "law", "--dry-run"); !strings.Contains(out, "1 alert about that entity") {
		t.Errorf("%s", out)
	}
	rejected := int64(0)
	for _, b := range f.batches() {
		rejected += b.Rejected
	}
	if rejected != 2 {
		t.Errorf("%d records are rejected, want 2", rejected)
	}
	f.ok("ledger", "verify", "--deep")
}

// noNames looks for the names in every file of the data folder.
func (f *pushPlace) noNames() {
	f.t.Helper()
	names := regexp.MustCompile(`(?i)web-0|jdoe|brandt`)
	err := filepath.WalkDir(f.path("data"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if found := names.Find(text); found != nil {
			f.t.Errorf("%s stands in %s", found, path)
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
}
