package assessment_test

import (
	"strings"
	"testing"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/policy"
	"candor/internal/store"
)

// later is a release in which T1566 gave way to T2566.
var later = strings.NewReplacer(
	`"name":"Phishing",`, `"name":"Phishing","revoked":true,`,
	`"objects":[`, `"objects":[{"type":"attack-pattern","id":"attack-pattern--2","spec_version":"2.1","name":"Phishing","external_references":[{"source_name":"mitre-attack","external_id":"T2566"}]},`+
		`{"type":"relationship","id":"relationship--2","spec_version":"2.1","relationship_type":"revoked-by","source_ref":"attack-pattern--1","target_ref":"attack-pattern--2"},`,
).Replace(bundle)

// reread returns how the references of rules were read in release 18.1.
func (b *bench) reread() (how []string, unread int) {
	b.t.Helper()
	a, err := b.Assess(b.t.Context(), assessment.Request{AsOf: asOf, Policy: policy.Default(), Release: attack.ReleaseRef{Version: "18.1"}})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, r := range a.Reread {
		how = append(how, r.How)
	}
	return how, len(a.Unmapped.Rules)
}

func TestIDsAreReadByWhatOtherReleasesRevokeThenByMappings(t *testing.T) {
	b := newBench(t).small()
	b.add(evidence.RecordRule, detection.Rule{ID: "r1", Enabled: true, Techniques: []string{"T2566"}}, detection.Rule{ID: "r2", Enabled: true, Techniques: []string{"T3566"}})
	if how, unread := b.reread(); len(how) != 0 || unread != 2 {
		t.Fatalf("before anything is known: %q, %d unread", how, unread)
	}
	mapping := b.add(evidence.RecordRename, attack.Rename{Old: "T1566", New: "T2566"}, attack.Rename{Old: "T2566", New: "T3566", By: "our lab"},
		attack.Rename{Old: "T9999", New: "T3566", Domain: "ics-attack"})
	want := "T2566 is read as T1566: by mapping " + mapping + " T2566 took the place of T1566"
	if how, unread := b.reread(); len(how) != 2 || how[0] != want || unread != 0 ||
		!strings.HasPrefix(how[1], "T3566 is read as T1566: by our lab in mapping "+mapping+" T3566 took the place of T2566") {
		t.Errorf("with a mapping: %q, %d unread", how, unread)
	}
	b.release("19.0", stix.Source{Name: "later", Reader: strings.NewReader(later)})
	want = "T2566 is read as T1566: by enterprise 19.0 T2566 took the place of T1566"
	if how, unread := b.reread(); len(how) != 2 || how[0] != want || unread != 0 {
		t.Errorf("with the release that says so: %q, %d unread", how, unread)
	}
	if err := b.ev.Withdraw(t.Context(), mapping, store.Withdrawal{At: asOf, Reason: "wrong"}); err != nil {
		t.Fatal(err)
	}
	if how, unread := b.reread(); len(how) != 1 || how[0] != want || unread != 1 {
		t.Errorf("without the mapping again: %q, %d unread", how, unread)
	}
}
