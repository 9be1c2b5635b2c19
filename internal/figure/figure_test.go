package figure

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPercent(t *testing.T) {
	for p, want := range map[float64]string{
		0: "0 %", 1: "100 %", 0.5: "50 %", 0.9996: "99.96 %", 0.0004: "0.04 %", 0.000142: "0.014 %", 0.999685: "99.969 %", 0.999566: "99.957 %",
		0.594179: "59.4 %", 0.827381: "82.7 %", 0.0999: "10 %", 0.05: "5 %", 0.009: "0.9 %", 0.99: "99 %", 0.9949: "99.49 %",
		0.0000001: "under 0.0001 %", 0.9999999: "over 99.9999 %", 0.0000012: "0.00012 %", 0.95: "95 %", 1.0 / 3: "33.3 %",
	} {
		if got := Percent(p); got != want {
			t.Errorf("%v is written %q, want %q", p, got, want)
		}
	}
	if got := Percents(0.050207, 0.304758); got != "5 to 30.5 %" {
		t.Errorf("interval %q", got)
	}
}

func TestAgainstALimitTheTwoAreToldApart(t *testing.T) {
	for _, c := range []struct {
		p, limit float64
		want     string
	}{{0.49996, 0.5, "49.996 %"}, {0.5, 0.5, "50 %"}, {0.6, 0.5, "60 %"}, {0.9000001, 0.9, "90.00001 %"}, {0.89996, 0.9, "89.996 %"}} {
		if got := Against(c.p, c.limit); got != c.want {
			t.Errorf("%v beside %v is written %q, want %q", c.p, c.limit, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p, limit := rapid.Float64Range(0, 1).Draw(t, "p"), rapid.Float64Range(0, 1).Draw(t, "limit")
		if rapid.Bool().Draw(t, "near") {
			p = limit + (p-0.5)*1e-7
		}
		if p >= 0 && p <= 1 && p != limit && Against(p, limit) == Percent(limit) {
			t.Fatalf("%v and %v are both written %q", p, limit, Percent(limit))
		}
	})
}

// TestOnlyTheEndsAreWrittenAsTheEnds draws proportions, near the ends above all.
func TestOnlyTheEndsAreWrittenAsTheEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(0, 1).Draw(t, "p")
		if rapid.Bool().Draw(t, "near") {
			p *= p * p * p
		}
		if rapid.Bool().Draw(t, "upper") {
			p = 1 - p
		}
		got := Percent(p)
		if (got == "0 %") != (p == 0) || (got == "100 %") != (p == 1) {
			t.Fatalf("%v is written %q", p, got)
		}
		if strings.ContainsAny(got, "e-") && !strings.HasPrefix(got, "under") && !strings.HasPrefix(got, "over") {
			t.Fatalf("%v is written %q", p, got)
		}
	})
}

func TestGroups(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 720209: "720,209", -100: "-100"} {
		if got := Count(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
	if got := Fixed(35843.636, 2) + " " + Fixed(-0.5, 1) + " " + Fixed(999.96, 1); got != "35,843.64 -0.5 1,000.0" {
		t.Errorf("quantities %q", got)
	}
	if got := Sprintf("%d of %d %s, %.1f", 1500, int64(2500), "alerts", 0.5); got != "1,500 of 2,500 alerts, 0.5" {
		t.Errorf("a sentence %q", got)
	}
	if got := Of(1, "alert", "alerts") + ", " + Of(2500, "alert", "alerts"); got != "1 alert, 2,500 alerts" {
		t.Errorf("counts %q", got)
	}
}

func TestWhatIsRareIsNotNone(t *testing.T) {
	for x, want := range map[float64]string{0: "0.0", 0.011: "<0.1", 0.0499: "<0.1", 0.05: "0.1", 0.3: "0.3", 1234.56: "1,234.6"} {
		if got := PerDay(x); got != want {
			t.Errorf("%g: %s, want %s", x, got, want)
		}
	}
}
