package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"candor/internal/attack"
)

func libraryHashes(t *testing.T, open OpenLibrary) {
	ctx := context.Background()
	dir := t.TempDir()
	l := open(t, dir)
	r := land(t, l, "acme 1.0", object("tool", "1", "S1", "a"))
	other := open(t, dir) // which has read the releases before
	verified := func(l interface {
		Releases(context.Context) ([]attack.Release, error)
	}) string {
		t.Helper()
		rs := must(l.Releases(ctx))(t)
		return rs[0].Verified + " by " + rs[0].VerifiedBy
	}
	equal(t, "before", []string{verified(l), verified(other)}, []string{"unknown by ", "unknown by "})
	file := attack.PublishedFile{STIX: "2.0", Domain: "acme-attack", Version: "1.0", SHA256: strings.Repeat("0", 64), Source: "a.csv", Added: time.Unix(5, 6).UTC()}
	more := attack.PublishedFile{STIX: "2.1", Domain: "acme-attack", Version: "1.0", SHA256: strings.Repeat("1", 64), Source: "a.csv", Added: time.Unix(5, 6).UTC()}
	if err := l.AddHashes(ctx, []attack.PublishedFile{more, file}); err != nil {
		t.Fatal(err)
	}
	equal(t, "another hash", []string{verified(l), verified(other)}, []string{"mismatch by a.csv", "mismatch by a.csv"})
	equal(t, "added", must(l.AddedHashes(ctx))(t), []attack.PublishedFile{file, more})
	file.SHA256, file.Source = r.FileHash, "b.csv"
	if err := l.AddHashes(ctx, []attack.PublishedFile{file}); err != nil {
		t.Fatal(err)
	}
	equal(t, "the hash", []string{verified(l), verified(other), verified(open(t, dir))}, []string{"verified by b.csv", "verified by b.csv", "verified by b.csv"})
	equal(t, "replaced", must(l.AddedHashes(ctx))(t), []attack.PublishedFile{file, more})
	got := must(l.Load(ctx, r))(t).Release
	equal(t, "of the view", got.Verified, "verified")
}
