package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/fault"
)

// miscounted is the error of a command that was given too few or too many
// arguments: it names those that are missing, or the first that has no place, as
// the command's line of usage calls them.
func miscounted(cmd *cobra.Command, args []string) error {
	names, most := named(cmd.Use)
	var missing []string
	for _, n := range names[min(len(args), len(names)):] {
		if !strings.HasPrefix(n, "[") {
			missing = append(missing, strings.ReplaceAll(strings.TrimSuffix(n, "..."), "|", " or "))
		}
	}
	what := strings.Join(missing, " and ") + " are missing"
	switch {
	case len(missing) == 1:
		what = missing[0] + " is missing"
	case len(missing) > 1:
	case most == 0 && cmd.HasSubCommands():
		return unknown(cmd, args[0])
	default:
		what = fmt.Sprintf("%q is one argument too many", args[most])
	}
	line := strings.TrimSuffix(cmd.CommandPath(), cmd.Name()) + cmd.Use
	return fault.New(fault.Usage, "%s: %s", what, line).Next("see: %s --help", cmd.CommandPath())
}

// named lists the arguments that a line of usage names, without flags, and how
// many there may be at most: without bound when the last repeats.
func named(use string) (names []string, most int) {
	words := strings.Fields(use)[1:]
	for _, w := range words {
		if strings.HasPrefix(w, "--") {
			break
		}
		names = append(names, w)
	}
	if n := len(names); n > 0 && strings.HasSuffix(strings.TrimSuffix(names[n-1], "]"), "...") {
		return names, 1 << 30
	}
	return names, len(names)
}

// unknown is the error of a word that is no subcommand, with the one that may have
// been meant.
func unknown(cmd *cobra.Command, word string) error {
	e := fault.New(fault.Usage, "unknown command %q for %q", word, cmd.CommandPath())
	if near := cmd.SuggestionsFor(word); len(near) > 0 {
		return e.Next("did you mean %q? see: %s --help", near[0], cmd.CommandPath())
	}
	return e.Next("see: %s --help", cmd.CommandPath())
}

// help prints the help of the command that words lead to.
func help(c *cobra.Command, words []string) error {
	for _, word := range words {
		i := slices.IndexFunc(c.Commands(), func(s *cobra.Command) bool { return s.Name() == word || s.HasAlias(word) })
		if i < 0 {
			return unknown(c, word)
		}
		c = c.Commands()[i]
	}
	return c.Help()
}
