package product

import (
	"strings"
	"testing"

	"candor/internal/alert/export/exporttest"
)

// TestWhatAnAlertIsAbout: the primary entity first, each with its type.
func TestWhatAnAlertIsAbout(t *testing.T) {
	for _, tt := range []struct{ format, text, want string }{
		{"wazuh", `{"id":"1","rule":{"id":"5710","level":5,"description":"d"},"timestamp":"2026-05-01T00:00:00Z","agent":{"name":"web-01","ip":"10.0.0.1"},"data":{"srcip":"192.0.2.7","dstuser":"jdoe"}}`,
			"host:web-01 address:10.0.0.1 address:192.0.2.7 account:jdoe"},
		{"suricata", `{"timestamp":"2026-05-01T00:00:00Z","flow_id":1,"event_type":"alert","src_ip":"192.0.2.7","dest_ip":"10.0.0.1","alert":{"signature_id":1,"signature":"s"}}`, "address:10.0.0.1 address:192.0.2.7"},
		{"zeek", `{"ts":1777593600.5,"note":"A::B","msg":"m","uid":"u","id.orig_h":"192.0.2.7","id.resp_h":"10.0.0.1"}`, "address:10.0.0.1 address:192.0.2.7"},
		{"crowdstrike", `{"composite_id":"a","pattern_id":1,"name":"n","timestamp":"2026-05-01T00:00:00Z","device":{"hostname":"web-01","local_ip":"10.0.0.1"},"user_name":"jdoe"}`, "host:web-01 account:jdoe address:10.0.0.1"},
		{"sentinelone", `{"id":"a","threatInfo":{"identifiedAt":"2026-05-01T00:00:00Z","detectionType":"static"},"agentRealtimeInfo":{"agentComputerName":"web-01"},"agentDetectionInfo":{"agentLastLoggedInUserName":"jdoe","agentIpV4":"10.0.0.1"}}`,
			"host:web-01 account:jdoe address:10.0.0.1"},
		{"guardduty", `{"id":"a","type":"T","createdAt":"2026-05-01T00:00:00Z","accountId":"1","resource":{"instanceDetails":{"instanceId":"i-1"},"accessKeyDetails":{"userName":"jdoe","principalId":"P"}},"service":{"action":{"awsApiCallAction":{"remoteIpDetails":{"ipAddressV4":"192.0.2.7"}}}}}`,
			"resource:i-1 account:jdoe address:192.0.2.7"},
		{"securityhub", `{"Id":"a","GeneratorId":"g","Title":"t","CreatedAt":"2026-05-01T00:00:00Z","ProductArn":"arn","AwsAccountId":"1","Resources":[{"Type":"AwsEc2Instance","Id":"arn:i-1"},{"Type":"AwsIamUser","Id":"arn:user/jdoe"}],"Network":{"SourceIpV4":"192.0.2.7"}}`,
			"resource:arn:i-1 account:arn:user/jdoe address:192.0.2.7"},
		{"qradar", `{"id":7,"rules":[{"id":1,"type":"x"}],"start_time":1777593600000,"offense_source":"jdoe","offense_type":3,"description":"d"}`, "account:jdoe"},
		{"cortex", `{"alert_id":"a","matching_service_rule_id":"r","detection_timestamp":1777593600000,"host_name":"web-01","user_name":"jdoe","host_ip":["10.0.0.1"]}`, "host:web-01 account:jdoe address:10.0.0.1"},
		{"trendmicro", `{"id":"a","modelId":"m","model":"M","createdDateTime":"2026-05-01T00:00:00Z","impactScope":{"entities":[{"entityType":"account","entityValue":"jdoe"},{"entityType":"host","entityValue":{"name":"web-01","ips":["10.0.0.1"]}}]}}`,
			"host:web-01 account:jdoe address:10.0.0.1"},
		{"secops", `{"id":"a","type":"RULE_DETECTION","detection":[{"ruleId":"r","ruleName":"n","detectionFields":[{"key":"hostname","value":"web-01"}]}],"detectionTime":"2026-05-01T00:00:00Z","collectionElements":[{"references":[{"event":{"principal":{"hostname":"web-01","user":{"userid":"jdoe"},"ip":["10.0.0.1"]}}}]}]}`,
			"host:web-01 account:jdoe address:10.0.0.1"},
		{"defender-stream", `{"category":"AdvancedHunting-AlertEvidence","tenantId":"t","properties":{"AlertId":"a","Title":"t","Timestamp":"2026-05-01T00:00:00Z","ServiceSource":"s","DetectionSource":"d","EntityType":"x","DeviceName":"web-01","AccountUpn":"jdoe@corp.example","AccountName":"jdoe","RemoteIP":"192.0.2.7"}}`,
			"host:web-01 account:jdoe@corp.example address:192.0.2.7"},
		{"guide", "Id,OrgId,IncidentId,AlertId,Timestamp,DetectorId,AlertTitle,Category,MitreTechniques,IncidentGrade,EntityType,EvidenceRole,DeviceId\n1,2,3,4,2026-05-01T00:00:00Z,5,6,x,,TruePositive,Machine,Related,77\n", "host:device 77"},
	} {
		found := false
		for _, p := range Products() {
			if p.Format != tt.format {
				continue
			}
			found = true
			if got := exporttest.About(t, p.Alerts, tt.text); got != tt.want {
				t.Errorf("%s is about %s, want %s", strings.TrimSpace(tt.text), got, tt.want)
			}
		}
		if !found {
			t.Errorf("nothing reads %s", tt.format)
		}
	}
}
