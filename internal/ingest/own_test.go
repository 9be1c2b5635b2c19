package ingest

import (
	"fmt"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/attack/published"
)

// ownBundle is a collection of a team's with one technique.
func ownBundle(id, author, name, version string) string {
	return fmt.Sprintf(`{"type":"bundle","id":"bundle--1","objects":[
{"type":"x-mitre-collection","spec_version":"2.1","id":%q,"created_by_ref":%q,"name":%q,"x_mitre_version":%q,"modified":"2026-05-01T00:00:00.000Z"},
{"type":"identity","spec_version":"2.1","id":"identity--blue","name":"Blue team"},
{"type":"attack-pattern","spec_version":"2.1","id":"attack-pattern--own","name":"Own %s","x_mitre_domains":["enterprise-attack"],
 "external_references":[{"source_name":"mitre-attack","external_id":"T9001"}]}]}`, id, author, name, version, version)
}

func TestATeamsCollectionIsALibraryOfItsOwn(t *testing.T) {
	s := newShelf(t)
	n := 0
	imports := func(text string, r BundleRequest) attack.Release {
		t.Helper()
		n++
		if r.Source == "" {
			r.Source = fmt.Sprintf("own%d.json", n)
		}
		r.Source = s.file(r.Source, text)
		return s.mustImport(r).Release
	}
	first := imports(ownBundle("x-mitre-collection--a", "identity--blue", "Blue detections", "1.0"), BundleRequest{})
	want := attack.Own{Collection: "x-mitre-collection--a", Name: "Blue detections", AuthorRef: "identity--blue", Author: "Blue team"}
	if first.Own != want || !strings.HasPrefix(first.Domain, "own-blue-detections-") || first.Verified != published.Unknown {
		t.Errorf("%+v", first)
	}
	renamed := imports(ownBundle("x-mitre-collection--a", "identity--blue", "Blue rules", "2.0"), BundleRequest{})
	if renamed.Domain != first.Domain || renamed.Own.Name != "Blue rules" {
		t.Errorf("another version under another name is %+v", renamed)
	}
	for what, r := range map[string]attack.Release{
		"another id":     imports(ownBundle("x-mitre-collection--b", "identity--blue", "Blue detections", "1.0"), BundleRequest{}),
		"another author": imports(ownBundle("x-mitre-collection--a", "identity--red", "Blue detections", "1.0"), BundleRequest{}),
		"no author":      imports(ownBundle("x-mitre-collection--a", "", "Blue detections", "1.0"), BundleRequest{}),
	} {
		if !r.IsOwn() || r.Domain == first.Domain {
			t.Errorf("%s: %+v", what, r)
		}
	}
	// Neither a name like MITRE's, nor a file's name, nor what is asked makes it MITRE's.
	res := s.mustImport(BundleRequest{Source: s.file("enterprise-attack-20.0.json", ownBundle("x-mitre-collection--c", "identity--blue", "Enterprise ATT&CK", "20.0")),
		Release: "20.0", Domain: "enterprise"})
	if r := res.Release; !r.IsOwn() || r.Domain == attack.DefaultDomain || r.Version != "20.0" || len(res.Oddities) != 2 {
		t.Errorf("%+v, odd %v", r, res.Oddities)
	}
	all, err := s.lib.Releases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r, err := attack.Meant(all, attack.ReleaseRef{}); err == nil {
		t.Errorf("%s is meant", r)
	}
	for _, r := range all {
		if r.Domain == first.Domain && r.Version == "1.0" && r.Own != want {
			t.Errorf("kept as %+v", r.Own)
		}
	}
}

func TestWhatStandsInForATTACKIsNoOwnCollection(t *testing.T) {
	s := newShelf(t)
	res := s.mustImport(BundleRequest{Source: s.file("x.json", ownBundle("x-mitre-collection--a", "identity--blue", "A miniature", "0.1")), StandsIn: true})
	if res.Release.String() != "enterprise 0.1" || res.Release.IsOwn() {
		t.Errorf("%+v", res.Release)
	}
	// The hash of a published file says more than what the file says.
	text := ownBundle("x-mitre-collection--z", "identity--blue", "Zeta", "1.0")
	res = s.mustImport(BundleRequest{Source: s.file("z.json", text), Hashes: published.New([]attack.PublishedFile{publishedFile("2.1", "zeta-attack", "1.0", text)})})
	if res.Release.IsOwn() || res.Release.String() != "zeta 1.0" {
		t.Errorf("%+v", res.Release)
	}
}
