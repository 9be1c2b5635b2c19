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

// What batches keep is compared with what comes of the same rule today.
func TestAFingerprintStaysWhatItWas(t *testing.T) {
	for text, want := range map[string]string{
		"sel:\n  Image|endswith: [b,  a]\n  User: x\ncondition: sel and not  f\n": "d92b9df9ac9d2650b214849ec902f4a60dbb6da7dbd1c41f343ee9d110f13881",
		"a: &a [x, *a, {b: *a}]\nc: *a\n":                                         "5f1f238b21c32d32abdb36882ef91d08e2361954ad61219892890505d5b23a62",
		"'': ''\n":                                                                "052d7908bcb1553136581f19375cab812782207236af14d05446452ae9649c0f",
	} {
		if got := Fingerprint(node(t, text), nil, map[string]any{"k": []any{"v w", 2, nil}}); got != want {
			t.Errorf("%q has %s, want %s", text, got, want)
		}
	}
}

func BenchmarkFingerprint(b *testing.B) {
	docs, err := Documents("f.yml", []byte("sel:\n  Image|endswith: ['\\\\a.exe', '\\\\b.exe', '\\\\c.exe']\n  CommandLine|contains|all: [' -enc ', ' -nop ']\nfilter:\n  User: x\ncondition: sel and not filter\n"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		Fingerprint(docs[0])
	}
}
