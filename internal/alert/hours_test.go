package alert

import (
	"math/bits"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestHours(t *testing.T) {
	a := Alert{Time: time.Date(2026, 5, 4, 1, 30, 0, 0, time.FixedZone("", 2*3600))}
	if h := a.Hour(); h != 23 {
		t.Errorf("hour %d, want 23 in UTC", h)
	}
	rapid.Check(t, func(t *rapid.T) {
		h := Hours(rapid.Uint32Range(0, 1<<24-1).Draw(t, "hours"))
		n := rapid.Int64Range(0, 30).Draw(t, "n")
		f := h.First(n)
		if f&^h != 0 || f.Len() != min(h.Len(), int(n)) {
			t.Fatalf("the first %d of %b are %b", n, h, f)
		}
		if rest := h &^ f; f != 0 && rest != 0 && bits.Len32(uint32(f)) > bits.TrailingZeros32(uint32(rest)) {
			t.Fatalf("%b of %b are not the first", f, h)
		}
	})
}
