package cli

import (
	"context"

	"github.com/spf13/cobra"

	"candor/internal/fault"
	"candor/internal/upkeep"
)

func (p *program) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "What is wrong with this installation, and what to do",
		Long: `Doctor looks at the installation and not at what is kept: room on the disk, rights, stores
that open, the clock, the policy, what waits and what fails, certificate and tokens. Each
alarm comes with its answer; doc/operate.md lists them all. It changes nothing.

Where a server has the data folder, it is the server that looks, at itself too. It exits with
1 where something stops the installation from answering or from taking what is sent, or is
wrong; what will be soon is told and no failure. candor ledger verify is for what is kept.`,
		Example: "  candor doctor\n  candor doctor --json | jq -r '.alarms[].code'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				return p.examined(d.Operate(p.policyNow)(ctx))
			})
		},
	}
}

// examined says how an installation stands, and fails where anything is amiss now.
func (p *program) examined(s upkeep.State) error {
	if err := p.emit(s, func(g *sheet) { showUpkeep(g, s) }); err != nil {
		return err
	}
	amiss := 0
	for i := range s.Alarms {
		if s.Alarms[i].Weight != upkeep.Soon {
			amiss++
		}
	}
	if amiss == 0 {
		return nil
	}
	return fault.New(fault.Unavailable, "%d of what was looked at is amiss", amiss).Next("do what stands beside each")
}

func showUpkeep(g *sheet, s upkeep.State) {
	if len(s.Alarms) == 0 {
		g.line("nothing is amiss")
	}
	if !s.Server {
		g.line("no server has this folder: what waits, pulls and a certificate were not looked at")
	}
	for i := range s.Alarms {
		a := &s.Alarms[i]
		g.line("%-5s  %s: %s", a.Weight, a.Code, a.What)
		g.line("       %s", a.Means)
		g.line("       %s", a.Answer)
	}
}
