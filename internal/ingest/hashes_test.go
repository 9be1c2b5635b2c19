package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/attack"
	"candor/internal/attack/published"
	"candor/internal/fault"
)

// publishedFile is what is known of a text that was published as a release.
func publishedFile(stix, domain, version, text string) attack.PublishedFile {
	h := sha256.Sum256([]byte(text))
	return attack.PublishedFile{STIX: stix, Domain: domain, Version: version, SHA256: hex.EncodeToString(h[:]), Source: published.BuiltIn}
}

func TestThePublishedHashTellsTheRelease(t *testing.T) {
	text := aBundle("")
	for name, c := range map[string]struct {
		file    string
		known   []attack.PublishedFile
		request BundleRequest
		want    string
		odd     int // besides that of tool--2
	}{
		"no name":          {"x.json", []attack.PublishedFile{publishedFile("2.0", "zeta-attack", "3.0", text)}, BundleRequest{}, "zeta 3.0/2.0", 1},
		"another name":     {"acme-attack-2.0.json", []attack.PublishedFile{publishedFile("2.0", "acme-attack", "3.0", text)}, BundleRequest{}, "acme 3.0/2.0", 1},
		"another request":  {"x.json", []attack.PublishedFile{publishedFile("2.0", "acme-attack", "3.0", text)}, BundleRequest{Release: "4.0"}, "acme 3.0/2.0", 1},
		"another STIX":     {"acme-attack-3.0.json", []attack.PublishedFile{publishedFile("2.1", "acme-attack", "3.0", text)}, BundleRequest{}, "acme 3.0/2.1", 1},
		"published as two": {"acme-attack-3.1.json", []attack.PublishedFile{publishedFile("2.0", "acme-attack", "3.0", text), publishedFile("2.0", "acme-attack", "3.1", text)}, BundleRequest{}, "acme 3.1/2.0", 0},
		"published as two, asked": {"x.json", []attack.PublishedFile{publishedFile("2.0", "acme-attack", "3.0", text), publishedFile("2.0", "acme-attack", "3.1", text)},
			BundleRequest{Release: "3.0"}, "acme 3.0/2.0", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t)
			c.request.Source, c.request.Hashes = s.file(c.file, text), published.New(c.known)
			res := s.mustImport(c.request)
			if got := res.Release.String() + "/" + res.Release.STIX; got != c.want || len(res.Oddities) != c.odd+1 {
				t.Errorf("it is %s, odd %v; want %s", got, res.Oddities, c.want)
			}
			if res.Release.Verified != published.Verified || res.Release.VerifiedBy != published.BuiltIn {
				t.Errorf("%s by %q", res.Release.Verified, res.Release.VerifiedBy)
			}
		})
	}
}

func TestAPublishedFileIsNeverCalledDamaged(t *testing.T) {
	s := newShelf(t)
	text := `{"type":"bundle","id":"bundle--1","spec_version":"2.0","objects":[{"type":"tool"}]}`
	req := BundleRequest{Source: s.file("acme-attack-3.0.json", text), Hashes: published.New([]attack.PublishedFile{publishedFile("2.0", "acme-attack", "3.0", text)})}
	_, err := s.imports(req)
	if err == nil || !strings.Contains(err.Error(), "the file of acme 3.0 as it was published, and this candor cannot read it") ||
		!strings.Contains(err.Error(), "no id or no type") {
		t.Errorf("error %v", err)
	}
	if hint := fault.HintOf(err); !strings.Contains(hint, "the file is whole") || strings.Contains(hint, "get the file again") {
		t.Errorf("next: %s", hint)
	}
	// One that is cut off is another file.
	req.Source = s.file("acme-attack-3.0.json", text[:40])
	if _, err = s.imports(req); err == nil || !strings.Contains(fault.HintOf(err), "get the file again") {
		t.Errorf("cut: %v, %s", err, fault.HintOf(err))
	}
}

func TestHashesThatAreAddedVerifyWhatIsThere(t *testing.T) {
	ctx := context.Background()
	s := newShelf(t)
	text := aBundle("")
	s.mustImport(BundleRequest{Source: s.file("acme-attack-1.0.json", text)})
	row := func(sum string) string { return "stix,domain,release,sha256\n2.0,acme,1.0," + sum + "\n" }
	add := func(text string, replace bool) (HashResult, error) {
		return NewBundles(s.lib).AddHashes(ctx, HashRequest{Path: filepath.Base(s.file("sums.csv", text)), Dir: s.dir, Replace: replace, Now: time.Unix(5, 0)})
	}
	state := func() string {
		rs, err := s.lib.Releases(ctx)
		if err != nil || len(rs) != 1 {
			t.Fatalf("%v, %v", rs, err)
		}
		return rs[0].Verified + " by " + rs[0].VerifiedBy
	}
	if got := state(); got != "unknown by " {
		t.Errorf("before: %s", got)
	}
	wrong, right := strings.Repeat("0", 64), publishedFile("", "", "", text).SHA256
	r, err := add(row(wrong), false)
	if err != nil || len(r.Added) != 1 || len(r.Changed) != 1 || r.Changed[0].Verified != published.Mismatch || state() != "mismatch by sums.csv" {
		t.Errorf("another hash: %+v, %v, %s", r, err, state())
	}
	if _, err := add(row(right), false); fault.KindOf(err) != fault.Conflict || state() != "mismatch by sums.csv" {
		t.Errorf("a contradiction: %v, %s", err, state())
	}
	if r, err = add(row(right), true); err != nil || len(r.Added) != 1 || state() != "verified by sums.csv" {
		t.Errorf("replaced: %+v, %v, %s", r, err, state())
	}
	if r, err = add(row(right), false); err != nil || len(r.Added) != 0 || len(r.Changed) != 0 || r.Read != 1 {
		t.Errorf("again: %+v, %v", r, err)
	}
	if _, err := add(row(right)+"2.0,zeta,1.0,xyz\n", false); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a wrong line: %v", err)
	}
	known, err := NewBundles(s.lib).Known(ctx)
	if f, ok := known.File("2.0", "acme-attack", "1.0"); err != nil || !ok || !f.Added.Equal(time.Unix(5, 0)) || f.Source != "sums.csv" {
		t.Errorf("known: %+v, %v, %v", f, ok, err)
	}
	if _, err := NewBundles(s.lib).AddHashes(ctx, HashRequest{Path: "none.csv", Dir: s.dir}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("no file: %v", err)
	}
}

func TestABundleIsNamedByAFileAddress(t *testing.T) {
	s := newShelf(t)
	path := s.file("a folder/acme-attack-1.0.json", aBundle(""))
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	res := s.mustImport(BundleRequest{Source: u.String()})
	if res.Release.String() != "acme 1.0" || res.Source != path {
		t.Errorf("%+v", res)
	}
	if _, err := s.imports(BundleRequest{Source: "ftp://host/acme-attack-1.0.json"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("another scheme: %v", err)
	}
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := s.imports(BundleRequest{Source: u.String()}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no file: %v", err)
	}
}
