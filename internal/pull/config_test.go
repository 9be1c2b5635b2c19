package pull

import (
	"strings"
	"testing"
	"time"

	"candor/internal/fault"
)

func TestAConfigurationSaysWhereItIsWrong(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	const head = "kind: candor-pulls\nversion: 1\npulls:\n  - name: corp\n    product: elastic\n    address: https://es.example:9200\n"
	for _, tt := range []struct{ name, text, want string }{
		{"no kind", "version: 1", `p.yaml:1: kind is ""`},
		{"no sources", "kind: candor-pulls\nversion: 1\npulls: []", "p.yaml:3: pulls: no source"},
		{"strange at the top", "kind: candor-pulls\nversion: 1\nsources: []\n", "p.yaml:3: sources: is no setting here"},
		{"no name", "kind: candor-pulls\nversion: 1\npulls:\n  - product: elastic\n", "p.yaml:4: name: is missing"},
		{"a name that a command has", "kind: candor-pulls\nversion: 1\npulls:\n  - name: list\n    product: elastic\n", "p.yaml:4: name:"},
		{"a name with a path", "kind: candor-pulls\nversion: 1\npulls:\n  - name: ../x\n    product: elastic\n", "p.yaml:4: name:"},
		{"another product", "kind: candor-pulls\nversion: 1\npulls:\n  - name: a\n    product: elastik\n", "p.yaml:5: product:"},
		{"a secret", head + "    secret: abc\n", "p.yaml:7: secret: a secret does not stand in the configuration"},
		{"another secret", head + "    Api_Key: abc\n", "p.yaml:7: Api_Key: a secret"},
		{"a setting of another", head + "    secret_env: X\n    workspace: w\n", "p.yaml:8: workspace: is no setting"},
		{"no secret", head, "secret_file: the secret has one place"},
		{"two secrets", head + "    secret_env: X\n    secret_file: y\n", "p.yaml:8: secret_file: the secret has one place"},
		{"a user without a password", head + "    user: ann\n    secret_env: X\n", "p.yaml:7: user: does not go with auth api_key"},
		{"a password without a user", head + "    auth: basic\n    secret_env: X\n", "user: is missing"},
		{"no such way", head + "    auth: oauth\n    secret_env: X\n", "p.yaml:7: auth: elastic is not asked so"},
		{"a secret in an address", strings.Replace(head, "es.example", "ann:hush@es.example", 1) + "    secret_env: X\n", "p.yaml:6: address: an address has no user"},
		{"in the clear", strings.Replace(head, "https", "http", 1) + "    secret_env: X\n", "p.yaml:6: address: what is asked over http"},
		{"no such part", head + "    secret_env: X\n    parts: [alerts, closures]\n", `p.yaml:8: parts: elastic has no part "closures"`},
		{"no address of a part", head + "    secret_env: X\n    parts: rules\n", "p.yaml:8: parts: rules is asked at kibana"},
		{"no time", head + "    secret_env: X\n    every: soon\n", `p.yaml:8: every: "soon" is no time from 1m to 7d`},
		{"too often", head + "    secret_env: X\n    every: 5s\n", "p.yaml:8: every:"},
		{"the future", head + "    secret_env: X\n    since: 2027-01-01\n", "p.yaml:8: since:"},
		{"no number", head + "    secret_env: X\n    size: many\n", "p.yaml:8: size:"},
		{"twice", head + "    secret_env: X\n    name: other\n", "name: the key is there twice"},
		{"two of a name", head + "    secret_env: X\n  - name: corp\n    product: wazuh\n    address: https://w.example\n    user: u\n    secret_env: X\n", "p.yaml:8: name: two sources"},
		{"no YAML", "kind: [", "p.yaml:"},
	} {
		_, err := Decode("p.yaml", []byte(tt.text), now)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), tt.want) || fault.HintOf(err) == "" && tt.name != "twice" && tt.name != "no YAML" && tt.name != "no name" && tt.name != "no number" {
			t.Errorf("%s: %v (next: %s), want %q", tt.name, err, fault.HintOf(err), tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "abc")) {
			t.Errorf("%s: the secret is in %v", tt.name, err)
		}
	}
	list, err := Decode("/etc/c/p.yaml", []byte(head+"    secret_file: es.key\n    overlap: 2h\n    source: elastic\n"), now)
	if err != nil {
		t.Fatal(err)
	}
	s := list[0]
	if s.SecretFile != "/etc/c/es.key" || s.Overlap != 2*time.Hour || s.Every != 15*time.Minute || len(s.Parts) != 2 || s.Settings.Set["space"] != "default" {
		t.Errorf("%+v", s)
	}
}

func TestTheStateOfAnotherSourceIsNotTaken(t *testing.T) {
	d, e := newDesk(t), newElastic(t)
	d.pull(elasticSource(d, e, "parts: alerts"))
	other := d.source("product: wazuh\naddress: " + e.URL + "\nuser: u\nsecret_env: PULL_SECRET")
	if _, err := d.State(other); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "elastic at "+e.URL) {
		t.Errorf("%v", err)
	}
}
