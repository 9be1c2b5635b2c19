//go:build unix

package ingest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// exported are records as products write them, made: %[1]d is the number of one, %[2]s its
// time, and %[3]d one of seventy.
var exported = []struct{ name, before, record, between, after, mapping string }{
	{name: "candor", record: `{"id":"a-%[1]d","rule_id":"rule-%[3]d","rule_name":"Name of rule %[3]d","time":"%[2]s","entity":"host-%[3]d","severity":"high"}`, between: "\n"},
	{name: "mapped", record: elsewhere, between: "\n", mapping: mappedSo},
	{name: "mapped_list", before: "[\n", record: elsewhere, between: ",\n", after: "\n]\n", mapping: mappedSo},
	{name: "mapped_version_1", record: elsewhere, between: "\n", mapping: "kind: alert-mapping\nversion: 1\ncolumns: {id: ident, rule_id: rule.id, rule_name: rule.name, time: created, entity: host.name, severity: sev}\nfields: [user]\n"},
	{name: "elastic", before: `{"took":3,"hits":{"total":{"value":1},"hits":[`, between: ",\n", after: "]}}",
		record: `{"_index":".internal.alerts-security.alerts-default-000001","_id":"e-%[1]d","_score":null,"_source":{"@timestamp":"%[2]s","kibana.alert.uuid":"e-%[1]d","kibana.alert.rule.rule_id":"r-%[3]d","kibana.alert.rule.name":"Name of rule %[3]d",` +
			`"kibana.alert.rule.threat":[{"framework":"MITRE ATT&CK","tactic":{"id":"TA0002","name":"Execution"},"technique":[{"id":"T1059","name":"x","subtechnique":[{"id":"T1059.001"}]}]}],"kibana.alert.risk_score":73,"kibana.alert.severity":"high",` +
			`"kibana.alert.workflow_status":"open","kibana.alert.workflow_tags":[],"event.kind":"signal","event":{"category":["process"],"type":["start"],"dataset":"endpoint"},"host":{"name":"host-%[3]d","os":{"type":"windows","version":"10.0"}},"user":{"name":"u-%[3]d"},` +
			`"process":{"name":"powershell.exe","pid":4711,"args":["powershell.exe","-enc","aGVsbG8="],"parent":{"name":"winword.exe","pid":17}}}}`},
	{name: "wazuh", between: "\n",
		record: `{"timestamp":"%[2]s","rule":{"level":5,"description":"Name of rule %[3]d","id":"%[3]d","mitre":{"id":["T1110.001"],"tactic":["Credential Access"],"technique":["Password Guessing"]},"firedtimes":1,"mail":false,"groups":["syslog","sshd"],"gdpr":["IV_35.7.d"]},` +
			`"agent":{"id":"001","name":"host-%[3]d","ip":"192.0.2.6"},"manager":{"name":"m"},"id":"%[1]d","full_log":"sshd: failed password for root from 198.51.100.9 port 22","predecoder":{"program_name":"sshd","timestamp":"Nov 20"},"decoder":{"parent":"sshd","name":"sshd"},` +
			`"data":{"srcip":"198.51.100.9","srcport":"22","dstuser":"root"},"location":"/var/log/auth.log"}`},
	{name: "suricata", between: "\n",
		record: `{"timestamp":"%[2]s","flow_id":%[1]d,"in_iface":"eth0","event_type":"alert","src_ip":"198.51.100.9","src_port":4444,"dest_ip":"192.0.2.6","dest_port":22,"proto":"TCP","tx_id":0,"alert":{"action":"allowed","gid":1,"signature_id":%[3]d,"rev":20,"signature":"Name of rule %[3]d",` +
			`"category":"Attempted Information Leak","severity":2,"metadata":{"mitre_technique_id":["T1110"],"mitre_tactic_name":["Credential_Access"]}},"app_proto":"ssh","direction":"to_server","flow":{"pkts_toserver":3,"pkts_toclient":2,"bytes_toserver":200,"bytes_toclient":100,"start":"%[2]s"}}`},
	{name: "crowdstrike", before: `{"meta":{"pagination":{"total":3}},"resources":[`, between: ",\n", after: "]}",
		record: `{"composite_id":"c:ind:a:%[1]d","cid":"c1","pattern_id":%[3]d,"display_name":"Name of rule %[3]d","name":"Name of rule %[3]d","tactic":"Execution","tactic_id":"TA0002","technique":"PowerShell","technique_id":"T1059.001","severity":70,"severity_name":"High","timestamp":"%[2]s",` +
			`"created_timestamp":"%[2]s","updated_timestamp":"%[2]s","status":"closed","resolution":"false_positive","assigned_to_name":"Ann","device":{"hostname":"host-%[3]d","platform_name":"Windows","os_version":"10"},"user_name":"u-%[3]d","filename":"powershell.exe","cmdline":"powershell.exe -enc aGVsbG8="}`},
	{name: "ocsf", between: "\n",
		record: `{"class_uid":2004,"class_name":"Detection Finding","category_uid":2,"activity_id":1,"time":1772359200000,"severity":"High","risk_score":75,"metadata":{"version":"1.3.0","product":{"name":"Sensor"},"tenant_uid":"north"},"finding_info":{"uid":"f-%[1]d","title":"Odd","first_seen_time_dt":"%[2]s","analytic":{"uid":"a-%[3]d","name":"Name of rule %[3]d"},` +
			`"attacks":[{"version":"18.1","tactic":{"uid":"TA0002","name":"Execution"},"technique":{"uid":"T1059"},"sub_technique":{"uid":"T1059.001"}}]},"device":{"hostname":"host-%[3]d","ip":"192.0.2.6","os":{"name":"Windows"}},"disposition_id":2,"disposition":"Blocked","status_id":1}`},
	{name: "splunk", between: "\n",
		record: `{"preview":false,"offset":%[1]d,"result":{"_time":"%[2]s","event_id":"n-%[1]d","search_name":"Threat - Name of rule %[3]d - Rule","dest":["host-%[3]d","host-1"],"src":"198.51.100.9","user":"u-%[3]d","urgency":"medium","disposition":"disposition:2","owner":"ann","status":"5","status_label":"Closed","security_domain":"threat",` +
			`"annotations":"{\"mitre_attack\":[\"T1003\"]}","annotations.mitre_attack":"T1003","risk_score":"40","app":"x","savedsearch_description":"what it says"}}`},
}

// elsewhere is a record of a shape of its own, which mappedSo reads.
const (
	elsewhere = `{"ident":"a-%[1]d","rule":{"id":"rule-%[3]d","name":"Name of rule %[3]d"},"created":"%[2]s","host":{"name":"host-%[3]d"},"sev":"high","user":"u-%[3]d"}`
	mappedSo  = "kind: mapping\nversion: 2\nof: alerts\ncolumns: {id: ident, rule_id: rule.id, rule_name: rule.name, time: created, entity: host.name, severity: sev}\nfields: [user]\n"
)

// BenchmarkExports checks 40,000 alerts of each product, and through mappings, and tells how fast it is for its
// bytes beside Candor's own, by the time of all processors: relative is 1 for those.
func BenchmarkExports(b *testing.B) {
	alone := NewEvidence(nil, nil, func() time.Time { return added })
	own := 0.0
	for _, e := range exported {
		b.Run(e.name, func(b *testing.B) {
			path, size := made(b, e.before, e.record, e.between, e.after)
			r := Request{Kind: "alerts", Paths: []string{path}, By: "ann"}
			if e.mapping != "" {
				r.Mapping = filepath.Join(b.TempDir(), "mapping.yaml")
				if err := os.WriteFile(r.Mapping, []byte(e.mapping), 0o644); err != nil {
					b.Fatal(err)
				}
			}
			busy := processors(b)
			for b.Loop() {
				c, err := alone.Check(context.Background(), r)
				if err != nil || c.Good != exports || c.Rejected != 0 {
					b.Fatal(c, err)
				}
			}
			speed := float64(size) * float64(b.N) / float64((processors(b) - busy).Microseconds())
			if e.name == "candor" {
				own = speed
			}
			b.ReportMetric(speed, "MB/busy_s")
			b.ReportMetric(speed/own, "relative")
			b.ReportMetric(float64(size)/exports, "B/record")
		})
	}
}

const exports = 40_000

// made writes so many records to a file.
func made(b *testing.B, before, record, between, after string) (path string, size int64) {
	var text strings.Builder
	text.WriteString(before)
	for i := range exports {
		if i > 0 {
			text.WriteString(between)
		}
		fmt.Fprintf(&text, record, i, time.Unix(int64(1_770_000_000+i), 0).UTC().Format("2006-01-02T15:04:05.000Z"), i%70)
	}
	text.WriteString(after)
	path = filepath.Join(b.TempDir(), "alerts.json")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	return path, int64(text.Len())
}

// processors is how long this process kept processors busy.
func processors(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
