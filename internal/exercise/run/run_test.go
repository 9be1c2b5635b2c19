package run

import (
	"io"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

// formats are the formats with their files.
func formats() []struct {
	file   string
	sniff  func([]byte, string) bool
	decode func(string, io.Reader) (evidence.Decoded[exercise.Exercise], error)
} {
	return []struct {
		file   string
		sniff  func([]byte, string) bool
		decode func(string, io.Reader) (evidence.Decoded[exercise.Exercise], error)
	}{
		{"atomic.csv", SniffAtomic, DecodeAtomic}, {"atomic.json", SniffAtomic, DecodeAtomic}, {"attire.json", SniffATTiRe, DecodeATTiRe},
		{"caldera.json", SniffCaldera, DecodeCaldera}, {"caldera-events.json", SniffCaldera, DecodeCaldera}, {"openaev.json", SniffOpenAEV, DecodeOpenAEV},
	}
}

func TestWhatRanAsTheGoldenFilesSay(t *testing.T) {
	for _, f := range formats() {
		text := decodetest.Load(t, "testdata/"+f.file)
		for _, other := range formats() {
			if got := other.sniff(text, f.file); got != (other.file == f.file) && strings.SplitN(other.file, ".", 2)[0][:4] != f.file[:4] {
				t.Errorf("%s is taken for %s: %v", f.file, other.file, got)
			}
		}
		got, err := f.decode(f.file, strings.NewReader(string(text)))
		if err != nil {
			t.Errorf("%s: %v", f.file, err)
		}
		for _, e := range got.Records {
			if e.Outcome != exercise.Ran || e.Technique == "" || e.Test == "" || e.Time.IsZero() {
				t.Errorf("%s: %+v", f.file, e)
			}
		}
		decodetest.Golden(t, "testdata/"+f.file+".golden", got)
	}
}

func FuzzRan(f *testing.F) {
	for _, one := range formats() {
		f.Add(string(decodetest.Load(f, "testdata/"+one.file)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, one := range formats() {
			one.sniff([]byte(text), "f")
			got, _ := one.decode("f", strings.NewReader(text))
			for _, e := range got.Records {
				if e.Technique == "" || e.Test == "" || e.Time.IsZero() {
					t.Fatalf("%+v", e)
				}
			}
		}
	})
}
