package review

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/decode/decodetest"
	"candor/internal/evidence"
	"candor/internal/fault"
)

func TestCasesAsTheGoldenFilesSay(t *testing.T) {
	for file, decode := range decoders() {
		d, err := decode(file, bytes.NewReader(decodetest.Load(t, "testdata/"+file)))
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		decodetest.Golden(t, "testdata/"+file+".golden", d)
	}
}

func decoders() map[string]func(string, io.Reader) (evidence.Decoded[alert.Case], error) {
	return map[string]func(string, io.Reader) (evidence.Decoded[alert.Case], error){
		"cases.csv": Decode, "cases.jsonl": Decode, "incidents.json": Sentinel, "incidents.csv": Sentinel, "interface.json": Sentinel, "client.json": Sentinel, "hive.json": Hive, "elastic.json": Elastic,
	}
}

func TestFilesOfCasesAreKnownByTheirHead(t *testing.T) {
	for file, want := range map[string][2]bool{
		"cases.csv": {true, false}, "cases.jsonl": {true, false}, "incidents.json": {}, "incidents.csv": {}, "interface.json": {}, "client.json": {}, "hive.json": {false, true},
	} {
		head := decodetest.Load(t, "testdata/"+file)
		if got := [2]bool{Sniff(head, file), SniffHive(head, file)}; got != want {
			t.Errorf("%s: Candor's, TheHive's: %v; want %v", file, got, want)
		}
	}
}

func TestACSVWithoutItsColumnsIsInvalid(t *testing.T) {
	_, err := Decode("f.csv", strings.NewReader("case_id,title\n1,x\n"))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), `"opened"`) {
		t.Errorf("%v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for file := range decoders() {
		f.Add(string(decodetest.Load(f, "testdata/"+file)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, decode := range []func(string, io.Reader) (evidence.Decoded[alert.Case], error){Decode, Sentinel, Hive, Elastic} {
			d, _ := decode("f", strings.NewReader(text))
			for _, c := range d.Records {
				if c.ID == "" || c.Opened.IsZero() || c.Class == "" || c.Closed.IsZero() && c.Class != alert.Unlabelled ||
					!c.Closed.IsZero() && (c.Closed.Before(c.Opened) || c.Occurred.After(c.Closed)) {
					t.Fatalf("a case that should have been rejected: %+v", c)
				}
			}
		}
	})
}
