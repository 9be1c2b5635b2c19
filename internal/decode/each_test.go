package decode

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEachReadsTheDocumentsThatAreRecords(t *testing.T) {
	d := Each("f.yml", []byte("name: a\nids: [t1059, T1059, x]\nmore: 1\nknown: 2\n---\nskip: true\nmore: 1\n---\n- a\n---\nname: ''\n---\nname: b\n---\nname: [\n"), func(m *Map, warn func(key, text string)) (string, bool) {
		if m.Bool("skip", false) {
			warn("skip", "was skipped")
			return "", false
		}
		m.Know("known")
		name := m.Need("name")
		for _, id := range m.Techniques("ids", warn) {
			name += " " + id
		}
		return name, true
	})
	if diff := cmp.Diff([]string{"a T1059", "b"}, d.Records); diff != "" {
		t.Error(diff)
	}
	var rejects []string
	for _, r := range d.Rejects {
		rejects = append(rejects, r.String())
	}
	if diff := cmp.Diff([]string{"f.yml:9: the document is not a mapping", "f.yml:11: name: is missing or empty", "f.yml:16: not YAML: did not find expected node content"}, rejects); diff != "" {
		t.Error(diff)
	}
	want := []string{`f.yml:2: "x" is no ATT&CK ID of a technique and was passed over`, "f.yml:3: key more is not known and was passed over", "f.yml:6: was skipped"}
	if diff := cmp.Diff(want, d.Warnings); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{"", "# nothing\n", "\xff"} {
		if d := Each("f", []byte(text), func(*Map, func(key, text string)) (int, bool) { return 0, true }); len(d.Rejects) != 1 {
			t.Errorf("%q: %+v, want one reject", text, d)
		}
	}
}
