package cli

import (
	"regexp"
	"strings"
	"testing"

	"candor/internal/upkeep"
)

// TestAnswersNameCommandsThatThereAre: what whoever runs an installation is told to do can
// be done.
func TestAnswersNameCommandsThatThereAre(t *testing.T) {
	root := (&program{Env: Env{Getenv: func(string) string { return "" }}}).root()
	named := 0
	for _, m := range upkeep.Meanings() {
		for _, found := range regexp.MustCompile(`candor( [a-z]+)+`).FindAllString(m.Answer, -1) {
			words := strings.Fields(found)[1:]
			c, _, err := root.Find(words)
			if err != nil || c.Name() != words[0] && (len(words) < 2 || c.Name() != words[1]) || c == root {
				t.Errorf("%s: %q: %v", m.Code, found, err)
			}
			if c.HasSubCommands() && len(words) > 1 && !c.Runnable() {
				t.Errorf("%s: %q is no command", m.Code, found)
			}
			named++
		}
	}
	if named < 10 {
		t.Errorf("%d commands are named", named)
	}
}
