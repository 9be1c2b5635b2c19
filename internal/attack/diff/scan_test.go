package diff

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// The splitter looks at brackets and quotes alone; on valid JSON it must see
// what a real parser sees, and on anything else it must end.
func FuzzSplitSeesWhatAParserSees(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":1}`, ` { "a" : [1, {"b":"]}"}] , "c":"\\\"" } `, `{"a":"\u00e9","\u0061b":null,"d":-1.5e3}`, `[1]`, `{"a"`, `{"a":`,
		`{"a":}`, `{"a":1,,}`, `{"a":"`, `{"a":"\`, "", `{"a":1]}`, `{"a":{"b":[[]]},"c":true}`, `{"":""}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := split(raw)
		if !jsontext.Value(raw).IsValid() || jsontext.Value(raw).Kind() != '{' {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(raw, &want); err != nil {
			return // valid for one parser only; nothing to compare with
		}
		if len(got) != len(want) {
			t.Fatalf("%d members of %q, want %d", len(got), raw, len(want))
		}
		for _, m := range got {
			if !bytes.Equal(m.value, want[m.key]) {
				t.Fatalf("%q is %q, want %q", m.key, m.value, want[m.key])
			}
		}
	})
}

func FuzzComparingAnythingEnds(f *testing.F) {
	f.Add([]byte(`{"type":"relationship","id":"r","source_ref":"a"}`), []byte(`{"type":"malware","x_mitre_version":"1"}`))
	f.Add([]byte(`{"external_references":{}}`), []byte(`{"external_references":[{"external_id":1}]}`))
	f.Add([]byte(``), []byte(`{"a":"\ud800"}`))
	f.Add([]byte(`0`), []byte("{\"type\":\"\x000\""))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		r := Compare(Side{Raw: map[string][]byte{"x": a}}, Side{Raw: map[string][]byte{"x": b}})
		var out bytes.Buffer
		if err := r.Text(&out); err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(out.Bytes(), "\x1b\x07\x00") {
			t.Fatalf("control characters came out: %q", out.Bytes())
		}
	})
}
