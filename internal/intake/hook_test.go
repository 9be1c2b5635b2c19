package intake

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/ingest"
)

// TestProductsPushAsTheyWrite posts what products send by themselves to the address that
// names them, and makes a batch of it.
func TestProductsPushAsTheyWrite(t *testing.T) {
	d := newDesk(t, Usual())
	d.begin(d.Service)
	for _, c := range []struct {
		format, body       string
		accepted, rejected int
	}{
		{"wazuh", `{"timestamp":"2026-11-20T12:00:00.123+0000","rule":{"level":5,"description":"d","id":"5710"},"agent":{"name":"web-01"},"manager":{"name":"m"},"id":"1.1"}`, 1, 0},
		{"thehive", `[{"_id":"~1","_type":"Alert","source":"s","sourceRef":"r","title":"t","date":1772359200000,"status":"FalsePositive","_updatedAt":1772359300000}]`, 1, 0},
		{"elastic", `{"hits":{"hits":[{"_id":"e1","_source":{"@timestamp":"2026-03-01T10:00:00Z","kibana.alert.rule.rule_id":"r"}},{"_id":"e2","_source":{"@timestamp":"soon","kibana.alert.rule.rule_id":"r"}}]}}`, 1, 1},
		{Collector, `{"time":1772359200.5,"host":"web-01","event":{"id":"h1","rule_id":"r"}}{"time":1772359200,"event":{"id":"h2","rule_id":"r"}}`, 2, 0},
		{Collector, `{"time":1772359200,"event":"text"}` + "\n" + `{"event":{"id":"h3","rule_id":"r","time":"2026-03-01"}}`, 1, 1},
		{CloudEvents, `[{"specversion":"1.0","type":"alert","source":"edr","id":"c1","time":"2026-03-01T10:00:00Z","datacontenttype":"application/json","data":{"rule_id":"r","entity":"web-01"}}]`, 1, 0},
	} {
		r, err := d.Receive(t.Context(), Post{Kind: "alerts", Token: "edr", Format: c.format, Body: strings.NewReader(c.body)})
		if err != nil || r.Accepted != c.accepted || r.Rejected != c.rejected || r.Received != c.accepted+c.rejected || len(r.Rejects) != c.rejected {
			t.Errorf("%s: %+v, %v", c.format, r, err)
		}
	}
	d.fold(d.Service)
	d.want("alerts candor-jsonl token:edr read 7 new 7 updated 0 unchanged 0 rejected 0")
	a, err := d.alerts.Find(t.Context(), alert.Identity{ID: "~1"})
	if err != nil || a.Disposition == nil || a.Disposition.Class != "false_positive" {
		t.Errorf("%+v, %v: what TheHive says of its alert is lost", a, err)
	}
	if a, err := d.alerts.Find(t.Context(), alert.Identity{ID: "h1"}); err != nil || a.Entity != "web-01" || a.Time.Nanosecond() != 5e8 {
		t.Errorf("%+v, %v: what the event says beside its record is lost", a, err)
	}
	if a, err := d.alerts.Find(t.Context(), alert.Identity{ID: "c1"}); err != nil || a.Source != "edr" {
		t.Errorf("%+v, %v", a, err)
	}
	collectorTexts(t, d)
	for format, kind := range map[string]fault.Kind{"nobody": fault.NotFound, CloudEvents: fault.Invalid} {
		if _, err := d.Receive(t.Context(), Post{Kind: "alerts", Token: "edr", Format: format, Body: strings.NewReader(`{"data":{"x":1}}`)}); fault.KindOf(err) != kind {
			t.Errorf("%s: %v", format, err)
		}
	}
	if r, err := d.Receive(t.Context(), Post{Kind: "alerts", Token: "edr", Format: "wazuh", Body: strings.NewReader("not JSON")}); err != nil || r.Accepted != 0 || r.Rejected != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// collectorTexts posts what senders of lines write, whose records are texts within their events:
// syslog-ng 3.38.1 a line each, splunk-handler 3.0.0 one behind the other, in the orders of
// members that they have.
func collectorTexts(t *testing.T, d *desk) {
	t.Helper()
	const lines = `{"time":1772359200,"sourcetype":"alert","source":"ng","host":"web-0","event":"{\"rule_id\":\"r-1\",\"id\":\"ng-0\"}"}` + "\n" +
		`{"time":1772359201,"sourcetype":"alert","source":"ng","host":"web-1","event":"{\"rule_id\":\"r-1\",\"id\":\"ng-1\"}"}`
	const joined = `{"event": "{\"id\": \"sh-0\", \"rule_id\": \"r-2\"}", "host": "web-9", "index": "main", "source": "/srv/a.py", "sourcetype": "text", "time": 1772359202.854568}` +
		`{"event": "{'id': 'sh-1'}", "host": "web-9", "index": "main", "source": "/srv/a.py", "sourcetype": "text", "time": 1772359202.8546658}`
	const product = `{"event":"{\"timestamp\":\"2026-11-20T12:00:00.123+0000\",\"rule\":{\"level\":5,\"description\":\"d\",\"id\":\"5710\"},\"agent\":{\"name\":\"web-01\"},\"manager\":{\"name\":\"m\"},\"id\":\"9.1\"}"}`
	for body, want := range map[string][2]int{lines: {2, 0}, joined: {1, 1}, product: {1, 0}} {
		r, err := d.Receive(t.Context(), Post{Kind: "alerts", Token: "ng", Format: Collector, Body: strings.NewReader(body)})
		if err != nil || r.Accepted != want[0] || r.Rejected != want[1] {
			t.Errorf("%s: %+v, %v", body, r, err)
		}
	}
	d.fold(d.Service)
	for id, host := range map[string]string{"ng-1": "web-1", "sh-0": "web-9", "9.1": "web-01"} {
		if a, err := d.alerts.Find(t.Context(), alert.Identity{ID: id, Source: map[bool]string{true: "Wazuh"}[id == "9.1"]}); err != nil || a.Entity != host {
			t.Errorf("%s: %+v, %v", id, a, err)
		}
	}
}

// TestRecordsComeInEveryWayThatShippersSend posts what shippers write by their documents, with
// what each adds to a record: Fluent Bit (http as json and json_lines, splunk), Vector (http as
// lines and a list, splunk_hec_logs), Logstash (http as json and json_batch), rsyslog (omhttp
// as jsonarray and newline).
func TestRecordsComeInEveryWayThatShippersSend(t *testing.T) {
	d := newDesk(t, Usual())
	d.begin(d.Service)
	const a, b = `"id":"%[1]s-1","rule_id":"r","time":"2026-03-01T10:00:00Z","entity":"web-01"`, `"id":"%[1]s-2","rule_id":"r","time":"2026-03-01T10:00:01Z"`
	for name, c := range map[string]struct {
		lines        bool
		format, body string
	}{
		"fluent-list":   {false, "", `[{"date":1772359200.123456,` + a + `},{"date":1772359201.0,` + b + `}]`},
		"fluent-lines":  {true, "", `{"date":1772359200.123456,` + a + `}` + "\n" + `{"date":1772359201.0,` + b + `}` + "\n"},
		"fluent-hec":    {false, Collector, `{"time":1772359200.123456,"event":{` + a + `}}{"time":1772359201.0,"event":{` + b + `}}`},
		"vector-lines":  {true, "", `{` + a + `,"source_type":"file","timestamp":"2026-03-01T10:00:00.1Z","file":"/var/log/a"}` + "\n" + `{` + b + `,"source_type":"file"}` + "\n"},
		"vector-list":   {false, "", `[{` + a + `,"source_type":"file"},{` + b + `,"source_type":"file"}]`},
		"vector-hec":    {false, Collector, `{"event":{` + a + `},"fields":{},"time":1772359200.1,"host":"vm"}{"event":{` + b + `},"fields":{},"time":1772359201.0,"host":"vm"}`},
		"logstash-list": {false, "", `[{` + a + `,"@version":"1","@timestamp":"2026-03-01T10:00:00.000Z","host":{"name":"vm"},"event":{"original":"x"},"tags":["t"]},{` + b + `,"@version":"1"}]`},
		"rsyslog-list":  {false, "", `[{` + a + `},{` + b + `}]`},
		"rsyslog-lines": {true, "", `{` + a + `}` + "\n" + `{` + b + `}`},
	} {
		body := strings.ReplaceAll(c.body, "%[1]s", name)
		r, err := d.Receive(t.Context(), Post{Kind: "alerts", Token: "s", Format: c.format, Lines: c.lines, Body: strings.NewReader(body)})
		if err != nil || r.Accepted != 2 || r.Rejected != 0 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	d.fold(d.Service)
	d.want("alerts candor-jsonl token:s read 18 new 18 updated 0 unchanged 0 rejected 0")
	if a, err := d.alerts.Find(t.Context(), alert.Identity{ID: "logstash-list-1"}); err != nil || a.Entity != "web-01" {
		t.Errorf("%+v, %v", a, err)
	}
}

// FuzzHooks hands whatever may be pushed to every address that names a decoder: what it
// accepts is what its batch has.
func FuzzHooks(f *testing.F) {
	for i, text := range []string{
		`{"event":{"rule_id":"r","id":"a"},"time":1767225600.5,"host":"web-01"}{"event":"text"}`,
		`[{"specversion":"1.0","id":"1","type":"t","source":"/s","subject":"web-01","data":{"rule_id":"r","time":"2026-01-01"}}]`,
		`{"event":"{\"rule_id\":\"r\",\"id\":\"a\"}","time":1767225600.8552446}{"event":"[1"}`, `{"event":{"event":{"rule_id":"r"}}}`, `{"data":[{"rule_id":"r"}]}`, `[]`, `{}`, "\xef\xbb\xbf{\n}", `{"event":{"rule_id":"r","time":"x"},"time":[]}`,
		`{"rule":{"id":"5710","level":5},"timestamp":"2026-01-01T00:00:00.000+0000","id":"1.2","agent":{"name":"web"}}`,
		`{"@timestamp":"2026-01-01T00:00:00Z","kibana.alert.uuid":"u","kibana.alert.rule.rule_id":"r"}`,
	} {
		for n := range Hooks() {
			if n%5 == i%5 || n >= len(Hooks())-2 {
				f.Add([]byte(text), uint8(n))
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, hook uint8) {
		read := int64(0)
		d := &desk{t: t, dir: t.TempDir()}
		s := d.service(Limits{Body: 1 << 16, Waiting: 1 << 20, Segment: 1 << 20, Requests: 1}, adder(func(ctx context.Context, r ingest.Request) (ingest.Result, error) {
			c, err := ingest.NewEvidence(nil, nil, clock).Check(ctx, r)
			read = c.Good
			return ingest.Result{}, err
		}))
		d.begin(s)
		name := Hooks()[int(hook)%len(Hooks())]
		r, err := s.Receive(t.Context(), Post{Kind: "alerts", Token: "t", Format: name, Body: bytes.NewReader(body)})
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		d.fold(s)
		if read != int64(r.Accepted) || len(d.left()) != 0 {
			t.Fatalf("%s: %+v: %d good in the batch, left %v", name, r, read, d.left())
		}
	})
}
