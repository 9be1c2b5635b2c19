package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/internal/fault"
	"candor/internal/pull/pulltest"
)

func notableEvent(id string, when time.Time) map[string]any {
	return map[string]any{"_at": when.Unix(), "_time": when.Format("2006-01-02T15:04:05.000+00:00"), "event_id": id, "search_name": "Threat - Odd shell - Rule", "rule_name": "Odd shell",
		"urgency": "high", "status_label": "New", "dest": "web-01"}
}

func TestSplunkComesWhole(t *testing.T) {
	d, s := newDesk(t), pulltest.NewSplunk()
	defer s.Close()
	for i := range 8 {
		s.Events["`notable`"] = append(s.Events["`notable`"], notableEvent(fmt.Sprint("n", i), d.now.Add(-time.Duration(8-i)*time.Hour)))
	}
	old := notableEvent("old", d.now.Add(-20*day)) // closed long after it was raised, and before the first pull's time
	old["disposition"], old["disposition_label"], old["status_label"], old["review_time"], old["reviewer"] = "disposition:1", "True Positive - Suspicious Activity", "Closed", strconv.FormatInt(d.now.Add(-time.Hour).Unix(), 10), "ann"
	s.Events["`notable`"] = append(s.Events["`notable`"], old)
	for i, status := range []string{"success", "skipped", "delegated_remote", "success"} {
		s.Events["index=_internal"] = append(s.Events["index=_internal"], map[string]any{"_at": d.now.Add(-time.Hour).Unix(), "_time": d.now.Add(-time.Hour).Format("2006-01-02T15:04:05.000+00:00"),
			"savedsearch_name": "Threat - Odd shell - Rule", "dispatch_time": strconv.FormatInt(d.now.Add(-time.Duration(5-i)*time.Hour).Unix(), 10), "run_time": "2.5", "status": status})
	}
	for _, name := range []string{"Odd shell", "Odd mail", "A report"} {
		content := map[string]any{"search": "index=main sh\n| stats count", "disabled": false, "is_scheduled": true, "cron_schedule": "*/5 * * * *", "next_scheduled_time": time.Now().String()}
		if name != "A report" {
			content["action.correlationsearch.enabled"], content["action.correlationsearch.label"] = "1", name
			content["action.correlationsearch.annotations"], content["action.notable"] = `{"mitre_attack":["T1059.004"]}`, "1"
			name = "Threat - " + name + " - Rule"
		}
		s.Searches = append(s.Searches, map[string]any{"name": name, "id": s.URL + "/x/" + name, "content": content})
	}
	of := d.source(fmt.Sprintf("product: splunk\naddress: %s\nsecret_env: PULL_SECRET\nsize: 2\nsince: 2d", s.URL))
	forgot := 0
	s.Wrong("/results", func(w http.ResponseWriter, r *http.Request) {
		forgot++
		s.Forget()
		pulltest.Status(404, `{"messages":[{"type":"FATAL","text":"Unknown sid."}]}`)(w, r)
	})
	p := d.pull(of)
	a, c, r, x := part(t, p, "alerts"), part(t, p, "closures"), part(t, p, "rules"), part(t, p, "runs")
	if a.New != 8 || a.Anew != 1 || forgot != 1 || c.New != 1 || r.New != 2 || x.New == 0 || x.Rejected != 0 {
		t.Errorf("%+v", p)
	}
	p = d.pull(of)
	for _, q := range p.Parts {
		if len(q.Batches) > 0 {
			t.Errorf("%+v", q)
		}
	}
}

const azureText = `
product: %s
address: %[2]s
auth: oauth
user: client
tenant: t
token_url: %[2]s/token
secret_env: PULL_SECRET
`

func TestSentinelComesWhole(t *testing.T) {
	d, z := newDesk(t), pulltest.NewAzure()
	defer z.Close()
	for i := range 30 { // more than come at once, so that the time is halved
		z.Tables["SecurityAlert"] = append(z.Tables["SecurityAlert"], map[string]any{"TimeGenerated": at(d.now.Add(-time.Duration(30-i) * time.Hour)), "SystemAlertId": fmt.Sprint("s-", i), "AlertName": "Rare sign-in",
			"AlertType": "w_6a1b", "ProviderName": "ASI Scheduled Alerts", "ProductName": "Azure Sentinel", "StartTime": at(d.now.Add(-time.Duration(30-i) * time.Hour)), "AlertSeverity": "High", "ExtendedProperties": "{}"})
	}
	z.Tables["SecurityIncident"] = []map[string]any{{"TimeGenerated": at(d.now.Add(-3 * time.Hour)), "IncidentName": "i-1", "IncidentNumber": 7, "Title": "Rare sign-in", "Status": "Closed", "Classification": "TruePositive",
		"ClassificationReason": "SuspiciousActivity", "AlertIds": `["s-1","s-2"]`, "CreatedTime": at(d.now.Add(-20 * time.Hour)), "ClosedTime": at(d.now.Add(-3 * time.Hour)), "LastModifiedTime": at(d.now.Add(-3 * time.Hour)), "RelatedAnalyticRuleIds": `["6a1b"]`}}
	z.Tables["SentinelHealth"] = []map[string]any{{"TimeGenerated": at(d.now.Add(-2 * time.Hour)), "SentinelResourceId": "/x/alertRules/6a1b", "SentinelResourceName": "Rare sign-in", "SentinelResourceType": "Analytics Rule",
		"SentinelResourceKind": "Scheduled", "OperationName": "Scheduled analytics rule run", "Status": "Success", "Description": "Rule executed successfully"}}
	z.Most = 9
	for i := range 5 {
		z.Rules = append(z.Rules, map[string]any{"id": fmt.Sprint("/subscriptions/s/x/alertRules/", i), "name": fmt.Sprint("rule-", i), "type": "Microsoft.SecurityInsights/alertRules", "kind": "Scheduled",
			"properties": map[string]any{"displayName": fmt.Sprint("Rule ", i), "enabled": true, "severity": "High", "query": "SigninLogs", "tactics": []string{"InitialAccess"}, "techniques": []string{"T1078"}}})
	}
	of := d.source(fmt.Sprintf(azureText, "sentinel", z.URL) + "arm: " + z.URL + "\nworkspace: w\nresource: /subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w\nsince: 3d")
	z.Wrong("/query", pulltest.Busy("3"))
	p := d.pull(of)
	a, c, r, x := part(t, p, "alerts"), part(t, p, "closures"), part(t, p, "rules"), part(t, p, "runs")
	if a.New != 30 || c.New != 1 || r.New != 5 || x.New != 1 || p.Throttled != 1 {
		t.Errorf("%+v", p)
	}
	if p = d.pull(of); len(part(t, p, "rules").Batches) > 0 || len(part(t, p, "alerts").Batches) > 0 {
		t.Errorf("%+v", p)
	}
	// Where even the shortest time is too long, what came is taken, and it is said.
	z.Most = 0
	z.Tables["SecurityAlert"] = append(z.Tables["SecurityAlert"], map[string]any{"TimeGenerated": at(d.now.Add(-time.Minute)), "SystemAlertId": "late"})
	p, err := d.Pull(context.Background(), of, d.in, Options{})
	if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "PartialError") {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestDefenderComesWhole(t *testing.T) {
	d, z := newDesk(t), pulltest.NewAzure()
	defer z.Close()
	for i := range 7 {
		z.Alerts = append(z.Alerts, map[string]any{"id": fmt.Sprint("d-", i), "detectorId": "det-1", "title": "Odd process", "createdDateTime": at(d.now.Add(-time.Duration(9-i) * time.Hour)),
			"lastUpdateDateTime": at(d.now.Add(-time.Duration(9-i) * time.Hour)), "severity": "high", "serviceSource": "microsoftDefenderForEndpoint", "status": "new", "classification": "unknown", "determination": "unknown"})
	}
	of := d.source(fmt.Sprintf(azureText, "defender", z.URL) + "since: 2d")
	z.Wrong("alerts_v2", pulltest.Busy("11"))
	z.Wrong("alerts_v2", pulltest.Status(401, `{"error":{"code":"InvalidAuthenticationToken"}}`))
	p := d.pull(of)
	if a := part(t, p, "alerts"); a.New != 7 || p.Throttled != 1 {
		t.Errorf("%+v", p)
	}
	d.now = d.now.Add(time.Hour)
	z.Alerts[0]["status"], z.Alerts[0]["classification"], z.Alerts[0]["resolvedDateTime"], z.Alerts[0]["lastUpdateDateTime"] = "resolved", "falsePositive", at(d.now.Add(-time.Minute)), at(d.now.Add(-time.Minute))
	if a := part(t, d.pull(of), "alerts"); a.Updated != 1 || a.New != 0 {
		t.Errorf("%+v", a)
	}
	// A link to another host is not followed.
	other := pulltest.NewAzure()
	defer other.Close()
	z.Wrong("alerts_v2", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"value":[],"@odata.nextLink":"%s/v1.0/security/alerts_v2?$skiptoken=2"}`, other.URL)
	})
	if _, err := d.Pull(context.Background(), of, d.in, Options{}); err == nil || !strings.Contains(err.Error(), "not followed") || len(other.Asked()) > 0 {
		t.Errorf("%v, %q", err, other.Asked())
	}
}

func TestTheHiveComesWhole(t *testing.T) {
	d, h := newDesk(t), pulltest.NewHive()
	defer h.Close()
	for i := range 9 { // five of one moment
		made := d.now.Add(-5 * time.Hour)
		if i > 4 {
			made = d.now.Add(-time.Duration(10-i) * time.Minute)
		}
		h.Lists["listAlert"] = append(h.Lists["listAlert"], map[string]any{"_id": fmt.Sprint("~", i), "_type": "Alert", "type": "siem", "source": "elk", "sourceRef": fmt.Sprint("r", i), "title": "Odd shell",
			"date": pulltest.Millis(made), "_createdAt": pulltest.Millis(made), "severity": 3, "status": "New"})
	}
	h.Lists["listCase"] = []map[string]any{{"_id": "~90", "_type": "Case", "title": "Odd", "caseId": 9, "startDate": pulltest.Millis(d.now.Add(-day)), "_createdAt": pulltest.Millis(d.now.Add(-day)), "endDate": pulltest.Millis(d.now.Add(-time.Hour)), "status": "TruePositive", "stage": "Closed"}}
	of := d.source(fmt.Sprintf("product: thehive\naddress: %s\nsecret_env: PULL_SECRET\nsize: 2\nsince: 2d", h.URL))
	p := d.pull(of)
	if a, c := part(t, p, "alerts"), part(t, p, "closures"); a.New != 9 || c.New != 1 {
		t.Errorf("%+v", p)
	}
	d.now = d.now.Add(5 * time.Hour)
	h.Lists["listAlert"][0]["status"], h.Lists["listAlert"][0]["_updatedAt"] = "FalsePositive", pulltest.Millis(d.now.Add(-time.Minute))
	if a := part(t, d.pull(of), "alerts"); a.Updated != 1 || a.New != 0 {
		t.Errorf("%+v", a)
	}
}

func TestAnyJSONIsPaged(t *testing.T) {
	mapping := `kind: mapping
version: 2
of: alerts
columns:
  id: uid
  rule_id: rule.name
  time: seen
`
	record := func(i int, now time.Time) map[string]any {
		return map[string]any{"uid": fmt.Sprint("g-", i), "rule": map[string]any{"name": "Odd"}, "seen": now.Add(-time.Duration(i) * time.Minute).Format(time.RFC3339)}
	}
	for _, tt := range []struct{ name, text string }{
		{"a word", "next: meta.next\nnext_param: cursor\nrecords: data.items"},
		{"a link", "next: links.next\nrecords: data.items"},
		{"a header", "link_header: yes\nrecords: data.items"},
		{"parts", "page_param: p\nfirst_page: 0\nsize_param: n\nrecords: data.items"},
		{"offsets", "offset_param: o\nsize_param: n\nrecords: data.items"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			var s *pulltest.Server
			s = pulltest.New(func(w http.ResponseWriter, r *http.Request) {
				q := r.URL.Query()
				from, _ := strconv.Atoi(q.Get("cursor") + q.Get("o"))
				if p, err := strconv.Atoi(q.Get("p")); err == nil {
					from = 2 * p
				}
				if _, err := time.Parse(time.RFC3339, q.Get("since")); err != nil && q.Get("cursor") == "" {
					http.Error(w, "since?", http.StatusBadRequest)
					return
				}
				items := []any{}
				for i := from; i < min(from+2, 5); i++ {
					items = append(items, record(i, d.now))
				}
				body := map[string]any{"data": map[string]any{"items": items}, "meta": map[string]any{}, "links": map[string]any{"next": nil}}
				if from+2 < 5 {
					body["meta"] = map[string]any{"next": strconv.Itoa(from + 2)}
					body["links"] = map[string]any{"next": "/api/v1/alerts?cursor=" + strconv.Itoa(from+2)}
					w.Header().Set("Link", fmt.Sprintf(`<%s/api/v1/alerts?cursor=0>; rel="first", <%s/api/v1/alerts?cursor=%d>; rel="next"`, s.URL, s.URL, from+2))
				}
				_ = json.NewEncoder(w).Encode(body)
			})
			defer s.Close()
			path := filepath.Join(d.dir, "m.yaml")
			if err := os.WriteFile(path, []byte(mapping), 0o600); err != nil {
				t.Fatal(err)
			}
			of := d.source(fmt.Sprintf("product: http\naddress: %s/api/v1\nauth: header\nheader: X-Key\nsecret_env: PULL_SECRET\nkind: alerts\nmapping: %s\npath: /alerts\nquery: since={from}\nid: uid\nsize: 2\nsince: 1d\n%s", s.URL, path, tt.text))
			if a := part(t, d.pull(of), "records"); a.New != 5 || a.Kind != "alerts" {
				t.Errorf("%+v\n%q", a, s.Asked())
			}
		})
	}
}
