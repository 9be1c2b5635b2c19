package report

import (
	"strings"
	"testing"

	"candor/internal/assure"
	"candor/internal/telemetry/dettect"
	"candor/internal/visibility"
)

// administered is what the administrations of DeTT&CT are made of: of the assessment of every
// report, the gate for reporting lets the reliable one through and refuses the proven one.
func administered() *dettectOf {
	a := assessed()
	late := 4000.0
	for i := range a.Verdicts {
		needs := a.Verdicts[i].Visibility.Needs
		needs[0].ComponentName, needs[0].HostsOf, needs[0].P95Latency = "Process Creation", 5, &late
	}
	for i := range a.Verdicts {
		a.Verdicts[i].Visibility.Needs[0].FirstSeen = "2025-12-10"
	}
	silent := a.Verdicts[0].Visibility.Needs[0]
	silent.FirstSeen = ""
	silent.ComponentName, silent.Channel, silent.State = evil, "connect", visibility.Silent
	declared, missing := silent, silent
	declared.ComponentName, declared.State = "Command Execution", visibility.Unmeasured
	missing.ComponentName, missing.State = "File Access", visibility.Missing
	a.Verdicts[0].Visibility.Needs = append(a.Verdicts[0].Visibility.Needs, silent, declared, missing)
	a.Verdicts[1].Techniques = append(a.Verdicts[1].Techniques, name("T1001", "Technique T1001"))
	a.Verdicts[1].Platforms = []string{"Linux", "A <b>platform"}
	return &dettectOf{whole: a, gates: map[string]assure.Decision{"AN0001": {Allowed: true}, "AN0002": {}}}
}

// TestFilesOfDeTTECTAreReadBack writes both files as the golden files say, and reads them as
// evidence: as many sources as are available, as many rules as detections score 1 or more.
func TestFilesOfDeTTECTAreReadBack(t *testing.T) {
	d := administered()
	held := sealedOf(t, d.sources())
	b, err := DeTTECT(&held)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "dettect-data-sources.yaml", b)
	got, err := dettect.Sources("data-sources.yaml", b)
	available := 0
	for _, r := range records[heldRecord](held.Document.section(FileSources).Table) {
		if r.Available {
			available++
		}
	}
	if err != nil || len(got.Rejects) != 0 || available == 0 || len(got.Sources) != available {
		t.Errorf("of %d sources %d are read back: %v, %v", available, len(got.Sources), got, err)
	}
	scored := sealedOf(t, d.techniques())
	if b, err = DeTTECT(&scored); err != nil {
		t.Fatal(err)
	}
	golden(t, "dettect-techniques.yaml", b)
	rules, err := dettect.Rules("techniques.yaml", b)
	n := 0
	for _, r := range records[scoredRecord](scored.Document.section(FileTechniques).Table) {
		if r.Detection > 0 {
			n++
		}
	}
	if err != nil || len(rules.Rejects) != 0 || n == 0 || len(rules.Records) != n {
		t.Errorf("of %d rules %d are read back: %v, %v", n, len(rules.Records), rules.Rejects, err)
	}
	for _, r := range rules.Records {
		if strings.ContainsAny(r.Name, "\n\u202e") || strings.HasPrefix(r.Name, "=") {
			t.Errorf("a name is obeyed: %q", r.Name)
		}
	}
	other := sealedOf(t, engineering().document())
	if _, err := DeTTECT(&other); err == nil {
		t.Error("another report is a file of DeTT&CT")
	}
}

// TestNoDetectionScoresAboveItsGate holds the score of every rung against the gate.
func TestNoDetectionScoresAboveItsGate(t *testing.T) {
	for _, rung := range assure.Rungs() {
		for _, g := range []assure.Decision{{}, {Allowed: true}, {Allowed: true, Waived: true}} {
			d := dettectOf{gates: map[string]assure.Decision{"AN1": g}}
			v := assure.Verdict{Analytic: name("AN1", ""), Rung: rung, Claimed: true}
			got, open := d.detection(&v), g.Allowed && !g.Waived
			want := map[assure.Rung]int{assure.Reliable: 4, assure.Proven: 3}[rung]
			if !open || want == 0 {
				want = 1
			}
			if got > want || open && want > 1 && got != want {
				t.Errorf("%s with the gate %+v scores %d", rung, g, got)
			}
			if v.Claimed = false; d.detection(&v) != -1 {
				t.Errorf("%s without a rule scores %d", rung, d.detection(&v))
			}
		}
	}
}

func TestDataQualityIsOfWhatWasMeasured(t *testing.T) {
	for _, c := range [][3]int{{0, 0, 0}, {3, 0, 0}, {0, 8, 0}, {2, 8, 1}, {4, 8, 2}, {6, 8, 3}, {7, 8, 4}, {8, 8, 5}, {9, 8, 5}} {
		if got := devicesScore(&visibility.Need{Hosts: c[0], HostsOf: c[1]}); got != c[2] {
			t.Errorf("%d of %d hosts score %d, not %d", c[0], c[1], got, c[2])
		}
	}
	for seconds, want := range map[float64]int{1: 5, 300: 5, 301: 4, 86400: 3, 86401: 2, 7e6: 1} {
		if got := timelinessScore(&seconds); got != want {
			t.Errorf("%v s score %d, not %d", seconds, got, want)
		}
	}
	if timelinessScore(nil) != 0 {
		t.Error("an unknown latency has a score")
	}
}
