package ingest

import (
	"context"
	"fmt"
	"testing"

	"candor/internal/alert"
)

// labels are how many alerts count under each class.
func (b *bench) labels() map[alert.Class]int64 {
	b.t.Helper()
	tallies, err := b.alerts.Tallies(context.Background(), &alert.Question{From: "2026-01-01", To: "2026-12-31"})
	if err != nil {
		b.t.Fatal(err)
	}
	out := map[alert.Class]int64{}
	for _, t := range tallies {
		out[t.Class] += t.N
	}
	return out
}

// TestAReopenedAlertLosesItsLabelAndNotItsPast adds an export in which an alert is
// closed, and a later one in which it is open again, of every product that can say
// so; and the later one before the earlier.
func TestAReopenedAlertLosesItsLabelAndNotItsPast(t *testing.T) {
	for product, texts := range map[string][2]string{
		"elastic": {
			`{"_id":"a","@timestamp":"2026-03-01T10:00:00Z","kibana.alert.uuid":"a","kibana.alert.rule.rule_id":"r","kibana.alert.workflow_status":"closed","kibana.alert.workflow_reason":"true_positive","kibana.alert.workflow_status_updated_at":"2026-03-02T10:00:00Z"}`,
			`{"_id":"a","@timestamp":"2026-03-01T10:00:00Z","kibana.alert.uuid":"a","kibana.alert.rule.rule_id":"r","kibana.alert.workflow_status":"open","kibana.alert.workflow_status_updated_at":"2026-03-03T10:00:00Z"}`,
		},
		"sentinel": {
			`{"TimeGenerated":"2026-03-02T10:00:00Z","IncidentNumber":1,"Status":"Closed","Classification":"TruePositive","AlertIds":["a"],"RelatedAnalyticRuleIds":["r"],"CreatedTime":"2026-03-01T10:00:00Z"}`,
			`{"TimeGenerated":"2026-03-03T10:00:00Z","IncidentNumber":1,"Status":"Active","Classification":"TruePositive","AlertIds":["a"],"RelatedAnalyticRuleIds":["r"],"CreatedTime":"2026-03-01T10:00:00Z"}`,
		},
		"ocsf": {
			`{"class_uid":2004,"time":1772445600000,"activity_id":3,"status":"Resolved","verdict_id":2,"finding_info":{"uid":"a","first_seen_time":1772359200000,"analytic":{"uid":"r"}}}`,
			`{"class_uid":2004,"time":1772532000000,"activity_id":2,"status":"In Progress","finding_info":{"uid":"a","first_seen_time":1772359200000,"analytic":{"uid":"r"}}}`,
		},
		"splunk": {
			`{"_time":"2026-03-01T10:00:00Z","event_id":"a","search_name":"r","disposition":"disposition:1","review_time":"2026-03-02T10:00:00Z","status":"5"}`,
			`{"_time":"2026-03-01T10:00:00Z","event_id":"a","search_name":"r","disposition":"disposition:0","review_time":"2026-03-03T10:00:00Z","status":"1"}`,
		},
		"thehive": {
			`{"_id":"a","source":"s","sourceRef":"x","title":"t","date":1772359200000,"status":"TruePositive","_updatedAt":1772445600000}`,
			`{"_id":"a","source":"s","sourceRef":"x","title":"t","date":1772359200000,"status":"InProgress","_updatedAt":1772532000000}`,
		},
		"defender": {
			`{"id":"a","detectorId":"r","createdDateTime":"2026-03-01T10:00:00Z","status":"resolved","classification":"truePositive","determination":"malware","resolvedDateTime":"2026-03-02T10:00:00Z"}`,
			`{"id":"a","detectorId":"r","createdDateTime":"2026-03-01T10:00:00Z","status":"inProgress","classification":null,"determination":null,"lastUpdateDateTime":"2026-03-03T10:00:00Z"}`,
		},
	} {
		for _, order := range [][]int{{0, 1}, {1, 0}} {
			b := newBench(t)
			for step, i := range order {
				b.add(b.request("alerts", b.write(fmt.Sprintf("%d.json", i), texts[i])))
				if got := b.labels(); step == 0 && i == 0 && got[alert.TruePositive] != 1 {
					t.Errorf("%s: closed, and counted as %v", product, got)
				}
			}
			said, err := b.alerts.Dispositions(context.Background(), alert.Identity{ID: "a"})
			if err != nil || len(said) != 2 || said[0].Class != alert.TruePositive || said[1].Class != alert.Open {
				t.Errorf("%s, order %v: said %+v, %v", product, order, said, err)
			}
			if got := b.labels(); got[alert.Unlabelled] != 1 || len(got) != 1 {
				t.Errorf("%s, order %v: counted as %v", product, order, got)
			}
		}
	}
}
