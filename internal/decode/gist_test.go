package decode

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestTheGistOfAQuery(t *testing.T) {
	for _, c := range []struct{ query, gist string }{
		{"SigninLogs\n  | where  A == 'x  // y'  // a remark\n  | take 1", "SigninLogs | where A == 'x  // y' | take 1"},
		{"index=a ``` why ``` url=\"http://b  c\"", `index=a url="http://b  c"`},
		{"process where /* two\nlines */ true", "process where true"},
		{"url:http://evil*", "url:http://evil*"},
		{"it's  one", "it's one"},
		{"a // to the end", "a"},
		{` "a \" b`, `"a \" b`},
		{"", ""},
	} {
		if got := Gist(c.query); got != c.gist {
			t.Errorf("%q is %q, want %q", c.query, got, c.gist)
		}
	}
}

func node(t *testing.T, text string) *yaml.Node {
	t.Helper()
	docs, err := Documents("f.yml", []byte(text))
	if err != nil || len(docs) != 1 {
		t.Fatal(docs, err)
	}
	return docs[0]
}

func TestAFingerprintIsOfWhatIsSaid(t *testing.T) {
	base := Fingerprint(node(t, "sel:\n  Image|endswith: [a, b]\n  User: x\ncondition: sel and not  f\n"))
	for _, same := range []string{
		"# a remark\ncondition: sel and not f\nsel: {User: x, 'Image|endswith': [b, a]}\n",
		"x: &v [a, b]\n---\nsel: {User: \"x\", Image|endswith: [a, b]}\ncondition: >\n  sel and\n  not f\n",
	} {
		docs, err := Documents("f.yml", []byte(same))
		if err != nil || Fingerprint(docs[len(docs)-1]) != base {
			t.Errorf("%v: %q", err, same)
		}
	}
	for _, other := range []string{
		"sel:\n  Image|endswith: [a, c]\n  User: x\ncondition: sel and not f\n",
		"sel:\n  Image|endswith: [a, b]\n  User: x\ncondition: sel\n",
		"sel:\n  Image|endswith: [a, b]\n  User: [x]\ncondition: sel and not f\n",
	} {
		if Fingerprint(node(t, other)) == base {
			t.Errorf("the same: %q", other)
		}
	}
	if got := Fingerprint(nil, "", " "); got != "" {
		t.Errorf("nothing has %q", got)
	}
	if Fingerprint("a", "") == Fingerprint("", "a") {
		t.Error("the place of a value does not matter")
	}
	j := map[string]any{"n": 1.0, "l": []any{"b", "a"}}
	if Fingerprint(j) != Fingerprint(map[string]any{"l": []any{"a", "b"}, "n": int64(1)}) {
		t.Error("JSON and TOML differ")
	}
}

func TestAFingerprintOfNodesThatRepeatEachOther(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, y]\n")
	for i := range 40 {
		name, before := string(rune('b'+i%25))+strings.Repeat("q", i/25), "a0"
		if i > 0 {
			before = string(rune('b'+(i-1)%25)) + strings.Repeat("q", (i-1)/25)
		}
		b.WriteString(name + ": &" + name + " [*" + before + ", *" + before + "]\n")
	}
	if Fingerprint(node(t, b.String())) == "" {
		t.Error("empty")
	}
}
