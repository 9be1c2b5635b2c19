package api

import (
	"bytes"
	"net/http"
	"testing"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/policy"
	"candor/internal/sample"
)

// TestChangesAreThoseOfTheAssessment compares two releases, of which the older has an
// analytic under another id.
func TestChangesAreThoseOfTheAssessment(t *testing.T) {
	d := newDesk(t)
	if w := d.do(http.MethodGet, "/api/v1/changes"); w.Code != http.StatusNotFound {
		t.Errorf("a single release is compared: %d", w.Code)
	}
	gone := must(d.library.Find(t.Context(), "AN1989", attack.ReleaseRef{}))(t)[0].StixID
	data := bytes.ReplaceAll(sample.Bundle(), []byte(gone), []byte("x-mitre-analytic--11111111-1111-4111-8111-111111111111"))
	w := must(d.library.Begin(t.Context()))(t)
	defer w.Rollback()
	sum := must(stix.Read(t.Context(), stix.Source{Name: "b.json", Reader: bytes.NewReader(data)}, func(s *attack.Snapshot) error { return w.Add(t.Context(), s) }))(t)
	must(w.Commit(t.Context(), attack.Release{Domain: sample.Domain, Version: "18.1", STIX: "2.1", FileHash: sum.FileHash.String(), Source: "b.json",
		Size: int64(len(data)), Objects: sum.Objects, Imported: today, Verified: "unknown"}, nil))(t)
	var got Changes
	d.get("/api/v1/changes", &got)
	report := must(d.service.Diff(t.Context(), "", "18.1", sample.Domain))(t)
	r := assessment.Request{AsOf: today, Policy: policy.Default(), Release: attack.ReleaseRef{Domain: sample.Domain, Version: "18.1"}}
	want := must(d.assess.Changes(t.Context(), r, report))(t)
	if got.All != len(want) || len(got.Objects) != len(want) || got.From.Version != sample.Version || got.To.Version != "18.1" {
		t.Fatalf("%d of %d changes, from %s to %s", len(got.Objects), len(want), got.From.Version, got.To.Version)
	}
	stood := false
	for i, o := range got.Objects {
		if o.ID != want[i].ID || o.Was != want[i].Touched.Was || o.Is != want[i].Touched.Rung || len(o.Rules) != len(want[i].Touched.Rules) {
			t.Errorf("%+v, want %+v", o, want[i])
		}
		stood = stood || o.ID == gone && o.Was != "" && o.Is == ""
	}
	if !stood {
		t.Error("how the analytic stood that is gone is not said")
	}
	d.get("/api/v1/changes?limit=1&offset=1", &got)
	if len(got.Objects) != 1 || got.Objects[0].ID != want[1].ID || got.All != len(want) {
		t.Errorf("the second alone: %+v", got)
	}
	if w := d.do(http.MethodGet, "/api/v1/changes?from=7.0"); w.Code != http.StatusNotFound {
		t.Errorf("a release that is not there: %d", w.Code)
	}
}
