package feed

import (
	"bytes"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/fault"
)

func TestFeedsAsTheGoldenFileSays(t *testing.T) {
	d, err := Decode("feeds.csv", bytes.NewReader(decodetest.Load(t, "testdata/feeds.csv")))
	if err != nil {
		t.Fatal(err)
	}
	decodetest.Golden(t, "testdata/feeds.csv.golden", d)
}

func TestAMissingColumnIsNamed(t *testing.T) {
	_, err := Decode("f.csv", strings.NewReader("date,source,events,hosts\n"))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), `f.csv:1: the header has no column "channel"`) {
		t.Errorf("%v", err)
	}
}

func TestFeedLinesAsTheGoldenFileSays(t *testing.T) {
	d, err := DecodeLines("feeds.jsonl", bytes.NewReader(decodetest.Load(t, "testdata/feeds.jsonl")))
	if err != nil {
		t.Fatal(err)
	}
	decodetest.Golden(t, "testdata/feeds.jsonl.golden", d)
}

func FuzzDecodeLines(f *testing.F) {
	f.Add(decodetest.Load(f, "testdata/feeds.jsonl"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := DecodeLines("f.jsonl", bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range d.Records {
			if o.Source == "" || o.Day.Time().IsZero() || o.Events < 0 || o.Hosts < 0 {
				t.Fatalf("an observation that should have been rejected: %+v", o)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(decodetest.Load(f, "testdata/feeds.csv"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, _ := Decode("f.csv", bytes.NewReader(data))
		for _, o := range d.Records {
			if o.Source == "" || o.Day.Time().IsZero() || o.Events < 0 || o.Hosts < 0 {
				t.Fatalf("an observation that should have been rejected: %+v", o)
			}
		}
	})
}
