package take

import (
	"os"
	"strings"
	"testing"
)

// TestEveryCodeIsInTheManual holds the table against doc/take.md.
func TestEveryCodeIsInTheManual(t *testing.T) {
	text, err := os.ReadFile("../../doc/take.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range Codes() {
		if !strings.Contains(string(text), "`"+code+"`") {
			t.Errorf("doc/take.md does not name %s", code)
		}
	}
}
