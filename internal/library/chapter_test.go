package library_test

import (
	"maps"
	"slices"
	"testing"

	"candor/internal/attack"
	"candor/internal/attack/diff"
)

func TestHistoryTellsWhatChangedSinceItWasLastThere(t *testing.T) {
	s, lib := newService(t)
	tool := func(more obj) obj { return named("tool", "9", "S0009", "Sample", more) }
	add(t, lib, "enterprise 1.0", tool(obj{"x_mitre_version": "1.0", "modified": "2020-01-01T00:00:00Z"}))
	add(t, lib, "enterprise 2.0", named("tool", "8", "S0008", "Other", obj{}))
	add(t, lib, "enterprise 3.0", tool(obj{"x_mitre_version": "1.1", "modified": "2021-01-01T00:00:00Z", "description": "New."}))
	add(t, lib, "enterprise 4.0", tool(obj{"x_mitre_version": "1.1", "modified": "2021-01-01T00:00:00Z", "description": "New."}))
	h, err := s.History(ctx, "s0009", attack.ReleaseRef{})
	if err != nil {
		t.Fatal(err)
	}
	if h.Object.ATTACKID != "S0009" || len(h.Chapters) != 4 {
		t.Fatalf("history of %s with %d chapters", h.Object.ATTACKID, len(h.Chapters))
	}
	first, gone, back, last := h.Chapters[0], h.Chapters[1], h.Chapters[2], h.Chapters[3]
	if gone.Status != "absent" || gone.ContentHash != "" || gone.FileHash == "" || gone.Category != "" {
		t.Errorf("where it is absent: %+v", gone)
	}
	if fields := slices.Sorted(maps.Keys(back.Fields)); back.Category != diff.Minor || !slices.Contains(fields, "description") || !slices.Contains(fields, "x_mitre_version") {
		t.Errorf("back as %s with fields %v", back.Category, fields)
	}
	if was := string(back.Fields["x_mitre_version"].Old); was != `"1.0"` {
		t.Errorf("the version was %s", was)
	}
	if first.Category != "" || last.Category != "" || last.ContentHash != back.ContentHash || first.ContentHash == back.ContentHash || len(last.ContentHash) != 64 {
		t.Errorf("first %+v, last %+v", first, last)
	}
}
