package evidence

import "testing"

func TestFileNameHasNoFolder(t *testing.T) {
	for path, want := range map[string]string{
		"": "", "rules.csv": "rules.csv", "/home/ann/secret project/rules.csv": "rules.csv", "../../x/rules/": "rules", "/": "",
		`C:\Users\ann\rules.csv`: "rules.csv", `\\server\share\rules`: "rules", "https://example.org/a/b.json": "https://example.org/a/b.json",
		"candor gate waive": "candor gate waive",
	} {
		if got := FileName(path); got != want {
			t.Errorf("%q is told as %q, want %q", path, got, want)
		}
	}
}
