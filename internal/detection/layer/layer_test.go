package layer

import (
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
)

func TestLayersAsTheGoldenFileSays(t *testing.T) {
	decodetest.Golden(t, "testdata/layers.json.golden", Decode("layers.json", decodetest.Load(t, "testdata/layers.json")))
}

func TestWhatIsNoLayerIsAReject(t *testing.T) {
	for text, want := range map[string]string{
		"": "not JSON", "{": "not JSON", "[]": "holds no layer", `{"techniques": 3}`: "/techniques is of another type", "3": "another type",
		`{"techniques":[]}`: "no technique is scored",
		`{"techniques":[{"techniqueID":"T1","score":1}]}`:         "not a technique's ATT&CK ID",
		`{"techniques":[{"techniqueID":"T1059","color":"#fff"}]}`: "no technique is scored",
	} {
		d := Decode("f.json", []byte(text))
		if len(d.Records) != 0 || len(d.Rejects) != 1 || !strings.Contains(d.Rejects[0].String(), want) {
			t.Errorf("%s: %+v, want %q", text, d, want)
		}
	}
}

func TestALayerIsToldFromRules(t *testing.T) {
	for text, want := range map[string]bool{
		`{"name":"x","domain":"enterprise-attack","techniques":[{"techniqueID":"T1059"}]}`: true,
		"\ufeff [\n{\"versions\":{\"navigator\":\"5\"},\"techniques\":[]}]":                true,
		`{"properties":{"techniques":["T1059"]}}`:                                          false,
		"techniques:\n  - techniqueID: T1059\n":                                            false,
	} {
		if got := Sniff([]byte(text), ""); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(decodetest.Load(f, "testdata/layers.json"))
	f.Add([]byte(`{"techniques":[{"techniqueID":"T1059","score":"NaN"},{"techniqueID":"T1059","score":1e999}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data, "f")
		d := Decode("f.json", data)
		if len(d.Records)+len(d.Rejects) == 0 {
			t.Fatal("nothing was read, and nothing was said")
		}
		for _, r := range d.Records {
			if !r.Stated || len(r.Techniques) != 1 || r.ID == "" {
				t.Fatalf("%+v", r)
			}
		}
	})
}
