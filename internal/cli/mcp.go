package cli

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"candor/internal/door"
	"candor/internal/edge"
	"candor/internal/identity"
	"candor/internal/mcp"
)

func (p *program) mcpCommand() *cobra.Command {
	var addr, policy string
	var rules identity.Rules
	c := &cobra.Command{
		Use:   "mcp",
		Short: "Answer programs that reason with a language model, over the Model Context Protocol",
		Long: `Mcp is a server of the Model Context Protocol: programs that reason with a language model
ask it what there is in the library, what objects mean here, verdicts with their reasons,
gates, measurements and next steps. It changes nothing, and what it cannot know travels in
every answer.

It speaks over its standard input and output, as such programs start it, or with --addr over
HTTP on a loopback address. candor serve answers the same at /mcp. See doc/mcp.md for what to
write into a program's configuration.`,
		Example: "  candor mcp\n  candor mcp --addr 127.0.0.1:8090",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				judgedBy, err := p.judgedBy(policy)
				if err != nil {
					return err
				}
				deps := mcp.Deps{Library: d.Library, Assessment: d.Assessment, Policy: judgedBy, Clock: p.Now, Version: Version()}
				if addr == "" {
					return mcp.Talk(ctx, deps, p.In, p.bare.Out)
				}
				return p.mcpAt(ctx, deps, addr, rules, d.People)
			})
		},
	}
	c.Flags().StringVar(&addr, "addr", "", "loopback address to answer at over HTTP, instead of the standard input and output; port 0 picks a free one")
	c.Flags().StringVar(&policy, "policy", "", "policy file (default: policy.yaml in the data folder, else built in)")
	c.Flags().BoolVar(&rules.TokenToRead, "require-token", false, "with --addr, ask for a token with the scope read")
	return c
}

// mcpAt answers over HTTP until ctx ends.
func (p *program) mcpAt(ctx context.Context, d mcp.Deps, addr string, rules identity.Rules, people door.Accounts) error {
	var at edge.Place
	l, err := at.Listen(ctx, addr)
	if err != nil {
		return err
	}
	defer l.Close()
	d.Log = p.usual()
	d.Door = door.New(door.Config{Rules: rules, Tokens: p.tokens(), Accounts: people, Now: p.Now})
	defer mcp.Warm(ctx, d)()
	return at.Serve(ctx, l, edge.Combine(http.NotFoundHandler(), mcp.Handler(d), d.Log), d.Log, func() {
		a := announcement{Serving: "http://" + l.Addr().String() + mcp.Path, Reading: "open"}
		if rules.TokenToRead || d.Door.SignsIn() {
			a.Reading = "token"
		}
		_ = p.emit(a, func(g *sheet) { g.line("answering at %s (Ctrl-C stops)", a.Serving) })
	})
}
