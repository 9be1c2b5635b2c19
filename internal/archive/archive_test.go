package archive_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/archive"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/fault"
)

var now = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

func assessment(rung assure.Rung) assure.Assessment {
	return assure.Assessment{Release: attack.Release{Domain: "enterprise-attack", Version: "18.1"}, AsOf: now,
		Policy:   assure.PolicyRef{Name: "default", Version: "1"},
		Verdicts: []assure.Verdict{{Analytic: assure.Name{StixID: "x", ATTACKID: "AN0001"}, Rung: rung}}}
}

func TestWhatIsKeptComesBack(t *testing.T) {
	a := archive.In(filepath.Join(t.TempDir(), "assessments"))
	if list, err := a.List(); err != nil || len(list) != 0 {
		t.Fatalf("an archive that is not there lists %v, error %v", list, err)
	}
	want := assessment(assure.Reliable)
	k, fresh, err := a.Keep("monday", now, want)
	if err != nil || !fresh || k.Name != "monday" || len(k.SHA256) != 64 {
		t.Fatalf("kept %+v, fresh %v, error %v", k, fresh, err)
	}
	got, back, err := a.Load("monday")
	if err != nil || got.SHA256 != k.SHA256 {
		t.Fatalf("loaded %+v, error %v", got, err)
	}
	if diff := cmp.Diff(want, back); diff != "" {
		t.Error(diff)
	}
	if _, fresh, err := a.Keep("monday", now.Add(time.Hour), want); err != nil || fresh {
		t.Errorf("the same again: fresh %v, error %v", fresh, err)
	}
	if _, _, err := a.Keep("monday", now, assessment(assure.Blind)); fault.KindOf(err) != fault.Conflict {
		t.Errorf("another under the same name: %v, want a conflict", err)
	}
	auto, _, err := a.Keep("", now, assessment(assure.Blind))
	if err != nil || auto.Name != "2026-06-30-"+auto.SHA256[:8] {
		t.Errorf("made up name %q, error %v", auto.Name, err)
	}
	if list, err := a.List(); err != nil || len(list) != 2 || list[0].Name != auto.Name && list[1].Name != auto.Name {
		t.Errorf("listed %+v, error %v", list, err)
	}
}

func TestNamesCannotLeaveTheFolder(t *testing.T) {
	a := archive.In(t.TempDir())
	for _, name := range []string{"../up", ".hidden", "a/b", "a b", "ü", string(bytes.Repeat([]byte("x"), 81))} {
		if _, _, err := a.Keep(name, now, assessment(assure.Blind)); fault.KindOf(err) != fault.Usage {
			t.Errorf("keep as %q: %v, want a usage error", name, err)
		}
		if _, _, err := a.Load(name); fault.KindOf(err) == "" {
			t.Errorf("load %q: no error", name)
		}
	}
	if _, _, err := a.Load("unknown"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("load an unknown name: %v", err)
	}
}

func TestAChangedFileIsFoundOut(t *testing.T) {
	dir := t.TempDir()
	a := archive.In(dir)
	if _, _, err := a.Keep("one", now, assessment(assure.Blind)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "one.json.gz")
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	better := bytes.Replace(unpack(t, packed), []byte(`"rung":"blind"`), []byte(`"rung":"reliable"`), 1)
	for name, data := range map[string][]byte{"a better rung": pack(t, better), "half of it": packed[:len(packed)/2], "no gzip": []byte("{}"), "empty": nil, "one line": pack(t, []byte("{}"))} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.Load("one"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want it to be invalid", name, err)
		}
	}
}

func unpack(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func pack(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzLoad(f *testing.F) {
	dir := f.TempDir()
	if _, _, err := archive.In(dir).Keep("seed", now, assessment(assure.Blind)); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(filepath.Join(dir, "seed.json.gz"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte("{}\n{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "fuzz.json.gz")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := archive.In(dir).Load("fuzz"); err != nil && fault.KindOf(err) == fault.Internal {
			t.Fatalf("an internal error for bad bytes: %v", err)
		}
	})
}
