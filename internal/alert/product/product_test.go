package product

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/alert/export/exporttest"
	"candor/internal/decode/decodetest"
)

// files are those of testdata, by the format that they are of.
func files(t testing.TB) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name, _, _ := strings.Cut(e.Name(), ".")
		if !e.IsDir() && filepath.Ext(e.Name()) != ".golden" {
			format := strings.TrimRight(name, "0123456789")
			out[format] = append(out[format], e.Name())
		}
	}
	return out
}

func TestAlertsAsTheGoldenFilesSay(t *testing.T) {
	all := files(t)
	for _, p := range Products() {
		t.Run(p.Format, func(t *testing.T) {
			f := exporttest.Format{Alerts: p.Alerts, Sniff: p.Sniff, Files: all[p.Format]}
			if len(f.Files) == 0 {
				t.Error("there is no file of it")
			}
			f.Golden(t)
			f.Others(t)
		})
		delete(all, p.Format)
	}
	if len(all) > 0 {
		t.Errorf("files of no product: %v", all)
	}
}

func TestAFileIsOfOneProduct(t *testing.T) {
	for format, list := range files(t) {
		for _, name := range list {
			text := decodetest.Load(t, "testdata/"+name)
			for _, p := range Products() {
				if p.Sniff(text, name) != (p.Format == format) {
					t.Errorf("%s is taken for %s, or not for it", name, p.Format)
				}
			}
		}
	}
}

func FuzzAlerts(f *testing.F) {
	for _, list := range files(f) {
		for _, name := range list {
			f.Add(string(decodetest.Load(f, "testdata/"+name)))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range Products() {
			p.Sniff([]byte(text), "f.json")
			exporttest.Check(t, exporttest.Read(p.Alerts, "f.json", text))
		}
	})
}
