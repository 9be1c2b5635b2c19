package cli

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/intake"
	"candor/internal/people"
	"candor/internal/token"
)

func (p *program) tokenCommand() *cobra.Command {
	return group("token", "Bearer tokens of those who push evidence or write notes to a server, or read it",
		`A token lets a program push evidence to a running server over HTTP: POST
/api/v1/alerts, dispositions, signals and feeds; with the scope notes, write notes about
objects (POST /api/v1/objects/ID/notes); with the scope reviews, say which alerts are
part of an incident (POST /api/v1/reviews/ID/ties); with the scope gaps, state what cannot
be seen or relied on (POST /api/v1/gaps); with the scope profiles, state threat profiles
(POST /api/v1/profiles); with the scope upgrades, decide what IDs are read as that a release
does not have (POST /api/v1/upgrade); with the scope evidence, bring files of a source
(PUT and POST /api/v1/evidence/KIND/SOURCE). With the scope read it lets one read
where candor serve --require-token asks for a token. It names what it is for, ends by
itself, and can be taken back at any time, also while a server runs. See doc/push.md.

A person shows a token once in a browser, at /session of a running server, and writes in
the pages from then on under the name of the token: labels with the scope dispositions,
gaps and next steps with gaps, files of evidence with evidence.

Tokens are no evidence: they lie in the folder tokens/ of the data folder, have no
entry in the ledger unless there are accounts (candor audit), and are in no backup. Every batch says which token brought it.`,
		p.tokenCreateCommand(), p.tokenListCommand(), p.tokenRevokeCommand())
}

// tokens are those of the data folder. They need neither its stores nor its hold.
func (p *program) tokens() *token.Folder { return token.In(filepath.Join(p.path(p.data), "tokens")) }

// madeToken is a new token with its secret, which is shown this once.
type madeToken struct {
	token.Token
	Secret string `json:"secret"`
}

func (p *program) tokenCreateCommand() *cobra.Command {
	r := token.Request{}
	var expires string
	c := &cobra.Command{
		Use:   "create NAME --scope SCOPE[,SCOPE...]",
		Short: "Make a token and print its secret, once",
		Long: `Create makes a token and prints its secret. Only a hash of it is kept: whoever loses
the secret makes another token. A name is used once, because every batch keeps the
name of the token that brought it.

A token ends after 90 days unless --expires says otherwise: a number of days as in
30d, the last day as in 2027-01-31 (UTC), or never.`,
		Example: "  candor token create edr --scope alerts,dispositions\n  candor token create collector --scope feeds --expires 365d\n  candor token create ann --scope dispositions,gaps,evidence",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if r.Expires, err = expiry(expires, p.Now()); err != nil {
				return err
			}
			r.Name = args[0]
			return p.noting(cmd, func(note func(people.Visit)) error {
				made, secret, err := p.tokens().Create(r, p.Now())
				if err != nil {
					return err
				}
				note(people.Visit{What: people.TokenMade, Token: made.Name, By: r.By})
				return p.emit(madeToken{made, secret}, func(g *sheet) { showMade(g, made, secret) })
			})
		},
	}
	c.Flags().StringSliceVar(&r.Scopes, "scope", nil, "what it is for: to push "+strings.Join(intake.Kinds(), ", ")+"; to write "+identity.Notes+"; to state "+identity.Gaps+" or "+identity.Profiles+"; to decide "+identity.Upgrades+"; to bring files of "+identity.Evidence+"; to "+string(identity.Read)+" (required)")
	c.Flags().StringVar(&expires, "expires", "90d", "when it ends: 90d, a last day such as 2027-01-31, or never")
	c.Flags().StringVar(&r.By, "by", p.Getenv("USER"), "who makes it, for the record")
	return c
}

// expiry returns the moment that a token ends at; nil is never.
func expiry(text string, now time.Time) (*time.Time, error) {
	if text == "never" {
		return nil, nil
	}
	if n, ok := strings.CutSuffix(text, "d"); ok {
		if days, err := strconv.Atoi(n); err == nil && days > 0 && days <= 36500 {
			return new(now.AddDate(0, 0, days)), nil
		}
	}
	d, err := day.Parse(text)
	if err != nil {
		return nil, fault.New(fault.Usage, "%q says no time to end", text).At("--expires").Next("write a number of days as in 90d, a last day as in 2027-01-31, or never")
	}
	return new(d.Add(1).Time()), nil
}

func showMade(g *sheet, made token.Token, secret string) {
	g.line("made token %s (id %s)", g.bold(made.Name), made.ID)
	g.line("")
	g.line("  %s", secret)
	g.line("")
	g.line("  This is shown once and kept nowhere: put it where the sender finds it.")
	g.line("  It may %s, %s.", mayWords(made.Scopes), expiresWords(made))
}

// mayWords says what a token with scopes may do.
func mayWords(scopes []string) string {
	var may []string
	kinds := slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s == string(identity.Read) || s == identity.Notes })
	if len(kinds) > 0 {
		may = append(may, "push "+strings.Join(kinds, ", "))
	}
	if slices.Contains(scopes, identity.Notes) {
		may = append(may, "write notes")
	}
	if slices.Contains(scopes, string(identity.Read)) {
		may = append(may, "read")
	}
	return attack.Listed(may)
}

func expiresWords(t token.Token) string {
	if t.Expires == nil {
		return "and does not expire"
	}
	return "until " + t.Expires.UTC().Format(time.DateTime) + " UTC"
}

// tokenView is a token with what it is now.
type tokenView struct {
	token.Token
	State string `json:"state"`
}

type tokenList struct {
	Tokens []tokenView `json:"tokens"`
}

func (p *program) tokenListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "The tokens, the expired and the revoked included",
		Long: `List shows every token that was ever made: what it is for, whether it still may,
and when it was last used, to a minute. No secret is shown, because none is kept.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := p.tokens().List()
			if err != nil {
				return err
			}
			l := tokenList{Tokens: []tokenView{}}
			for _, t := range all {
				l.Tokens = append(l.Tokens, tokenView{t, t.State(p.Now())})
			}
			return p.emit(l, func(g *sheet) { showTokens(g, l.Tokens) })
		},
	}
}

func showTokens(g *sheet, list []tokenView) {
	if len(list) == 0 {
		g.line("There are no tokens. candor token create NAME --scope alerts makes one.")
		return
	}
	rows := [][]string{{"NAME", "ID", "STATE", "SCOPES", "EXPIRES", "LAST USED", "BY"}}
	for _, t := range list {
		rows = append(rows, []string{t.Name, t.ID, t.State, strings.Join(t.Scopes, ","), minute(t.Expires, "never"), minute(t.LastUsed, "never"), t.By})
	}
	g.table("", rows)
}

// minute is a time to the minute, or what none means.
func minute(t *time.Time, none string) string {
	if t == nil {
		return none
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func (p *program) tokenRevokeCommand() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use:   "revoke NAME|ID",
		Short: "Take a token back, at once and for good",
		Long: `Revoke makes a token worth nothing from the next request on, also for a server that
runs. What it pushed before stays; candor evidence list shows it by "token:NAME", and
candor evidence withdraw takes a batch of it out of every count.`,
		Example: "  candor token revoke edr",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.noting(cmd, func(note func(people.Visit)) error {
				t, fresh, err := p.tokens().Revoke(args[0], by, p.Now())
				if err != nil {
					return err
				}
				if fresh {
					note(people.Visit{What: people.TokenRevoked, Token: t.Name, By: by})
				}
				return p.emit(tokenView{t, t.State(p.Now())}, func(g *sheet) {
					if fresh {
						g.line("revoked token %s (id %s)", g.bold(t.Name), t.ID)
						return
					}
					g.line("unchanged: token %s was revoked on %s", g.bold(t.Name), minute(t.Revoked, ""))
				})
			})
		},
	}
	c.Flags().StringVar(&by, "by", p.Getenv("USER"), "who takes it back, for the record")
	return c
}
