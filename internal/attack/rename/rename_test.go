package rename

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/attack"
	"candor/internal/decode/decodetest"
	"candor/internal/fault"
)

func TestMappingsAsTheGoldenFileSays(t *testing.T) {
	text := decodetest.Load(t, "testdata/renames.csv")
	d, err := Decode("renames.csv", text)
	if err != nil || !Sniff(text, "") {
		t.Errorf("%v, or not taken for what it is", err)
	}
	decodetest.Golden(t, "testdata/renames.csv.golden", d)
}

func TestALineOfJSONIsAMapping(t *testing.T) {
	text := []byte(`{"old":"t1","new":"T2"}` + "\n" + `{"old":"T1562.012","new":"T1685.004","domain":"enterprise","by":"our own reading"}`)
	d, err := Decode("f", text)
	want := []attack.Rename{{Old: "T1562.012", New: "T1685.004", Domain: "enterprise-attack", By: "our own reading"}}
	if diff := cmp.Diff(want, d.Records); diff != "" || err != nil || len(d.Rejects) != 1 || !Sniff(text, "") {
		t.Errorf("%v, rejects %+v (-want +got)\n%s", err, d.Rejects, diff)
	}
}

func TestAFileWithoutItsColumnsIsInvalid(t *testing.T) {
	for _, text := range []string{"old,neu\nT1001,T1002\n", "\xff"} {
		if d, err := Decode("f.csv", []byte(text)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %+v, %v", text, d, err)
		}
	}
}

// The public list of what 19 made of techniques of 18 is a mapping file, and what is
// compiled in is what it says.
func TestWhatIsKnownWithoutAReleaseIsThePublicMapping(t *testing.T) {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set")
	}
	text, err := os.ReadFile(filepath.Join(dir, "attack", "v18-to-v19.csv"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Decode("v18-to-v19.csv", text)
	if err != nil || len(d.Rejects) > 0 || !Sniff(text, "") {
		t.Fatalf("%v, rejects %+v", err, d.Rejects)
	}
	known := map[[2]string]bool{}
	for _, r := range attack.KnownRenames("enterprise-attack") {
		known[[2]string{r.Old, r.New}] = true
	}
	for _, r := range d.Records {
		if !known[[2]string{r.Old, r.New}] {
			t.Errorf("%s to %s is not compiled in", r.Old, r.New)
		}
	}
}

func FuzzDecode(f *testing.F) {
	text := decodetest.Load(f, "testdata/renames.csv")
	f.Add(text)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(text)
	w.Close()
	f.Add(packed.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data, "")
		d, _ := Decode("f", data)
		for _, r := range d.Records {
			if r.Old == "" || r.New == "" || r.Old == r.New {
				t.Fatalf("a record that should have been rejected: %+v", r)
			}
		}
	})
}
