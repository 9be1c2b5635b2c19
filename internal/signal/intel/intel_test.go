package intel

import (
	"io"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/evidence"
	"candor/internal/signal"
)

// format is a format with a file of it.
type format struct {
	file   string
	sniff  func([]byte, string) bool
	decode func(string, io.Reader) (evidence.Decoded[signal.Signal], error)
}

func formats() []format {
	return []format{{"misp.json", SniffMISP, DecodeMISP}, {"stix.json", SniffSTIX, DecodeSTIX}, {"osint.json", SniffOSINT, DecodeOCSF}, {"indicators.csv", SniffIndicators, DecodeIndicators}}
}

func TestSignalsAsTheGoldenFilesSay(t *testing.T) {
	for _, f := range formats() {
		text := decodetest.Load(t, "testdata/"+f.file)
		for _, other := range formats() {
			if other.sniff(text, f.file) != (other.file == f.file) {
				t.Errorf("%s is taken for %s, or not for it", f.file, other.file)
			}
		}
		got, err := f.decode(f.file, strings.NewReader(string(text)))
		if err != nil {
			t.Errorf("%s: %v", f.file, err)
		}
		decodetest.Golden(t, "testdata/"+f.file+".golden", got)
	}
}

func FuzzSignals(f *testing.F) {
	for _, one := range formats() {
		f.Add(string(decodetest.Load(f, "testdata/"+one.file)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, one := range formats() {
			one.sniff([]byte(text), "f")
			got, _ := one.decode("f", strings.NewReader(text))
			for _, s := range got.Records {
				if s.ID == "" || s.Entity == "" || s.Name == "" || s.Time.IsZero() {
					t.Fatalf("%+v", s)
				}
			}
		}
	})
}
