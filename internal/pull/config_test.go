package pull

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/fault"
	"candor/internal/pull/question"
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

// FuzzConfiguration hands whatever a file may say to what reads a configuration: a source
// that it takes can be asked, and no secret of the file is in an error.
func FuzzConfiguration(f *testing.F) {
	const head = "kind: candor-pulls\nversion: 1\npulls:\n"
	for _, text := range []string{
		"", head, head + "  - {name: corp, product: elastic, address: https://es.example:9200, kibana: https://k.example, secret_env: S}\n",
		head + "  - {name: a, product: splunk, address: https://s.example, secret_file: x, every: 1m, overlap: 30d, window: 1h, since: 2026-01-01, size: 7}\n",
		head + "  - {name: b, product: http, address: http://127.0.0.1:1/x, auth: none, kind: alerts, mapping: m.yaml, path: /a, records: a.b, next: c, query: \"x={from}\"}\n",
		head + "  - &a {name: c, product: sentinel, auth: oauth, tenant: t, user: u, secret_env: S, workspace: w, resource: /r}\n  - {<<: *a, name: d}\n",
		head + "  - {name: e, product: defender, password: hunter2}\n", head + "  - [1]\n", "pulls: {}\n",
	} {
		f.Add([]byte(text))
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := Decode("p.yaml", text, now)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), "p.yaml") {
				t.Errorf("%v", err)
			}
			return
		}
		for _, s := range list {
			if s.Every < time.Minute || s.Overlap < 0 || s.Span <= 0 || s.Since.After(now) || s.Product == nil || len(s.Parts) == 0 {
				t.Errorf("%+v", s)
			}
			for _, p := range s.Parts {
				if ask := p.First(s.Settings, question.Window{From: s.Since, To: now}); ask == nil || s.Addresses[ask.Service] == "" {
					t.Errorf("%s: %s cannot be asked", s.Name, p.Name)
				}
			}
		}
	})
}

// FuzzState hands whatever may lie in the folder to what reads a state.
func FuzzState(f *testing.F) {
	for _, text := range []string{"", "{}", "null", `{"version":1,"name":"corp","of":"elastic at https://es.example:9200","parts":{"alerts":{"to":"2026-11-23T12:00:00Z","seen":{"a":"b"}},"rules":null},"last":[{"part":"x"}]}`,
		`{"version":9,"parts":{}}`, `{"version":1,"of":"elastic at x","parts":{}}`, `{"version":-1,"of":"elastic at https://es.example:9200","parts":{},"tried":"9999-12-31T23:59:59Z","failing":"0001-01-01T00:00:00Z","failed":"x"}`} {
		f.Add([]byte(text))
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	list, err := Decode("p.yaml", []byte("kind: candor-pulls\nversion: 1\npulls:\n  - {name: corp, product: elastic, address: https://es.example:9200, secret_env: S}\n"), now)
	if err != nil {
		f.Fatal(err)
	}
	s := New(f.TempDir(), "", func() time.Time { return now }, nil)
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(s.statePath("corp"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		st, err := s.State(&list[0])
		if got := s.Status(&list[0]); (err != nil) != (got.State == Refused) || !slices.Contains(States(), got.State) {
			t.Errorf("%+v %v", got, err)
		}
		if err == nil && due(st, &list[0]).IsZero() != st.Tried.IsZero() {
			t.Errorf("%+v", st)
		}
	})
}
