package attack_test

import (
	"testing"

	"candor/internal/attack"
	"candor/internal/day"
)

func TestTheReleaseInForceOnADay(t *testing.T) {
	of := func(domain, version, published string) attack.Release {
		return attack.Release{Domain: domain, Version: version, STIX: "2.1", Published: published}
	}
	all := []attack.Release{of("enterprise-attack", "16.1", ""), of("enterprise-attack", "18.1", ""), of("enterprise-attack", "17.1", ""), of("ics-attack", "18.0", ""), of("enterprise-attack", "20.0", "2026-10-27T13:00:00Z"),
		of("enterprise-attack", "0.1", "")}
	for _, c := range []struct{ domain, on, version, why string }{
		{"enterprise-attack", "2025-06-01", "17.1", "enterprise 17.1 of 2025-05-06, in force on 2025-06-01"},
		{"enterprise-attack", "2025-05-06", "17.1", "enterprise 17.1 of 2025-05-06, in force on 2025-05-06"},
		{"enterprise-attack", "2025-05-05", "16.1", "enterprise 16.1 of 2024-11-12, the latest of those that are imported; 17.0 of 2025-04-22 was in force on 2025-05-05 and is not"},
		{"enterprise-attack", "2026-09-01", "18.1", "enterprise 18.1 of 2025-11-13, the latest of those that are imported; 19.2 of 2026-08-05 was in force on 2026-09-01 and is not"},
		{"enterprise-attack", "2026-11-01", "20.0", "enterprise 20.0 of 2026-10-27, in force on 2026-11-01"},
		{"enterprise-attack", "2024-01-01", "", ""},
		{"ics-attack", "2025-10-27", "", ""},
		{"mobile-attack", "2025-10-27", "", ""},
	} {
		r, why, ok := attack.InForceOn(all, c.domain, day.Date(c.on))
		if r.Version != c.version || why != c.why || ok != (c.version != "") {
			t.Errorf("%s on %s: %s, %q", c.domain, c.on, r.Version, why)
		}
	}
}
