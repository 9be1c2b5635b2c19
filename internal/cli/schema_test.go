package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"candor/internal/attack/diff"
	"candor/internal/schema"
)

// TestEveryCommandThatPrintsJSONHasASchema walks the commands.
func TestEveryCommandThatPrintsJSONHasASchema(t *testing.T) {
	without := []string{"attack raw", "help"} // bytes, and text
	known := Schemas()
	root := (&program{Env: Env{Getenv: func(string) string { return "" }}}).root()
	var commands []string
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, s := range c.Commands() {
			walk(s)
		}
		name := strings.TrimPrefix(c.CommandPath(), "candor ")
		groups := c.HasSubCommands() && !slices.Contains(known, name)
		if c == root || groups || strings.HasPrefix(name, "completion") || slices.Contains(without, name) {
			return
		}
		commands = append(commands, name)
		if !slices.Contains(known, name) {
			t.Errorf("candor %s: outputs() does not say what it prints with --json", name)
		}
	}
	walk(root)
	for _, name := range known {
		if name != onError && !slices.Contains(commands, name) {
			t.Errorf("there is a schema of %q and no such command", name)
		}
	}
}

func TestTheSchemaOfADiffNamesEveryKind(t *testing.T) {
	b, err := schema.Document{Forms: []schema.Form{schema.Of[differences]("")}}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range diff.Kinds() {
		if !strings.Contains(string(b), `"`+kind+`": {`) {
			t.Errorf("%s is missing", kind)
		}
	}
}
