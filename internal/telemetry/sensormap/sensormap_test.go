package sensormap

import (
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/fault"
)

func acme(file string, data []byte) (Declared, error) { return DecodeEDR(file, data, "acme edr") }

func TestStatementsAsTheGoldenFilesSay(t *testing.T) {
	for name, decode := range map[string]func(string, []byte) (Declared, error){
		"collection.csv": DecodeCTID, "Sysmon-sensors-mappings-enterprise.csv": DecodeCTID, "EDR_telem_linux.json": acme,
	} {
		d, err := decode(name, decodetest.Load(t, "testdata/"+name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		decodetest.Golden(t, "testdata/"+name+".golden", d)
	}
}

func TestNoFormatIsTakenForAnother(t *testing.T) {
	others, err := filepath.Glob("../*/testdata/*")
	if err != nil || len(others) < 10 {
		t.Fatalf("%v, %v", others, err)
	}
	for _, path := range others {
		head := decodetest.Load(t, path)
		own := strings.HasPrefix(path, "../sensormap/") && !strings.HasSuffix(path, ".golden")
		if got := SniffCTID(head, path); got != (own && strings.HasSuffix(path, ".csv")) {
			t.Errorf("%s: taken for a sensor mapping: %v", path, got)
		}
		if got := SniffEDR(head, path); got != (own && strings.HasSuffix(path, ".json")) {
			t.Errorf("%s: taken for the EDR table: %v", path, got)
		}
	}
}

func TestAProductHasToBeOneOfTheTable(t *testing.T) {
	table := decodetest.Load(t, "testdata/EDR_telem_linux.json")
	for product, want := range map[string]string{"": "Acme EDR, Other", "Acne EDR": "did you mean Acme EDR", "Toaster": "Acme EDR, Other"} {
		_, err := DecodeEDR("f.json", table, product)
		if fault.KindOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), want) {
			t.Errorf("%q: %v (hint %q)", product, err, fault.HintOf(err))
		}
	}
	if d, err := DecodeEDR("f.json", table, "Other"); err != nil || len(d.Records) != 2 || d.Records[0].Platforms != nil || !strings.Contains(strings.Join(d.Warnings, "\n"), "tells no platform") {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestWhatIsNoStatementIsInvalid(t *testing.T) {
	for text, decode := range map[string]func(string, []byte) (Declared, error){
		"": DecodeCTID, "EVENT ID\n1\n": DecodeCTID, "EVENT ID,ATT&CK DATA COMPONENT\n1,Process Creation\n": DecodeCTID,
		"EVENT ID,LOG SOURCE,ATT&CK DATA COMPONENT\n,Sysmon,Process Creation\n": DecodeCTID,
		"{}": acme, "[": acme, "[]": acme, `[{"Sub-Category":"Process Creation","Acme EDR":"No"}]`: acme,
	} {
		if d, err := decode("f", []byte(text)); fault.KindOf(err) != fault.Invalid || fault.HintOf(err) == "" && text != "" {
			t.Errorf("%q: %+v, %v (hint %q)", text, d, err, fault.HintOf(err))
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"collection.csv", "Sysmon-sensors-mappings-enterprise.csv", "EDR_telem_linux.json"} {
		f.Add(decodetest.Load(f, "testdata/"+name))
	}
	f.Add([]byte("EVENT ID,ATT&CK DATA COMPONENT\n\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, decode := range []func(string, []byte) (Declared, error){DecodeCTID, acme} {
			d, err := decode("sysmon.csv", data)
			if k := fault.KindOf(err); err != nil && k != fault.Invalid && k != fault.Usage {
				t.Fatalf("%v is neither fault.Invalid nor fault.Usage", err)
			}
			for _, s := range d.Records {
				if s.Name == "" && s.Component == "" || s.Note == "" {
					t.Fatalf("a declaration of nothing: %+v", s)
				}
			}
		}
	})
}
