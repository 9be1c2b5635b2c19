package sentinel

import (
	"slices"
	"testing"

	"candor/internal/decode/decodetest"
)

func files() []string { return []string{"signin.yaml", "hunts.yaml", "template.json", "list.json"} }

func TestRulesAsTheGoldenFilesSay(t *testing.T) {
	for _, f := range files() {
		text := decodetest.Load(t, "testdata/"+f)
		if !Sniff(text, f) {
			t.Errorf("%s is not taken for what it is", f)
		}
		decodetest.Golden(t, "testdata/"+f+".golden", Decode("rules/"+f, text))
	}
}

func TestOtherFilesAreNotTakenForIt(t *testing.T) {
	for name, text := range map[string]string{
		"a.yml": "title: x\nid: r-1\nlogsource: {product: windows}\ndetection: {s: {a: b}}\n", "b.yml": "", "c.csv": "rule_id,name\n", "d.yml": "\xff:",
		"e.yml": "name: x\nother:\n  search: y\n", "f.toml": "[tool]\nname = 1\n",
	} {
		if Sniff([]byte(text), name) {
			t.Errorf("%s, %q, is taken for a rule", name, text)
		}
	}
}

func TestPlacesNameWhatATTACKHas(t *testing.T) {
	words := decodetest.Enterprise(t)
	for _, p := range facts {
		words.Check(t, p.table, "", "", p.platforms)
		for _, l := range p.logs {
			words.Check(t, p.table, l.Component, l.Name, nil)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range files() {
		f.Add(decodetest.Load(f, "testdata/"+name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data, files()[0])
		d := Decode("f", data)
		if len(d.Records)+len(d.Rejects)+len(d.Warnings) == 0 {
			t.Fatal("the file came to nothing")
		}
		for _, r := range d.Records {
			if r.ID == "" || r.Name == "" || r.Format != Format || r.Path != "f" {
				t.Fatalf("a rule without id, name, format or path: %+v", r)
			}
		}
	})
}

func TestADeployedRuleIsAlsoCalledByItsTemplate(t *testing.T) {
	d := Decode("f", []byte("id: d-1\nname: Odd\nkind: Scheduled\nquery: x\nalertRuleTemplateName: t-1\n"))
	if len(d.Records) != 1 || !slices.Equal(d.Records[0].Aliases, []string{"t-1", "Odd"}) || len(d.Warnings) != 0 {
		t.Errorf("%+v", d)
	}
}
