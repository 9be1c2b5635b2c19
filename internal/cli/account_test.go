package cli

import (
	"os"
	"strings"
	"testing"

	"candor/internal/identity"
)

func TestTheDocumentSaysWhatEachRoleMay(t *testing.T) {
	b, err := os.ReadFile("../../doc/people.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range identity.Roles() {
		if row := "| " + string(r) + " | " + roleWords(r) + " |"; !strings.Contains(string(b), row) {
			t.Errorf("doc/people.md has no row\n%s", row)
		}
	}
}
