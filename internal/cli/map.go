package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/mapping"
)

func (p *program) evidenceMapCommand() *cobra.Command {
	r := ingest.Request{Kind: evidence.Alerts}
	c := &cobra.Command{
		Use:   "map FILE",
		Short: "Propose a mapping for a file, and show ten records as they would land",
		Long: `Map looks at the first records of a table or of JSON and prints a mapping file that
says which of its columns or paths make which field, with what was seen in each behind
it, and ten records as they would land as comments at the end. It is a beginning: read
it, correct it, and try it again with --mapping. Nothing is written or added.

With --mapping FILE it shows what that mapping makes of the file instead.`,
		Example: `  candor evidence map export.csv > mapping.yaml
  candor evidence map --kind exercises results.json
  candor evidence map --mapping mapping.yaml export.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.existing(args); err != nil {
				return err
			}
			r.Paths, r.Dir = args, p.Dir
			m, err := r.Propose(cmd.Context())
			if err != nil {
				return err
			}
			if err := p.emit(m, func(g *sheet) { showProposed(g, &m) }); err != nil {
				return err
			}
			if len(m.Missing) > 0 {
				return fault.New(fault.Invalid, "nothing was found for %s, without which %s are none", strings.Join(m.Missing, ", "), m.Kind).
					Next("say in the mapping what makes it, and try it: candor evidence map --kind %s --mapping FILE %s", m.Kind, args[0])
			}
			return nil
		},
	}
	c.Flags().StringVar(&r.Kind, "kind", evidence.Alerts, "the kind of evidence that it holds: "+strings.Join(mapping.Kinds(), ", "))
	c.Flags().StringVar(&r.Mapping, "mapping", "", "the mapping file to try, instead of proposing one")
	_ = c.RegisterFlagCompletionFunc("kind", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return mapping.Kinds(), cobra.ShellCompDirectiveNoFileComp
	})
	return c
}

func showProposed(g *sheet, m *ingest.Proposed) {
	lead := ""
	if m.Text != "" {
		lead = "# "
		for line := range strings.Lines(m.Text) {
			g.line("%s", strings.TrimSuffix(line, "\n"))
		}
		if len(m.Missing) > 0 {
			return
		}
		g.line("#")
	}
	g.line("%sOf the records looked at: %s good, %s rejected, %s left out. The first as they would land:", lead, group3(m.Good), group3(m.Rejected), group3(m.LeftOut))
	for _, o := range m.Shown {
		g.line("%s  %s", lead, landed(o))
	}
	for _, w := range m.Warnings {
		g.line("%snote: %s", lead, w)
	}
	for _, j := range m.Rejects[:min(5, len(m.Rejects))] {
		g.line("%srejected %s", lead, j)
	}
}

// landed writes a record on one line, by name.
func landed(o map[string]any) string {
	var parts []string
	for name, v := range o {
		text, is := v.(string)
		if !is {
			data, err := json.Marshal(v)
			if text = string(data); err != nil {
				text = fmt.Sprint(v)
			}
		}
		parts = append(parts, name+": "+strings.ReplaceAll(text, "\n", " "))
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}
