package custody_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/custody"
	"candor/internal/ledger"
	"candor/internal/store"
	"candor/internal/store/sqlite"
)

// shelf is a house with a real library, of one release.
func shelf(t *testing.T) (*house, *sqlite.Library) {
	t.Helper()
	h := opened(t)
	l, err := sqlite.OpenLibrary(t.Context(), filepath.Join(h.dir, "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	h.Keeper = custody.New(custody.Stores{
		Ledger: h.evidence.Ledger(), Batches: []custody.Batches{h.evidence, h.alerts}, Releases: l,
		Policy: filepath.Join(h.dir, "policy.yaml"), Now: func() time.Time { return now },
	})
	w, err := h.Library(l).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bundle := `{"type":"bundle","id":"bundle--1","objects":[{"type":"tool","spec_version":"2.1","id":"tool--1","name":"Needle",
		"modified":"2020-01-01T00:00:00.000Z","external_references":[{"source_name":"mitre-attack","external_id":"S0001"}]}]}`
	sum, err := stix.Read(t.Context(), stix.Source{Reader: strings.NewReader(bundle)}, func(s *attack.Snapshot) error { return w.Add(t.Context(), s) })
	if err != nil {
		t.Fatal(err)
	}
	r := attack.Release{Domain: "enterprise-attack", Version: "9.0", STIX: "2.1", FileHash: sum.FileHash.String(), Imported: now}
	if landed, err := w.Commit(t.Context(), r, nil); err != nil || !landed {
		t.Fatal(landed, err)
	}
	return h, l
}

// change runs a statement on the library as somebody would who has the file.
func (h *house) change(t *testing.T, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(h.dir, "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func TestARealLibraryIsComparedWithItsEntries(t *testing.T) {
	h, _ := shelf(t)
	if r := h.verify(t, nil); !r.OK || r.Size != 1 || r.Checked[ledger.Release] != 1 {
		t.Fatalf("%+v", r)
	}
	h.change(t, `UPDATE snapshot SET deprecated = 1`)
	if r := h.verify(t, nil); r.OK || len(r.Findings) != 1 || r.Findings[0].What != custody.StoreState || !strings.Contains(r.Findings[0].Detail, "deprecated") {
		t.Errorf("a flag: %s", found(r))
	}
	h.change(t, `UPDATE snapshot SET deprecated = 0`)
	h.change(t, `UPDATE release_view SET data = x'00'`)
	if r := h.verify(t, nil); r.OK || len(r.Findings) != 1 || r.Findings[0].What != custody.ReleaseState || *r.Findings[0].Entry != 0 {
		t.Errorf("lists: %s", found(r))
	}
	h.change(t, `UPDATE release SET published = '2031-01-01'`)
	if r := h.verify(t, nil); r.OK || len(r.Findings) != 2 || r.Findings[0].What != custody.ReleaseContent || *r.Findings[0].Entry != 0 {
		t.Errorf("what a release says: %s", found(r))
	}
}

// unreadable is a library that cannot be read whole.
type unreadable struct{ *sqlite.Library }

func (unreadable) Audit(context.Context) (store.LibraryAudit, error) {
	return store.LibraryAudit{Amiss: []store.AmissRelease{{What: "the file cannot be read whole"}}, Unread: true}, nil
}

func TestALibraryThatCannotBeReadIsNotSaidToLackReleases(t *testing.T) {
	h, l := shelf(t)
	h.Keeper.Releases = unreadable{l}
	if r := h.verify(t, nil); r.OK || len(r.Findings) != 1 || r.Findings[0].Detail != "library: the file cannot be read whole" {
		t.Errorf("%s", found(r))
	}
}

// TestAnEntryOfAnEarlierCandorPinsTheFileAlone records a release as candor did before
// entries had a hash of the content.
func TestAnEntryOfAnEarlierCandorPinsTheFileAlone(t *testing.T) {
	h := opened(t)
	h.library.have = []attack.Release{{Domain: "enterprise-attack", Version: "18.1", STIX: "2.1", FileHash: strings.Repeat("ab", 32), Objects: 9}}
	e := ledger.Entry{Time: now, Kind: ledger.Release, ID: custody.ReleaseID(h.library.have[0]), SHA256: h.library.have[0].FileHash}
	if _, err := h.Log().Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if r := h.verify(t, nil); !r.OK {
		t.Errorf("%s", found(r))
	}
	h.library.have[0].FileHash = strings.Repeat("cd", 32)
	if r := h.verify(t, nil); len(r.Findings) != 1 || r.Findings[0].What != custody.MissingRelease {
		t.Errorf("another file: %s", found(r))
	}
}
