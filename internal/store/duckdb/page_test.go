//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAlertsThatLieLateAreInserted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOf(rapid.Int64Range(0, 20))
		var p page
		inOrder, late := numbers.Draw(t, "in order"), numbers.Draw(t, "late")
		slices.Sort(inOrder)
		for _, n := range inOrder {
			p.alerts = append(p.alerts, history{row: row{seq: n}})
		}
		var list []history
		for _, n := range late {
			list = append(list, history{row: row{seq: n}})
		}
		p.insert(list)
		var got []int64
		for i := range p.alerts {
			got = append(got, p.alerts[i].seq)
		}
		want := append(inOrder, late...)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}
