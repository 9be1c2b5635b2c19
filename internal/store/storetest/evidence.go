// Package storetest holds the conformance suites of Candor's stores: what an
// adapter has to do, stated by behaviour.
//
// A suite knows nothing of how a store keeps its data, and refuses to reach
// behind the contract.
package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store"
)

// OpenEvidence opens the evidence store whose data lies in dir, which may be
// empty, and closes it when t ends.
type OpenEvidence func(t *testing.T, dir string) store.Evidence

// Evidence tests that the stores that open opens keep the contract of
// store.Evidence.
func Evidence(t *testing.T, open OpenEvidence) {
	tests := map[string]func(*testing.T, OpenEvidence){
		"a batch lands with its counts":                   evidenceCounts,
		"a later record supersedes and both stay":         evidenceSupersedes,
		"a key twice in a batch keeps both":               evidenceTwiceInBatch,
		"the same input again changes nothing":            evidenceSameInput,
		"an error halfway leaves the store as it was":     evidenceErrorHalfway,
		"cancelling halfway leaves the store as it was":   evidenceCancelled,
		"a record without kind or key is refused":         evidenceIncomplete,
		"a batch without id or with a taken one refused":  evidenceBatchIDs,
		"a reader sees the old state until a batch lands": evidenceReader,
		"reopening keeps everything":                      evidenceReopen,
		"a record without a body retires its key":         evidenceRetires,
		"a text stands beside its rule":                   evidenceText,
		"any sequence of batches agrees with a model":     evidenceModel,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// errBroken is what a broken input says.
var errBroken = errors.New("input broke")

// each yields every value.
func each[T any](values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// breaking yields every value, then errBroken.
func breaking[T any](values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v := range each(values...) {
			if !yield(v, nil) {
				return
			}
		}
		var none T
		yield(none, errBroken)
	}
}

// then yields every value after it has called do.
func then[T any](do func(), before, after []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range before {
			if !yield(v, nil) {
				return
			}
		}
		do()
		for _, v := range after {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// endless yields v over and over, cancels once, and counts what is taken after
// that; it ends after a million.
func endless[T any](v T, cancel func(), taken *int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if !yield(v, nil) {
			return
		}
		cancel()
		for *taken = range 1_000_000 {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// batch returns a batch of a kind; its hash follows from id.
func batch(kind, id string) store.Batch {
	return store.Batch{
		ID: id, Kind: kind, Format: "test", Paths: []string{id + ".csv"}, Hash: "hash of " + id, By: "tester",
		Added: time.Date(2026, 5, 4, 3, 2, 1, 987654321, time.UTC),
	}
}

// fataler is a test, or one run of a property.
type fataler interface {
	Helper()
	Fatalf(string, ...any)
	Context() context.Context
}

// same fails the test if got is not want; nil and empty lists are the same, and
// so are batches whatever their Content and RowsHash, which are a store's own.
func same(t fataler, what string, want, got any) {
	t.Helper()
	if d := gocmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(store.Batch{}, "Content", "RowsHash")); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// rule returns a record of kind rule.
func rule(key, body string) store.Record {
	return store.Record{Kind: evidence.RecordRule, Key: key, Body: []byte(body)}
}

// in returns r as the store gives it back from a batch.
func in(batch string, r store.Record) store.Record {
	r.Batch = batch
	return r
}

// appendRecords appends a batch of rules that has to land.
func appendRecords(t *testing.T, s store.Evidence, id string, records ...store.Record) store.Batch {
	t.Helper()
	b, fresh, err := s.Append(t.Context(), batch(evidence.RecordRule, id), each(records...))
	if err != nil || !fresh {
		t.Fatalf("append %s: fresh %v, error %v", id, fresh, err)
	}
	return b
}

// evidenceState is all that a store says about some kinds and keys.
type evidenceState struct {
	Batches []store.Batch
	Current map[string][]store.Record
	History map[string][]store.Record
}

// sameNewest holds what a store says of its newest batches against the list of all.
func sameNewest(t *testing.T, s store.Recent, all []store.Batch) {
	t.Helper()
	for _, upTo := range []int{-1, 0, 1, len(all), len(all) + 3} {
		for _, n := range []int{0, 1, len(all) + 1} {
			want := all
			if upTo >= 0 {
				want = all[:min(upTo, len(all))]
			}
			want = want[max(0, len(want)-n):]
			got, total, err := s.Newest(t.Context(), upTo, n)
			if err != nil || total != len(all) || len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
				t.Errorf("the newest %d of the first %d of %d: %+v of %d, %v", n, upTo, len(all), got, total, err)
			}
		}
	}
}

// stateOf asks s about the records of kind rule with the given keys.
func stateOf(t *testing.T, s store.Evidence, keys ...string) evidenceState {
	t.Helper()
	state := evidenceState{Current: map[string][]store.Record{}, History: map[string][]store.Record{}}
	var err error
	if state.Batches, err = s.Batches(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameNewest(t, s, state.Batches)
	for _, kind := range []string{evidence.RecordRule, evidence.RecordFeed} {
		if state.Current[kind], err = s.Current(t.Context(), kind); err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if state.History[kind+" "+key], err = s.History(t.Context(), kind, key); err != nil {
				t.Fatal(err)
			}
		}
	}
	return state
}

func evidenceCounts(t *testing.T, open OpenEvidence) {
	s := open(t, t.TempDir())
	appendRecords(t, s, "b1", rule("r1", "one"), rule("r2", "two"))
	b := batch(evidence.RecordRule, "b2")
	b.Rejected, b.Rejects = 4, "rejects/b2.csv"
	b.First, b.Last = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)
	got, fresh, err := s.Append(t.Context(), b, each(rule("r1", "one"), rule("r2", "zwei"), rule("r3", "three"), rule("r4", "four")))
	if err != nil || !fresh {
		t.Fatalf("fresh %v, error %v", fresh, err)
	}
	want := b
	want.New, want.Updated, want.Unchanged, want.Read = 2, 1, 1, 8
	same(t, "batch", want, got)
	batches, err := s.Batches(t.Context())
	if err != nil || len(batches) != 2 {
		t.Fatalf("batches %v, error %v", batches, err)
	}
	same(t, "listed batch", want, batches[1])
}

func evidenceSupersedes(t *testing.T, open OpenEvidence) {
	s := open(t, t.TempDir())
	appendRecords(t, s, "b1", rule("r2", "two"), rule("r1", "one"))
	appendRecords(t, s, "b2", rule("r1", "uno"), rule("r2", "two"))
	appendRecords(t, s, "b3", rule("r1", "one"))
	state := stateOf(t, s, "r1", "r2", "unknown")
	same(t, "current", []store.Record{in("b3", rule("r1", "one")), in("b1", rule("r2", "two"))}, state.Current[evidence.RecordRule])
	same(t, "history of r1", []store.Record{
		in("b1", rule("r1", "one")), in("b2", rule("r1", "uno")), in("b3", rule("r1", "one")),
	}, state.History["rule r1"])
	same(t, "history of r2", []store.Record{in("b1", rule("r2", "two"))}, state.History["rule r2"])
	same(t, "history of an unknown key", []store.Record(nil), state.History["rule unknown"])
	same(t, "another kind", []store.Record(nil), state.Current[evidence.RecordFeed])
}

func evidenceTwiceInBatch(t *testing.T, open OpenEvidence) {
	s := open(t, t.TempDir())
	b := appendRecords(t, s, "b1", rule("r1", "one"), rule("r1", "one"), rule("r1", "uno"))
	same(t, "new, updated, unchanged", [3]int64{1, 1, 1}, [3]int64{b.New, b.Updated, b.Unchanged})
	state := stateOf(t, s, "r1")
	same(t, "current", []store.Record{in("b1", rule("r1", "uno"))}, state.Current[evidence.RecordRule])
	same(t, "history", []store.Record{in("b1", rule("r1", "one")), in("b1", rule("r1", "uno"))}, state.History["rule r1"])
}

func evidenceSameInput(t *testing.T, open OpenEvidence) {
	s := open(t, t.TempDir())
	first := appendRecords(t, s, "b1", rule("r1", "one"))
	before := stateOf(t, s, "r1")
	again := batch(evidence.RecordRule, "b2")
	again.Hash = first.Hash
	got, fresh, err := s.Append(t.Context(), again, each(rule("r1", "other")))
	if err != nil || fresh {
		t.Fatalf("fresh %v, error %v; want the earlier batch and false", fresh, err)
	}
	same(t, "earlier batch", first, got)
	same(t, "state", before, stateOf(t, s, "r1"))

	again.Kind = evidence.RecordRunbook
	if _, fresh, err = s.Append(t.Context(), again, each[store.Record]()); err != nil || !fresh {
		t.Fatalf("same hash under another kind: fresh %v, error %v; want it to land", fresh, err)
	}
}

func evidenceErrorHalfway(t *testing.T, open OpenEvidence) {
	s := open(t, t.TempDir())
	appendRecords(t, s, "b1", rule("r1", "one"))
	before := stateOf(t, s, "r1", "r2")
	_, fresh, err := s.Append(t.Context(), batch(evidence.RecordRule, "b2"), breaking(rule("r1", "uno"), rule("r2", "two")))
	if !errors.Is(err, errBroken) || fresh {
		t.Fatalf("fresh %v, error %v; want %v", fresh, err, errBroken)
	}
	same(t, "state", before, stateOf(t, s, "r1", "r2"))
	appendRecords(t, s, "b2", rule("r1", "uno"), rule("r2", "two"))
}

func evidenceCancelled(t *testing.T, open OpenEvidence) {
	s := open(t, t.TempDir())
	appendRecords(t, s, "b1", rule("r1", "one"))
	before := stateOf(t, s, "r1", "r2")
	for name, after := range map[string][]store.Record{"before another record": {rule("r3", "three")}, "before the end": nil} {
		ctx, cancel := context.WithCancel(t.Context())
		input := then(cancel, []store.Record{rule("r1", "uno"), rule("r2", "two")}, after)
		_, fresh, err := s.Append(ctx, batch(evidence.RecordRule, "b2"), input)
		if !errors.Is(err, context.Canceled) || fresh {
			t.Fatalf("%s: fresh %v, error %v; want %v", name, fresh, err, context.Canceled)
		}
		same(t, "state, cancelled "+name, before, stateOf(t, s, "r1", "r2"))
	}
	ctx, cancel := context.WithCancel(t.Context())
	taken := 0
	_, _, err := s.Append(ctx, batch(evidence.RecordRule, "b3"), endless(rule("r1", "uno"), cancel, &taken))
	if !errors.Is(err, context.Canceled) || taken > 1000 {
		t.Errorf("%d records taken after the end of the context, error %v", taken, err)
	}
}

func evidenceIncomplete(t *testing.T, open OpenEvidence) {
	s := open(t, t.TempDir())
	for _, r := range []store.Record{{Kind: evidence.RecordRule}, {Key: "r1"}} {
		_, _, err := s.Append(t.Context(), batch(evidence.RecordRule, "b1"), each(rule("r0", "zero"), r))
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("record %+v: error %v; want one of kind %s", r, err, fault.Invalid)
		}
	}
	same(t, "state", stateOf(t, open(t, t.TempDir()), "r0"), stateOf(t, s, "r0"))
}

func evidenceBatchIDs(t *testing.T, open OpenEvidence) {
	s := open(t, t.TempDir())
	appendRecords(t, s, "b1", rule("r1", "one"))
	taken, nameless, hashless := batch(evidence.RecordRule, "b1"), batch(evidence.RecordRule, ""), batch(evidence.RecordRule, "b3")
	taken.Hash, hashless.Hash = "another hash", ""
	for want, batches := range map[fault.Kind][]store.Batch{fault.Conflict: {taken}, fault.Invalid: {nameless, hashless}} {
		for _, b := range batches {
			if _, _, err := s.Append(t.Context(), b, each(rule("r2", "two"))); fault.KindOf(err) != want {
				t.Errorf("batch %+v: error %v; want one of kind %s", b, err, want)
			}
		}
	}
	same(t, "current", []store.Record{in("b1", rule("r1", "one"))}, stateOf(t, s).Current[evidence.RecordRule])
}

func evidenceReader(t *testing.T, open OpenEvidence) {
	s := open(t, t.TempDir())
	appendRecords(t, s, "b1", rule("r1", "one"))
	before := stateOf(t, s, "r1", "r2")
	look := func() { same(t, "state while a batch is appended", before, stateOf(t, s, "r1", "r2")) }
	input := then(look, []store.Record{rule("r1", "uno"), rule("r2", "two")}, []store.Record{rule("r3", "three")})
	if _, _, err := s.Append(t.Context(), batch(evidence.RecordRule, "b2"), input); err != nil {
		t.Fatal(err)
	}
	if n := len(stateOf(t, s).Current[evidence.RecordRule]); n != 3 {
		t.Errorf("%d current records once the batch landed, want 3", n)
	}
}

func evidenceReopen(t *testing.T, open OpenEvidence) {
	dir := t.TempDir()
	var before evidenceState
	t.Run("first", func(t *testing.T) {
		s := open(t, dir)
		appendRecords(t, s, "b1", rule("r1", "one"), rule("r2", "two"))
		appendRecords(t, s, "b2", rule("r1", "uno"))
		before = stateOf(t, s, "r1", "r2")
	})
	s := open(t, dir)
	same(t, "state", before, stateOf(t, s, "r1", "r2"))
	if b := appendRecords(t, s, "b3", rule("r1", "uno"), rule("r2", "two")); b.Unchanged != 2 {
		t.Errorf("%d records unchanged after reopening, want 2", b.Unchanged)
	}
}

// evidenceText keeps the text of a rule as it changes, comes again and is withdrawn.
func evidenceText(t *testing.T, open OpenEvidence) {
	dir := t.TempDir()
	s := open(t, dir)
	text := func(key, body string) store.Record {
		return store.Record{Kind: evidence.RecordRuleText, Key: key, Body: []byte(body)}
	}
	says := func(key, want string) {
		t.Helper()
		for range 2 {
			if got, err := s.Text(t.Context(), key); err != nil || string(got) != want {
				t.Errorf("the text of %s is %q, want %q; error %v", key, got, want, err)
			}
			s = open(t, dir)
		}
	}
	first := appendRecords(t, s, "b1", rule("r1", "one"), rule("r2", "two"), text("r1", "t: \xff\x00\n"))
	if first.New != 2 || first.Read != 2 {
		t.Errorf("a text is counted: %+v", first)
	}
	says("r1", "t: \xff\x00\n")
	says("r2", "")
	if list, all, err := s.Stated(t.Context(), "b1", 0, 9); err != nil || all != 2 || len(list) != 2 {
		t.Errorf("b1 stated %v, %d in all, error %v", list, all, err)
	}
	if b := appendRecords(t, s, "b2", rule("r1", "one"), text("r1", "other layout")); b.Unchanged != 1 || b.Updated != 0 {
		t.Errorf("another layout is another rule: %+v", b)
	}
	says("r1", "other layout")
	same(t, "rules", []store.Record{in("b1", rule("r1", "one")), in("b1", rule("r2", "two"))}, stateOf(t, s).Current[evidence.RecordRule])
	w, ok := s.(interface {
		Withdraw(ctx context.Context, batch string, w store.Withdrawal) error
	})
	if !ok {
		t.Fatal("the store withdraws nothing")
	}
	if err := w.Withdraw(t.Context(), "b2", store.Withdrawal{Reason: "wrong", At: first.Added}); err != nil {
		t.Fatal(err)
	}
	says("r1", "t: \xff\x00\n")
}

// evidenceRetires retires two records of three, one of them twice, and one that
// nobody knows.
func evidenceRetires(t *testing.T, open OpenEvidence) {
	dir := t.TempDir()
	s := open(t, dir)
	appendRecords(t, s, "b1", rule("r1", "one"), rule("r2", "two"), rule("r3", "three"))
	b := appendRecords(t, s, "b2", rule("r3", "three"), rule("r2", ""), rule("r1", ""), rule("r9", ""))
	if b.Retired != 2 || b.Read != 1 || b.Unchanged != 1 {
		t.Errorf("%+v", b)
	}
	same(t, "state", []store.Record{in("b1", rule("r3", "three"))}, stateOf(t, s).Current[evidence.RecordRule])
	for range 2 {
		got, err := s.Retired(t.Context(), "b2")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "retired", []store.Record{in("b1", rule("r1", "one")), in("b1", rule("r2", "two"))}, got)
		s = open(t, dir)
	}
	if got, all, err := s.Stated(t.Context(), "b1", 1, 1); err != nil || all != 3 {
		t.Errorf("b1 stated %v, %d in all, error %v", got, all, err)
	} else {
		same(t, "stated", []store.Record{in("b1", rule("r2", "two"))}, got)
	}
	if got, all, err := s.Stated(t.Context(), "b2", 0, 9); err != nil || all != 0 || len(got) > 0 {
		t.Errorf("b2, which retired and repeated, stated %v, %d in all, error %v", got, all, err)
	}
	if got, err := s.Retired(t.Context(), "b1"); err != nil || len(got) > 0 {
		t.Errorf("b1 retired %v, error %v", got, err)
	}
	if b := appendRecords(t, s, "b3", rule("r1", "one"), rule("r2", "")); b.New != 1 || b.Retired != 0 {
		t.Errorf("what is said again is new: %+v", b)
	}
	if h := stateOf(t, s, "r1").History[evidence.RecordRule+" r1"]; len(h) != 3 {
		t.Errorf("history %v", h)
	}
}

// evidenceModel compares a store with the plainest model of it: every statement
// in a list.
func evidenceModel(t *testing.T, open OpenEvidence) {
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t, t.TempDir())
		var model []store.Record
		for n := range rapid.IntRange(1, 4).Draw(rt, "batches") {
			id := fmt.Sprintf("b%d", n)
			records := rapid.SliceOfN(drawnRecord(), 0, 8).Draw(rt, id)
			if rapid.Bool().Draw(rt, id+" breaks") {
				if _, _, err := s.Append(t.Context(), batch(evidence.RecordRule, id), breaking(records...)); !errors.Is(err, errBroken) {
					rt.Fatalf("append %s: error %v", id, err)
				}
				continue
			}
			b, _, err := s.Append(t.Context(), batch(evidence.RecordRule, id), each(records...))
			if err != nil {
				rt.Fatal(err)
			}
			want := batch(evidence.RecordRule, id)
			model = appendToModel(model, &want, records)
			same(rt, "batch "+id, want, b)
		}
		sameAsModel(rt, t, s, model)
	})
}

// sameVersions compares the versions that s lists with histories by kind and key.
func sameVersions(rt *rapid.T, t *testing.T, s store.Evidence, history map[string][]store.Record) {
	for _, kind := range []string{evidence.RecordRule, evidence.RecordFeed} {
		var want []store.Record
		for _, name := range slices.Sorted(maps.Keys(history)) {
			if list := history[name]; list[0].Kind == kind && len(list) > 1 {
				want = append(want, slices.DeleteFunc(slices.Clone(list), func(r store.Record) bool { return len(r.Body) == 0 })...)
			}
		}
		got, err := s.Versions(t.Context(), kind)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, "versions of "+kind, want, got)
	}
}

// drawnRecord draws from few kinds, keys and bodies, so that they collide.
func drawnRecord() *rapid.Generator[store.Record] {
	return rapid.Custom(func(t *rapid.T) store.Record {
		return store.Record{
			Kind: rapid.SampledFrom([]string{evidence.RecordRule, evidence.RecordFeed}).Draw(t, "kind"),
			Key:  rapid.SampledFrom([]string{"a", "A", "b", "ä", "a b"}).Draw(t, "key"),
			Body: []byte(rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "body")),
		}
	})
}

// newest returns the place of the newest record like r, or -1.
func newest(model []store.Record, r store.Record) int {
	for i := len(model) - 1; i >= 0; i-- {
		if model[i].Kind == r.Kind && model[i].Key == r.Key {
			return i
		}
	}
	return -1
}

// appendToModel adds what is new to the model and counts into b.
func appendToModel(model []store.Record, b *store.Batch, records []store.Record) []store.Record {
	for _, r := range records {
		before, i := "", newest(model, r)
		if i >= 0 {
			before = string(model[i].Body)
		}
		countInModel(b, before, string(r.Body))
		if i < 0 || before != string(r.Body) {
			model = append(model, in(b.ID, r))
		}
	}
	return model
}

// countInModel counts a body, which may be none, that follows another one.
func countInModel(b *store.Batch, before, body string) {
	switch {
	case body == "" && before != "":
		b.Retired++
	case body == "":
	case before == "":
		b.New++
	case before == body:
		b.Unchanged++
	default:
		b.Updated++
	}
	b.Read = b.New + b.Updated + b.Unchanged
}

// sameAsModel compares all that s says with the model.
func sameAsModel(rt *rapid.T, t *testing.T, s store.Evidence, model []store.Record) {
	current, history := map[string][]store.Record{}, map[string][]store.Record{}
	for i, r := range model {
		history[r.Kind+" "+r.Key] = append(history[r.Kind+" "+r.Key], r)
		if newest(model, r) == i && len(r.Body) > 0 {
			current[r.Kind] = append(current[r.Kind], r)
		}
	}
	for kind, list := range current {
		slices.SortFunc(list, func(x, y store.Record) int { return cmp.Compare(x.Key, y.Key) })
		got, err := s.Current(t.Context(), kind)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, "current "+kind, list, got)
	}
	sameVersions(rt, t, s, history)
	for name, list := range history {
		got, err := s.History(t.Context(), list[0].Kind, list[0].Key)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, "history of "+name, list, got)
	}
}
