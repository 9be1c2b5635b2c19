package custody_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/custody"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ledger"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
	"candor/internal/store/sqlite"
)

// releases are those of a library that has had others before.
type releases struct {
	have    []attack.Release
	removed []attack.Removal
}

func (r *releases) Releases(context.Context) ([]attack.Release, error) { return r.have, nil }

func (r *releases) Removals(context.Context) ([]attack.Removal, error) { return r.removed, nil }

func (r *releases) Remove(_ context.Context, rm attack.Removal) (attack.Removal, error) {
	r.have = slices.DeleteFunc(r.have, func(h attack.Release) bool { return h == rm.Release })
	r.removed = append(r.removed, rm)
	return rm, nil
}

// content is the hash that stands for what is kept of a release.
func content(r attack.Release) string {
	sum := sha256.Sum256([]byte(r.Verified))
	return hex.EncodeToString(sum[:])
}

func (r *releases) Content(_ context.Context, of attack.Release) (string, error) {
	return content(of), nil
}

func (r *releases) Audit(context.Context) (a store.LibraryAudit, err error) {
	for _, of := range r.have {
		a.Releases = append(a.Releases, store.AuditedRelease{Release: of, Content: content(of)})
	}
	return a, nil
}

// house is the stores of one data folder with their keeper.
type house struct {
	*custody.Keeper
	dir      string
	evidence *sqlite.Evidence
	alerts   *batches.Store
	library  releases
}

var now = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

type tester interface {
	Fatalf(string, ...any)
	Helper()
	Context() context.Context
}

func open(t tester, dir string) *house {
	t.Helper()
	h := &house{dir: dir}
	var err error
	if h.evidence, err = sqlite.OpenEvidence(t.Context(), filepath.Join(dir, "evidence.db")); err != nil {
		t.Fatalf("open: %v", err)
	}
	if h.alerts, err = scan.Open(t.Context(), filepath.Join(dir, "alerts"), batches.Options{Write: true}); err != nil {
		t.Fatalf("open: %v", err)
	}
	h.Keeper = custody.New(custody.Stores{
		Ledger: h.evidence.Ledger(), Batches: []custody.Batches{h.evidence, h.alerts}, Releases: &h.library,
		Policy: filepath.Join(dir, "policy.yaml"), Now: func() time.Time { return now },
	})
	return h
}

func (h *house) close() {
	h.evidence.Close()
	h.alerts.Close()
}

func opened(t *testing.T) *house {
	h := open(t, t.TempDir())
	t.Cleanup(h.close)
	return h
}

func batch(kind, id string) store.Batch {
	return store.Batch{ID: id, Kind: kind, Hash: "hash of " + id, By: "ann", Added: now}
}

func each[T any](values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// addRules lands a batch of rules through the keeper.
func (h *house) addRules(t tester, id string, bodies ...string) {
	t.Helper()
	var rs []store.Record
	for i, b := range bodies {
		rs = append(rs, store.Record{Kind: evidence.RecordRule, Key: fmt.Sprint("r", i), Body: []byte(b)})
	}
	if _, _, err := h.Evidence(h.evidence).Append(t.Context(), batch("rules", id), each(rs...)); err != nil {
		t.Fatalf("append %s: %v", id, err)
	}
}

func fired(id string, c alert.Class, change func(*alert.Alert)) *alert.Alert {
	a := &alert.Alert{ID: id, RuleID: "rule", RuleName: "A rule", Time: now, Site: "site", Entity: "host", Severity: "low",
		Tactic: "t", Source: "s", Techniques: []string{"T1"}, CaseID: "c", Fields: map[string]string{"k": "v"}, Score: new(2.5)}
	if c != "" {
		a.Disposition = &alert.Disposition{Class: c, Word: "w", By: "ann", Time: now, Provenance: alert.Analyst}
	}
	if change != nil {
		change(a)
	}
	return a
}

// addAlerts lands a batch of alerts through the keeper.
func (h *house) addAlerts(t tester, id string, list ...*alert.Alert) {
	t.Helper()
	if _, _, err := h.Alerts(h.alerts).Append(t.Context(), batch("alerts", id), each(list...)); err != nil {
		t.Fatalf("append %s: %v", id, err)
	}
}

func (h *house) withdraw(t tester, id string) {
	t.Helper()
	if _, err := h.Withdraw(t.Context(), id, store.Withdrawal{At: now, By: "ann", Reason: "wrong file"}); err != nil {
		t.Fatalf("withdraw %s: %v", id, err)
	}
}

// fill brings a bit of everything, so that every table has rows.
func (h *house) fill(t tester) {
	t.Helper()
	h.addRules(t, "rules-1", "one", "two")
	h.addRules(t, "rules-2", "one", "zwei")
	h.addRules(t, "rules-3", "uno", "due", "tre")
	h.addAlerts(t, "alerts-1", fired("a1", "", nil), fired("a2", alert.TruePositive, nil), fired("a3", "", nil))
	h.addAlerts(t, "alerts-2", fired("a1", alert.FalsePositive, nil), fired("a2", alert.TruePositive, nil),
		fired("a3", "", func(a *alert.Alert) { a.RuleID, a.Entity = "other", "elsewhere" }))
	h.addAlerts(t, "alerts-3", fired("a1", alert.Test, func(a *alert.Alert) { a.Disposition.Time = now.Add(time.Hour) }))
	h.withdraw(t, "rules-3")
	h.withdraw(t, "alerts-3")
	h.library.have = []attack.Release{{Domain: "enterprise-attack", Version: "18.1", STIX: "2.1", FileHash: strings.Repeat("ab", 32), Objects: 9}}
	if err := h.CatchUp(t.Context(), ""); err != nil {
		t.Fatalf("settle: %v", err)
	}
	if _, _, err := h.SetPolicy(t.Context(), custody.PolicyChange{ID: "ours 1", File: []byte("version: \"1\"\n"), By: "ann"}); err != nil {
		t.Fatalf("policy: %v", err)
	}
}

func (h *house) verify(t tester, expected *ledger.Root) custody.Report {
	t.Helper()
	r, err := h.Verify(t.Context(), custody.Verification{Expected: expected, Deep: true})
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return r
}

func TestWhatIsRecordedVerifies(t *testing.T) {
	h := opened(t)
	empty := h.verify(t, nil)
	if !empty.OK || empty.Size != 0 {
		t.Errorf("before anything: %+v", empty)
	}
	h.fill(t)
	r := h.verify(t, &empty.Root)
	want := map[ledger.Kind]int{ledger.Batch: 6, ledger.Withdrawal: 2, ledger.Release: 1, ledger.Policy: 1}
	if !r.OK || r.Size != 10 || fmt.Sprint(r.Checked) != fmt.Sprint(want) {
		t.Errorf("%+v", r)
	}
	h.addRules(t, "rules-4", "four")
	if later := h.verify(t, &r.Root); !later.OK || later.Size != 11 {
		t.Errorf("%+v", later)
	}
	entries, err := h.Log().Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		late := e.Reason == "found without an entry"
		if late != (e.Kind == ledger.Release) {
			t.Errorf("entry %+v", e)
		}
	}
}

func TestTheSameInputAgainHasNoSecondEntry(t *testing.T) {
	h := opened(t)
	h.addRules(t, "rules-1", "one")
	h.addRules(t, "rules-1", "one")
	if r := h.verify(t, nil); r.Size != 1 || !r.OK {
		t.Errorf("%+v", r)
	}
}

// TestRootThatWasNotedPinsTheLedger rewrites a whole ledger so that it fits
// itself; only the noted root tells.
func TestRootThatWasNotedPinsTheLedger(t *testing.T) {
	h := opened(t)
	h.addRules(t, "rules-1", "one")
	h.addRules(t, "rules-2", "uno")
	noted := h.verify(t, nil).Root
	other := opened(t)
	other.addRules(t, "rules-1", "one!")
	for _, size := range []int{1, 2, 3} {
		r := other.verify(t, &noted)
		if r.OK || len(r.Findings) != 1 || r.Findings[0].What != custody.OtherRoot {
			t.Errorf("%d other entries: %+v", size, r)
		}
		other.addRules(t, fmt.Sprint("rules-", size+1), fmt.Sprint("uno!", size))
	}
}

// tables lists the tables that a change must not go unseen in, with columns.
func tables(t tester, db *sql.DB) map[string][]string {
	rows, err := db.Query(`SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'
		AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%' ORDER BY 1, p.cid`)
	if err != nil {
		t.Fatalf("tables: %v", err)
	}
	defer rows.Close()
	found := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatalf("tables: %v", err)
		}
		found[table] = append(found[table], column)
	}
	return found
}

// raw opens a database file as anyone could who may write to the folder.
func raw(t tester, path string) *sql.DB {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return db
}

// tamper changes one value of one row and returns what it did; it is empty when
// the value cannot be changed.
func tamper(rt *rapid.T, db *sql.DB) string {
	all := tables(rt, db)
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	table := rapid.SampledFrom(names).Draw(rt, "table")
	column := rapid.SampledFrom(all[table]).Draw(rt, "column")
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
		rt.Fatalf("%v", err)
	}
	if n == 0 {
		rt.Fatalf("table %s has no rows: the test does not cover it", table)
	}
	row := rapid.IntRange(0, n-1).Draw(rt, "row")
	var id string
	for _, key := range all[table] {
		id += `quote(` + key + `) || '|' || `
	}
	id += `''`
	var which, old string
	var value any
	if err := db.QueryRow(fmt.Sprintf(`SELECT %s, quote(%s), %s FROM %s LIMIT 1 OFFSET %d`, id, column, column, table, row)).Scan(&which, &old, &value); err != nil {
		rt.Fatalf("%v", err)
	}
	value, ok := altered(rt, table, column, value)
	if !ok {
		return ""
	}
	if _, err := db.Exec(fmt.Sprintf(`UPDATE %s SET %s = ? WHERE %s = ?`, table, column, id), value, which); err != nil {
		return "" // what the schema itself forbids
	}
	return fmt.Sprintf("%s.%s of row %d: %s to %v", table, column, row, old, value)
}

// altered returns a value that differs from v.
func altered(rt *rapid.T, table, column string, v any) (any, bool) {
	switch v := v.(type) {
	case int64:
		return v + rapid.Int64Range(1, 3).Draw(rt, "more"), true
	case float64:
		return v * 2, true
	case string:
		if table == "term" && v == "" {
			return nil, false
		}
		if v == "" {
			return "x", true
		}
		b := []byte(v)
		b[rapid.IntRange(0, len(b)-1).Draw(rt, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(rt, "change"))
		return string(b), true
	case []byte:
		if len(v) == 0 {
			return []byte{1}, true
		}
		b := slices.Clone(v)
		b[rapid.IntRange(0, len(b)-1).Draw(rt, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(rt, "change"))
		return b, true
	}
	return int64(1), true // what was NULL
}

// alterFile changes a byte of a batch file or of a withdrawal.
func alterFile(rt *rapid.T, dir string) string {
	var names []string
	for _, pattern := range []string{"*.parquet", "*.withdrawn.json"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(found) == 0 {
			rt.Fatalf("no file %s, %v", pattern, err)
		}
		names = append(names, found...)
	}
	name := rapid.SampledFrom(names).Draw(rt, "name")
	b, err := os.ReadFile(name)
	if err != nil {
		rt.Fatalf("%v", err)
	}
	at := rapid.IntRange(0, len(b)-1).Draw(rt, "byte")
	b[at] ^= byte(rapid.IntRange(1, 255).Draw(rt, "change"))
	if err := os.WriteFile(name, b, 0o600); err != nil {
		rt.Fatalf("%v", err)
	}
	return fmt.Sprintf("byte %d of %s", at, filepath.Base(name))
}

// TestAnyChangeInTheStoresIsFound changes any one value of any table, or any byte of a
// batch file, and verifies.
func TestAnyChangeInTheStoresIsFound(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	h.fill(t)
	// A restatement must be left that carries a record.
	h.withdraw(t, "rules-1")
	if r := h.verify(t, nil); !r.OK {
		t.Fatalf("%+v", r)
	}
	h.close()
	rapid.Check(t, func(rt *rapid.T) {
		copied, err := os.MkdirTemp(dir, "copy-")
		if err != nil {
			rt.Fatalf("%v", err)
		}
		defer os.RemoveAll(copied)
		for _, name := range []string{"evidence.db", "policy.yaml"} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(copied, name), b, 0o600)
			}
			if err != nil {
				rt.Fatalf("%v", err)
			}
		}
		if err := os.CopyFS(filepath.Join(copied, "alerts"), os.DirFS(filepath.Join(dir, "alerts"))); err != nil {
			rt.Fatalf("%v", err)
		}
		var did string
		if rapid.Bool().Draw(rt, "a file of alerts") {
			did = alterFile(rt, filepath.Join(copied, "alerts"))
		}
		c := open(rt, copied)
		defer c.close()
		c.library = h.library
		if did == "" {
			db := raw(rt, filepath.Join(copied, "evidence.db"))
			defer db.Close()
			did = tamper(rt, db)
		}
		if r := c.verify(rt, nil); did != "" && len(r.Findings) == 0 {
			rt.Fatalf("changed %s, and found %+v", did, r)
		}
	})
}

// TestWhatTiesAlertsToCasesGoesWithThem withdraws a batch of cases of which there
// are two batches of statements about alerts.
func TestWhatTiesAlertsToCasesGoesWithThem(t *testing.T) {
	h := opened(t)
	h.addAlerts(t, "alerts-1", fired("a1", "", func(a *alert.Alert) { a.CaseID = "" }), fired("a2", "", func(a *alert.Alert) { a.CaseID = "" }))
	cases := store.Record{Kind: evidence.RecordCase, Key: "c1", Body: []byte("{}")}
	for _, id := range []string{"cases-1", "cases-1x"} {
		if _, _, err := h.Evidence(h.evidence).Append(t.Context(), batch("cases", id), each(cases)); err != nil {
			t.Fatal(err)
		}
	}
	h.addAlerts(t, "cases-1-alerts", &alert.Alert{ID: "a1", CaseID: "c1"})
	h.addAlerts(t, "cases-1-alerts-2", &alert.Alert{ID: "a2", CaseID: "c1"})
	h.addAlerts(t, "cases-1x-alerts", &alert.Alert{ID: "a2", CaseID: "c2"})
	if _, err := h.Withdraw(t.Context(), "cases-1", store.Withdrawal{At: now}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	h.withdraw(t, "cases-1")
	bs, err := h.alerts.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bs {
		if gone := b.ID == "cases-1-alerts" || b.ID == "cases-1-alerts-2"; gone != (b.Withdrawn != nil) {
			t.Errorf("%s: withdrawn %v", b.ID, b.Withdrawn)
		}
	}
	tallies, err := h.alerts.Tallies(t.Context(), &alert.Question{From: day.Of(now), To: day.Of(now)})
	if err != nil || len(tallies) != 2 {
		t.Fatalf("%v, %v", tallies, err)
	}
	for _, tally := range tallies {
		if tally.Cluster == "case\x1fc1" {
			t.Errorf("an alert is still tied to the case: %+v", tally)
		}
	}
	if r := h.verify(t, nil); len(r.Findings) != 0 {
		t.Errorf("%s", found(r))
	}
}

// asked counts how often a store is asked for all its batches.
type asked struct {
	audited
	times int
}

func (a *asked) Batches(ctx context.Context) ([]store.Batch, error) {
	a.times++
	return a.audited.Batches(ctx)
}

func TestABatchIsRecordedWithoutAskingForAllOthers(t *testing.T) {
	h := opened(t)
	a := &asked{audited: h.alerts}
	k := custody.New(custody.Stores{Ledger: h.evidence.Ledger(), Batches: []custody.Batches{h.evidence, a}, Releases: &h.library,
		Policy: filepath.Join(h.dir, "policy.yaml"), Now: func() time.Time { return now }})
	if err := k.CatchUp(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	before := a.times
	for i := range 5 {
		if _, _, err := k.Alerts(h.alerts).Append(t.Context(), batch("alerts", fmt.Sprint("a", i)), each(fired(fmt.Sprint(i), "", nil))); err != nil {
			t.Fatal(err)
		}
	}
	if a.times != before {
		t.Errorf("5 batches landed and all were asked for %d times", a.times-before)
	}
	// What another way has brought since is found by whoever looks.
	if _, _, err := h.alerts.Append(t.Context(), batch("alerts", "other"), each(fired("other", "", nil))); err != nil {
		t.Fatal(err)
	}
	if err := k.CatchUp(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	entries, err := k.Log().Entries(t.Context())
	if err != nil || len(entries) != 6 || entries[0].ID != "a0" || entries[0].Reason != "" || entries[5].ID != "other" || entries[5].Reason == "" {
		t.Errorf("%+v, %v", entries, err)
	}
	if r := h.verify(t, nil); !r.OK {
		t.Errorf("%+v", r)
	}
}
