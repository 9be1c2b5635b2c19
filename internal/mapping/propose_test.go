package mapping

import (
	"strings"
	"testing"

	"candor/internal/fault"
)

func TestAProposalIsAMappingThatReadsTheFile(t *testing.T) {
	for _, c := range []struct {
		name, kind, file, in string
		guessed              map[string]string
		want                 string // in what the proposed mapping makes
	}{
		{"a CSV of alerts", "alerts", "a.csv", "Alert ID;Signature;Signature ID;Created;Hostname;Verdict;Closed at;ATT&CK\n" +
			"1;Odd logon;77;2026-03-01 10:00:00;web-01;False Positive;2026-03-02 09:00:00;uses T1078 and T1110.003\n" +
			"2;Odd logon;77;2026-03-01 11:00:00;web-02;Benign;2026-03-02 09:00:00;\n3;Dump;78;2026-03-01 12:00:00;web-01;New;;T1003\n",
			map[string]string{"id": "Alert ID", "rule_id": "Signature ID", "time": "Created", "entity": "Hostname", "disposition": "Verdict", "techniques": "ATT&CK"},
			`{"id":"1","rule_id":"77","time":"2026-03-01T10:00:00Z","rule_name":"Odd logon","entity":"web-01","entity_type":"host","techniques":["T1078","T1110.003"],"disposition":"false_positive","disposition_time":"2026-03-02T09:00:00Z"}`},
		{"nested JSON", "alerts", "a.json", `[{"_id":"x1","rule":{"id":5710,"description":"sshd: bad user"},"agent":{"name":"web"},"timestamp":"2026-03-01T10:00:00Z","n":1},{"_id":"x2","rule":{"id":5710,"description":"sshd: bad user"},"agent":{"name":"db"},"timestamp":"2026-03-01T11:00:00Z","n":1}]`,
			map[string]string{"id": "_id", "rule_id": "rule.id", "rule_name": "rule.description", "time": "timestamp", "entity": "agent.name"}, `"rule_id":"5710"`},
		{"what it is about besides", "alerts", "a.csv", "nr,rule,time,host,user,src_ip,dest_ip,mail\nx1,77,2026-03-01 10:00:00,web-01,jdoe,192.0.2.7,10.0.0.1,j@corp.example\nx2,78,2026-03-01 11:00:00,web-02,jdoe,192.0.2.7,,\n",
			map[string]string{"entity": "host"},
			`"entity":"web-01","entity_type":"host","entities":["account:jdoe","address:10.0.0.1","address:192.0.2.7","mail:j@corp.example"]`},
		{"notes before the header", "alerts", "n.log", "#separator \\x09\n#fields\tts\tuid\tnote\tsrc\n1772359200.1\tC1\tScan\t10.0.0.1\n1772359201.1\tC2\tScan\t10.0.0.2\n",
			map[string]string{"time": "ts", "id": "uid"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Propose(c.file, []byte(c.in), c.kind)
			if err != nil {
				t.Fatal(err)
			}
			for key, path := range c.guessed {
				if p.Guessed[key] != path {
					t.Errorf("%s is made of %q; want %q", key, p.Guessed[key], path)
				}
			}
			if c.want == "" {
				return
			}
			if len(p.Missing) > 0 {
				t.Fatalf("missing %v\n%s", p.Missing, p.Text)
			}
			got := run(t, load(t, p.Text), c.file, c.in)
			if !strings.Contains(got.text, c.want) || len(got.rejects) > 0 || got.err != nil {
				t.Errorf("%s\n%+v", p.Text, got)
			}
		})
	}
}

func TestAProposalSaysWhatItDidNotFind(t *testing.T) {
	p, err := Propose("a.csv", []byte("a,b\n1,2\n"), "alerts")
	if err != nil || strings.Join(p.Missing, " ") != "rule_id time" || !strings.Contains(p.Text, "# rule_id:   # needed") {
		t.Errorf("%+v %v", p, err)
	}
	for file, kind := range map[string]string{"": "alerts", "a,b\n1,2\n": "cakes"} {
		if _, err := Propose("a.csv", []byte(file), kind); fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func FuzzPropose(f *testing.F) {
	f.Add("id;rule;time\n1;x: {y};2026-03-01\n")
	f.Add(`{"a":[{"b":"2026-03-01"}],"@timestamp":1772359200,"'\"":"\u0000"}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range Kinds() {
			p, err := Propose("f", []byte(text), kind)
			if err != nil || len(p.Missing) > 0 || len(p.Guessed) == 0 {
				continue
			}
			if _, _, err := Decode("m.yaml", []byte(p.Text)); err != nil {
				t.Fatalf("what is proposed is no mapping: %v\n%s", err, p.Text)
			}
		}
	})
}
