//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"hash/fnv"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestDigestIsFNV1a(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.String().Draw(t, "id")
		h := fnv.New64a()
		h.Write([]byte(id))
		if got, want := digest(id), int64(h.Sum64()); got != want {
			t.Errorf("digest of %q is %d, want %d", id, got, want)
		}
	})
}

func TestDigestsAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var set digests
		for range 2 {
			model := map[int64]bool{}
			for range rapid.IntRange(0, 3000).Draw(t, "n") {
				v := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3)).Draw(t, "digest")
				if got := set.has(v); got != model[v] {
					t.Fatalf("%d is there: %v, want %v", v, got, model[v])
				}
				if got := set.add(v); got != model[v] {
					t.Fatalf("%d was there: %v, want %v", v, got, model[v])
				}
				model[v] = true
			}
			set.clear()
		}
	})
}

func TestAFilterForgetsNothingAndSeldomErrs(t *testing.T) {
	const n = 10_000 // as many to a block as ten million have in all
	f := newFilter(n / 10)
	wrong := 0
	for i := range n {
		if f.add(digest(strconv.Itoa(i))) {
			wrong++
		}
	}
	for i := range n {
		if !f.add(digest(strconv.Itoa(i))) {
			t.Fatalf("%d was forgotten", i)
		}
	}
	if wrong > 2 {
		t.Errorf("%d of %d were taken for known", wrong, n)
	}
}
