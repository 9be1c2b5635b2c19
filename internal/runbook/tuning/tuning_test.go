package tuning

import (
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/fault"
)

func TestRecordsAsTheGoldenFilesSay(t *testing.T) {
	text := decodetest.Load(t, "testdata/tuning.csv")
	d, err := Decode("tuning.csv", text)
	if err != nil || !Sniff(text, "") || SniffYAML(text, "") {
		t.Errorf("%v, or not taken for what it is", err)
	}
	decodetest.Golden(t, "testdata/tuning.csv.golden", d)
	text = decodetest.Load(t, "testdata/tuning.yaml")
	if d, err = DecodeYAML("tuning.yaml", text); err != nil || !SniffYAML(text, "") || Sniff(text, "") {
		t.Errorf("%v, or not taken for what it is", err)
	}
	decodetest.Golden(t, "testdata/tuning.yaml.golden", d)
}

func TestAFileThatIsNoListIsInvalid(t *testing.T) {
	for text, want := range map[string]string{"a: 1\n": "not a list", "- a: [\n": "not YAML", "\xff": "not UTF-8"} {
		if _, err := DecodeYAML("f.yaml", []byte(text)); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := Decode("f.csv", []byte("analytic,element\n")); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), `"value"`) {
		t.Errorf("%v", err)
	}
}

func TestALineOfJSONIsARecord(t *testing.T) {
	d, err := Decode("f", []byte(`{"analytic":"AN0001","element":"e","value":5,"date":"2026-03-01"}`))
	if err != nil || len(d.Records) != 1 || d.Records[0].Value != "5" {
		t.Errorf("%+v, %v", d, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(decodetest.Load(f, "testdata/tuning.csv"))
	f.Add(decodetest.Load(f, "testdata/tuning.yaml"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data, "")
		SniffYAML(data, "")
		d, _ := Decode("f", data)
		y, _ := DecodeYAML("f", data)
		for _, r := range append(d.Records, y.Records...) {
			if r.Analytic == "" || r.Element == "" || r.Value == "" || r.Date == "" {
				t.Fatalf("a record that should have been rejected: %+v", r)
			}
		}
	})
}
