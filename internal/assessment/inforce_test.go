package assessment_test

import (
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/evidence"
	"candor/internal/policy"
)

func TestAnIncidentIsJudgedByTheReleaseInForceOnItsDay(t *testing.T) {
	b := newBench(t).small().release("19.0", stix.Source{Name: "parted", Reader: strings.NewReader(parted)})
	b.release("17.1", stix.Source{Name: "bare", Reader: strings.NewReader(`{"type":"bundle","id":"bundle--1","objects":[{"type":"attack-pattern","id":"attack-pattern--1","spec_version":"2.1","name":"Phishing","external_references":[{"source_name":"mitre-attack","external_id":"T1566"}]}]}`)})
	at := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	days := map[string]string{"early": "2020-01-01", "bare": "2025-06-01", "then": "2026-04-27", "lately": "2026-04-28"}
	var cases []any
	for id, day := range days {
		cases = append(cases, alert.Case{ID: id, Class: alert.TruePositive, FoundBy: alert.FoundByHunt, Occurred: at(day), Opened: at(day), Techniques: []string{"T1566"}})
	}
	b.add(evidence.RecordCase, cases...)
	for _, c := range []struct{ id, asked, version, why string }{
		{"then", "", "18.1", "enterprise 18.1 of 2025-11-13, in force on 2026-04-27"},
		{"lately", "", "19.0", "enterprise 19.0 of 2026-04-28, in force on 2026-04-28"},
		{"then", "19.0", "19.0", "enterprise 19.0, as asked"},
		{"bare", "", "18.1", "enterprise 18.1, as enterprise 17.1 has no analytic (enterprise 17.1 of 2025-05-06, in force on 2025-06-01)"},
		{"early", "", "19.0", "enterprise 19.0; no release that is imported is known to have been in force on 2020-01-01"},
	} {
		r, err := b.Review(t.Context(), assessment.Request{AsOf: at("2026-11-30"), Policy: policy.Default(), Release: attack.ReleaseRef{Version: c.asked}}, c.id)
		if err != nil || r.Release.Version != c.version || r.ReleaseWhy != c.why {
			t.Errorf("%s: %s, %q, %v", c.id, r.Release, r.ReleaseWhy, err)
		}
	}
}
