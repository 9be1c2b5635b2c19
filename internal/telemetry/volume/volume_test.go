package volume

import (
	"bytes"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/fault"
)

var formats = []struct {
	name   string
	sniff  func(head []byte, name string) bool
	decode func(file string, r io.Reader) (Observed, error)
	files  string
}{
	{Splunk, SniffSplunk, DecodeSplunk, "tstats.csv tstats.json codes.csv"},
	{Sentinel, SniffSentinel, DecodeSentinel, "usage.csv tables.json"},
	{Elastic, SniffElastic, DecodeElastic, "datastreams.json cat.json esql.csv"},
}

func TestCountsAsTheGoldenFilesSay(t *testing.T) {
	for _, f := range formats {
		for name := range strings.FieldsSeq(f.files) {
			d, err := f.decode(name, bytes.NewReader(decodetest.Load(t, "testdata/"+name)))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			decodetest.Golden(t, "testdata/"+name+".golden", d)
		}
	}
}

func TestNoFormatIsTakenForAnother(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(files, "../feed/testdata/feeds.csv", "../feed/testdata/feeds.jsonl") {
		if strings.HasSuffix(path, ".golden") {
			continue
		}
		head := decodetest.Load(t, path)
		for _, f := range formats {
			own := strings.Contains(" "+f.files+" ", " "+filepath.Base(path)+" ")
			if f.sniff(head, path) != own {
				t.Errorf("%s: taken for %s: %v", path, f.name, !own)
			}
		}
	}
}

func TestWhatIsNotKnownIsSaid(t *testing.T) {
	for _, c := range []struct {
		decode     func(string, io.Reader) (Observed, error)
		text, want string
	}{
		{DecodeSplunk, "_time,sourcetype,count\n2026-03-01,acme,5\n", "acme"},
		{DecodeSentinel, "TimeGenerated,DataType,Quantity\n2026-03-01,DeviceProcessEvents,5\n", "names no log source"},
		{DecodeElastic, `[{"index":".ds-logs-aws.cloudtrail-default-2026.03.01-000001","docs.count":"9"}]`, "neither a row nor the name says the day"},
	} {
		_, err := c.decode("f", strings.NewReader(c.text))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) || !strings.Contains(fault.HintOf(err), "date,source,channel") {
			t.Errorf("%q: %v (hint %q)", c.text, err, fault.HintOf(err))
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, format := range formats {
		for name := range strings.FieldsSeq(format.files) {
			f.Add(decodetest.Load(f, "testdata/"+name))
		}
	}
	f.Add([]byte("_time,sourcetype,count,hosts\n1e300,sysmon,1e300,NaN\n2026-03-01,sysmon,9007199254740992,-1\n2026-03-01,sysmon,9007199254740992,1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range formats {
			format.sniff(data, "f")
			d, err := format.decode("f", bytes.NewReader(data))
			if err != nil && fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%s: %v is not fault.Invalid", format.name, err)
			}
			for _, o := range d.Records {
				if o.Source == "" || o.Day == "" || o.Events < 0 || o.Hosts < 0 || o.Hosts > math.MaxInt32 {
					t.Fatalf("%s: %+v", format.name, o)
				}
			}
		}
	})
}
