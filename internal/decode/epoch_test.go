package decode

import (
	"testing"
	"time"
)

func TestEpochsInSecondsAndMilliseconds(t *testing.T) {
	for _, c := range []struct {
		text string
		unit time.Duration
		want time.Time
	}{
		{"0", time.Second, time.Unix(0, 0)},
		{"1642213952", time.Second, time.Unix(1642213952, 0)},
		{"1642213952.25", time.Second, time.Unix(1642213952, 25e7)},
		{"1642213952.1234567899", time.Second, time.Unix(1642213952, 123456789)},
		{"1642213952250", time.Millisecond, time.Unix(1642213952, 25e7)},
		{"1642213952250.5", time.Millisecond, time.Unix(1642213952, 2505e5)},
	} {
		if got, ok := Epoch(c.text, c.unit); !ok || !got.Equal(c.want) || got.Location() != time.UTC {
			t.Errorf("Epoch(%q, %v) = %v, %v; want %v", c.text, c.unit, got, ok, c.want)
		}
	}
	for _, s := range []string{"", ".5", "-1", "1e9", "16422139520000000", "999999999999999", "2026-03-01", "١"} {
		if got, ok := Epoch(s, time.Second); ok {
			t.Errorf("Epoch(%q) = %v, want none", s, got)
		}
	}
}

func TestAHeadIsLookedAtLineByLine(t *testing.T) {
	head := []byte("\ufeffname: x\nlist:\n  inner: y\nlast: z")
	if !HasKeys(head, "name", "list", "last") || HasKeys(head, "inner") || HasKeys(head, "name", "nam") {
		t.Error("keys of the top mapping are not told from others")
	}
	if got := Columns([]byte("\ufeff\"A b\", C\r\n1,2\n"), ','); len(got) != 2 || got[0] != "a b" || got[1] != "c" {
		t.Errorf("%q", got)
	}
}
