package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/sqlite"
)

// shelf is a library in a temporary folder, and a folder for files.
type shelf struct {
	t   *testing.T
	lib *sqlite.Library
	dir string
}

func newShelf(t *testing.T) *shelf {
	lib, err := sqlite.OpenLibrary(context.Background(), filepath.Join(t.TempDir(), "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lib.Close() })
	return &shelf{t: t, lib: lib, dir: t.TempDir()}
}

// file writes a file and returns its path.
func (s *shelf) file(name, text string) string {
	s.t.Helper()
	p := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *shelf) imports(r BundleRequest) ([]BundleResult, error) {
	r.Now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return NewBundles(s.lib).Import(context.Background(), r)
}

// mustImport imports a source and returns its only result.
func (s *shelf) mustImport(r BundleRequest) BundleResult {
	s.t.Helper()
	rs, err := s.imports(r)
	if err != nil || len(rs) != 1 {
		s.t.Fatalf("import %s: %d results, %v", r.Source, len(rs), err)
	}
	return rs[0]
}

// releases lists what the library holds, as "enterprise 1.0/2.1".
func (s *shelf) releases() []string {
	s.t.Helper()
	rs, err := s.lib.Releases(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	names := []string{}
	for _, r := range rs {
		names = append(names, r.String()+"/"+r.STIX)
	}
	return names
}

// aBundle is a bundle of two tools; more is put before them.
func aBundle(more string) string {
	version := `"spec_version":"2.0",`
	if more != "" { // a collection is of STIX 2.1, whose bundles state no version
		version = ""
	}
	return `{"type":"bundle","id":"bundle--1",` + version + `"objects":[` + more +
		`{"type":"tool","id":"tool--1","name":"one","x_mitre_domains":["acme-attack"]},{"type":"tool","id":"tool--2","name":7}]}`
}

func collection(name, version string) string {
	return fmt.Sprintf(`{"type":"x-mitre-collection","id":"x-mitre-collection--1","created_by_ref":"identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5","name":%q,"x_mitre_version":%q,"modified":"2025-11-13T14:00:00.188Z","spec_version":"2.1"},`, name, version)
}

func TestTheReleaseIsToldByCollectionThenNameThenRequest(t *testing.T) {
	tests := map[string]struct {
		name, text string
		request    BundleRequest
		want       string
		odd        int // besides that of tool--2
	}{
		"collection":                     {"x.json", aBundle(collection("ICS ATT&CK", "18.1")), BundleRequest{}, "ics 18.1/2.1", 0},
		"name":                           {"mobile-attack-9.0.json", aBundle(""), BundleRequest{}, "mobile 9.0/2.0", 1},
		"name of the domain":             {"acme-attack-v9.json", aBundle(""), BundleRequest{}, "acme 9/2.0", 0},
		"request":                        {"x.json", aBundle(""), BundleRequest{Release: "3.0", Domain: "zeta"}, "zeta 3.0/2.0", 1},
		"release asked, domain named":    {"x.json", aBundle(""), BundleRequest{Release: "3.0"}, "acme 3.0/2.0", 0},
		"collection against name":        {"acme-attack-1.0.json", aBundle(collection("Acme ATT&CK", "18.1")), BundleRequest{}, "acme 18.1/2.1", 1},
		"name against request":           {"acme-attack-1.0.json", aBundle(""), BundleRequest{Release: "2.0"}, "acme 1.0/2.0", 1},
		"collection without version":     {"acme-attack-1.0.json", aBundle(collection("Acme ATT&CK", "")), BundleRequest{}, "acme 1.0/2.1", 0},
		"collection with a strange name": {"x.json", aBundle(collection("Our collection", "5")), BundleRequest{}, "acme 5/2.1", 0},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t)
			c.request.Source = s.file(c.name, c.text)
			res := s.mustImport(c.request)
			if got := s.releases(); len(got) != 1 || got[0] != c.want {
				t.Errorf("releases %v, want %s", got, c.want)
			}
			if len(res.Oddities) != c.odd+1 {
				t.Errorf("oddities %v, want %d", res.Oddities, c.odd+1)
			}
			kept, err := s.lib.Oddities(context.Background(), res.Release)
			if diff := cmp.Diff(res.Oddities, kept); diff != "" || err != nil {
				t.Errorf("kept oddities, %v (-result +kept):\n%s", err, diff)
			}
		})
	}
}

func TestAResultTellsWhatLanded(t *testing.T) {
	s := newShelf(t)
	text := aBundle(collection("Acme ATT&CK", "1.0")) + "\n"
	path := s.file("b.json.gz", string(gzipped(text)))
	var told []string
	res := s.mustImport(BundleRequest{Source: path, Progress: func(done, total int64, what string) {
		if done == total {
			told = append(told, what)
		}
	}})
	rel := res.Release
	if !res.Landed || res.Objects != 3 || res.New != 3 || res.Source != path || res.Duration <= 0 || len(told) == 0 || told[0] != "b.json.gz" {
		t.Errorf("result %+v, progress %v", res, told)
	}
	if rel.Size != int64(len(text)) || rel.Source != path || rel.Verified != "unknown" || rel.Published != "2025-11-13T14:00:00.188Z" || rel.Imported.Year() != 2026 {
		t.Errorf("release %+v", rel)
	}
	again := s.mustImport(BundleRequest{Source: path})
	if again.Landed || again.New != 0 || again.Objects != 3 || again.Release.FileHash != rel.FileHash {
		t.Errorf("again: %+v", again)
	}
	named := s.mustImport(BundleRequest{Source: s.file("acme-attack-1.0.json", text)})
	if named.Landed || named.Release.Source != path {
		t.Errorf("under its own name: %+v", named)
	}
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

func TestWhatCannotBeImportedSaysWhatToDo(t *testing.T) {
	s := newShelf(t)
	s.mustImport(BundleRequest{Source: s.file("acme-attack-1.0.json", aBundle(""))})
	for name, c := range map[string]struct {
		source string
		kind   fault.Kind
	}{
		"no such file":       {filepath.Join(s.dir, "missing.json"), fault.NotFound},
		"release not told":   {s.file("x.json", aBundle("")), fault.Invalid},
		"no bundle":          {s.file("index.json", `{"id":"1","collections":[]}`), fault.Invalid},
		"no objects":         {s.file("acme-attack-2.0.json", `{"type":"bundle","objects":[]}`), fault.Invalid},
		"cut off":            {s.file("acme-attack-3.0.json", aBundle("")[:90]), fault.Invalid},
		"another file":       {s.file("sub/acme-attack-1.0.json", aBundle(" ")), fault.Conflict},
		"folder without any": {filepath.Dir(s.file("empty/notes.txt", "")), fault.Invalid},
	} {
		_, err := s.imports(BundleRequest{Source: c.source})
		if fault.KindOf(err) != c.kind || fault.HintOf(err) == "" || !strings.Contains(err.Error(), c.source) {
			t.Errorf("%s: %v (%s), hint %q; want %s with the file and a hint", name, err, fault.KindOf(err), fault.HintOf(err), c.kind)
		}
	}
	if diff := cmp.Diff([]string{"acme 1.0/2.0"}, s.releases()); diff != "" {
		t.Errorf("releases (-want +got):\n%s", diff)
	}
}

func TestAFolderImportsEveryBundleByItself(t *testing.T) {
	s := newShelf(t)
	s.file("acme-attack-10.0.json", aBundle(""))
	s.file("sub/acme-attack-9.0.json.gz", string(gzipped(aBundle(" "))))
	s.file("index.json", `{"id":"1","collections":[]}`)
	s.file("list.json", `[1]`)
	s.file("x.json", aBundle(""))
	s.file("notes.txt", "not looked at")
	s.file(".git/acme-attack-8.0.json", aBundle(""))
	broken := s.file("acme-attack-1.0.json", aBundle("")[:90])
	rs, err := s.imports(BundleRequest{Source: s.dir})
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), broken) || strings.Contains(err.Error(), "index") {
		t.Errorf("error %v, want one about %s alone", err, broken)
	}
	got := map[string]string{}
	for _, r := range rs {
		rel, err := filepath.Rel(s.dir, r.Source)
		if err != nil {
			t.Fatal(err)
		}
		got[rel] = r.Skipped
		if (r.Skipped == "") != r.Landed {
			t.Errorf("%s: skipped %q, landed %v", rel, r.Skipped, r.Landed)
		}
	}
	want := map[string]string{
		"acme-attack-10.0.json": "", "sub/acme-attack-9.0.json.gz": "", "index.json": "this is not a STIX bundle", "list.json": "this is not a STIX bundle",
		"x.json": "neither a collection object nor the file's name tells the release",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"acme 9.0/2.0", "acme 10.0/2.0"}, s.releases()); diff != "" {
		t.Errorf("releases (-want +got):\n%s", diff)
	}
}

func TestAReleaseThatIsNotAdmittedDoesNotLand(t *testing.T) {
	s := newShelf(t)
	path := s.file("acme-attack-1.0.json", aBundle(""))
	no := fault.New(fault.Refused, "no")
	_, err := s.imports(BundleRequest{Source: path, Admit: func(attack.Release) error { return no }})
	if !errors.Is(err, no) || len(s.releases()) != 0 {
		t.Errorf("refused: %v, releases %v", err, s.releases())
	}
	res := s.mustImport(BundleRequest{Source: path, Admit: func(r attack.Release) error {
		if r.FileHash == "" || r.Domain != "acme-attack" || r.Verified != "unknown" {
			t.Errorf("asked about %+v", r)
		}
		return nil
	}})
	if res.Release.Verified != "unknown" {
		t.Errorf("verified is %q", res.Release.Verified)
	}
}

func TestACancelledBundleDoesNotLand(t *testing.T) {
	s := newShelf(t)
	ctx, cancel := context.WithCancel(context.Background())
	req := BundleRequest{Source: s.file("acme-attack-1.0.json", aBundle("")), Admit: func(attack.Release) error {
		cancel()
		return nil
	}}
	if _, err := NewBundles(s.lib).Import(ctx, req); err == nil || len(s.releases()) != 0 {
		t.Errorf("cancelled: %v, releases %v", err, s.releases())
	}
}

func TestABundleIsDownloaded(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // so that what others leave behind is not taken for its own
	s := newShelf(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/files/acme-attack-1.0.json", func(w http.ResponseWriter, _ *http.Request) { w.Write(gzipped(aBundle(""))) })
	mux.HandleFunc("/cut/acme-attack-2.0.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Write([]byte(aBundle("")))
	})
	server := httptest.NewServer(mux)
	res := s.mustImport(BundleRequest{Source: server.URL + "/files/acme-attack-1.0.json"})
	if !res.Landed || res.Source != server.URL+"/files/acme-attack-1.0.json" || res.Release.Source != res.Source {
		t.Errorf("result %+v", res)
	}
	for _, path := range []string{"/missing.json", "/cut/acme-attack-2.0.json"} {
		_, err := s.imports(BundleRequest{Source: server.URL + path})
		if fault.KindOf(err) != fault.Unavailable || fault.HintOf(err) == "" {
			t.Errorf("%s: %v, want it unavailable with a hint", path, err)
		}
	}
	server.Close()
	if _, err := s.imports(BundleRequest{Source: server.URL + "/files/acme-attack-1.0.json"}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("server that is gone: %v", err)
	}
	if len(s.releases()) != 1 {
		t.Errorf("releases %v", s.releases())
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "candor-bundle-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

func TestRealBundlesLand(t *testing.T) {
	s := newShelf(t)
	dir := testData(t, "attack")
	start := time.Now()
	rs, err := s.imports(BundleRequest{Source: dir})
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	bundles, odd := 0, map[string]int{}
	for _, r := range rs {
		if r.Skipped != "" {
			if filepath.Base(r.Source) != "index.json" {
				t.Errorf("%s is skipped: %s", r.Source, r.Skipped)
			}
			continue
		}
		bundles++
		size += r.Release.Size
		odd[r.Release.String()+" in "+r.Release.STIX] = len(r.Oddities)
	}
	t.Logf("%d bundles, %d bytes unpacked, in %.1f s", bundles, size, time.Since(start).Seconds())
	files, err := filepath.Glob(filepath.Join(dir, "*-attack-*.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	editions, err := filepath.Glob(filepath.Join(dir, "*", "*-attack-*.json.gz"))
	files = append(files, editions...)
	if err != nil || bundles != len(files) || len(s.releases()) != len(files) {
		t.Errorf("%d bundles and %d releases of %d files, %v", bundles, len(s.releases()), len(files), err)
	}
	if odd["ics 11.0 in 2.1"] != 25 || // 24 ids, one of them three times
		odd["ics 11.0 in 2.0"] != 57 || // 54 ids that were there before, 2 objects that state STIX 2.1, and another domain than the name's
		odd["ics 8.0 in 2.0"] != 81 || odd["ics 8.2 in 2.0"] != 81 || // keys that are repeated
		odd["ics 10.1 in 2.1"] != 1 || odd["enterprise 18.1 in 2.1"] != 0 {
		t.Errorf("oddities %v", odd)
	}
	start = time.Now()
	rs, err = s.imports(BundleRequest{Source: dir})
	for _, r := range rs {
		if r.Landed {
			t.Errorf("%s lands again", r.Source)
		}
	}
	t.Logf("again in %.1f s, %v", time.Since(start).Seconds(), err)
}

// The library is what NewBundles needs.
var _ bundleLibrary = store.Library(nil)
