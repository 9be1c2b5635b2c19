package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/people"
)

func (p *program) accountCommand() *cobra.Command {
	return group("account", "Accounts of the people who sign in to a server, and what each may do",
		`An account lets a person sign in to the pages of a server. Without any, reading on this
machine needs none. As soon as there is one, candor serve asks everyone who reads to sign
in, or for a token, and what a person writes in the pages is recorded under the name of
the account, whatever a form says.

Its role says what an account may do:

`+rolesText()+`
Programs use tokens as before: candor token. See doc/people.md.

Each change of an account has an entry in the ledger. Of a password only an Argon2id hash
is kept, in the folder people/ of the data folder, which is in no backup.`,
		p.accountAddCommand(), p.accountListCommand(), p.accountRoleCommand(),
		p.accountStateCommand("disable", "Take an account back: its sessions end at once", people.Disabled),
		p.accountStateCommand("enable", "Have an account that was disabled be active again", people.Active),
		p.accountPasswordCommand(), p.accountRecoverCommand(), p.accountSignOutCommand())
}

// accounts are those of the data folder, as they lie there.
func (p *program) accounts() *people.Folder {
	return people.In(filepath.Join(p.path(p.data), people.Name))
}

// rolesText says what each role may do, in lines.
func rolesText() string {
	var b strings.Builder
	for _, r := range identity.Roles() {
		b.WriteString("  " + string(r) + strings.Repeat(" ", 9-len(r)) + roleWords(r) + "\n")
	}
	return b.String()
}

// roleWords says what a role may do beside what one before it may.
func roleWords(r identity.Role) string {
	scopes := r.Scopes()
	begin := ""
	for _, less := range slices.Backward([]identity.Role{identity.Reader, identity.Analyst, identity.Lead}) {
		if less != r && !slices.ContainsFunc(less.Scopes(), func(s string) bool { return !slices.Contains(scopes, s) }) {
			begin = "what the " + string(less) + " may, "
			scopes = slices.DeleteFunc(scopes, func(s string) bool { return slices.Contains(less.Scopes(), s) })
			break
		}
	}
	var may []string
	for _, s := range scopes {
		may = append(may, identity.Words(s))
	}
	return begin + attack.Listed(may)
}

// madeAccount is an account with its one-time password, which is shown this once.
type madeAccount struct {
	people.Account
	Password string `json:"one_time_password"`
}

func (p *program) accountAddCommand() *cobra.Command {
	var n people.New
	var role string
	c := &cobra.Command{
		Use:   "add NAME --role ROLE",
		Short: "Make an account and print its one-time password, once",
		Long: `Add makes an account and prints a one-time password, which opens once within seven
days: whoever signs in with it chooses a password of their own. A name is used once,
because what a person writes keeps it.`,
		Example: "  candor account add ann --role admin\n  candor account add ben --role analyst",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Name, n.Role = args[0], identity.Role(role)
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				a, secret, err := d.People.Add(ctx, n)
				if err != nil {
					return err
				}
				return p.emit(madeAccount{a, secret}, func(g *sheet) { showMadeAccount(g, "made", a, secret) })
			})
		},
	}
	c.Flags().StringVar(&role, "role", "", "what it may do: reader, analyst, lead, auditor or admin (required)")
	c.Flags().StringVar(&n.By, "by", p.Getenv("USER"), "who makes it, for the record")
	_ = c.MarkFlagRequired("role")
	return c
}

func showMadeAccount(g *sheet, did string, a people.Account, secret string) {
	g.line("%s account %s, %s", did, g.bold(a.Name), a.Role)
	g.line("")
	g.line("  %s", secret)
	g.line("")
	g.line("  This is shown once and kept nowhere. It opens once, until %s UTC,", minute(a.OneTime, ""))
	g.line("  to choose a password of one's own.")
}

type accountList struct {
	Accounts []people.Account `json:"accounts"`
}

func (p *program) accountListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "The accounts, the disabled included",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(_ context.Context, d *Desk) error {
				all, err := d.People.List()
				if err != nil {
					return err
				}
				return p.emit(accountList{all}, func(g *sheet) { showAccounts(g, all) })
			})
		},
	}
}

func showAccounts(g *sheet, all []people.Account) {
	if len(all) == 0 {
		g.line("There are no accounts: whoever reaches a server here reads without signing in.\n  next: candor account add NAME --role admin")
		return
	}
	rows := [][]string{{"NAME", "ROLE", "STATE", "SIGNS IN WITH", "CHANGED", "BY"}}
	for _, a := range all {
		rows = append(rows, []string{a.Name, string(a.Role), a.State, signsInWith(a), minute(&a.Changed, ""), a.By})
	}
	g.table("", rows)
}

// signsInWith says with what an account shows that it is it.
func signsInWith(a people.Account) string {
	if a.Provider != "" {
		return "provider " + a.Provider
	}
	if a.OneTime != nil {
		return "one-time password until " + minute(a.OneTime, "")
	}
	return "password"
}

// changes runs a command that changes the account that its first argument names.
func (p *program) changes(c *cobra.Command, how func(ctx context.Context, d *Desk, of people.Changing, args []string) error) *cobra.Command {
	var by string
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
			return how(ctx, d, people.Changing{Name: args[0], By: by}, args[1:])
		})
	}
	c.Flags().StringVar(&by, "by", p.Getenv("USER"), "who changes it, for the record")
	return c
}

func (p *program) accountRoleCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "role NAME ROLE", Short: "Give an account another role, from its next request on", Args: cobra.ExactArgs(2),
		Example: "  candor account role ben lead",
	}
	return p.changes(c, func(ctx context.Context, d *Desk, of people.Changing, args []string) error {
		a, fresh, err := d.People.SetRole(ctx, of, identity.Role(args[0]))
		if err != nil {
			return err
		}
		return p.emit(a, func(g *sheet) { g.line("%s%s is %s", unchangedWord(fresh), g.bold(a.Name), a.Role) })
	})
}

func unchangedWord(fresh bool) string {
	if fresh {
		return ""
	}
	return "unchanged: "
}

func (p *program) accountStateCommand(use, short, state string) *cobra.Command {
	c := &cobra.Command{Use: use + " NAME", Short: short, Args: cobra.ExactArgs(1)}
	return p.changes(c, func(ctx context.Context, d *Desk, of people.Changing, _ []string) error {
		a, fresh, err := d.People.SetState(ctx, of, state)
		if err != nil {
			return err
		}
		return p.emit(a, func(g *sheet) { g.line("%s%s is %s", unchangedWord(fresh), g.bold(a.Name), a.State) })
	})
}

func (p *program) accountPasswordCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "password NAME", Short: "Set the password of an account, read from standard input", Args: cobra.ExactArgs(1),
		Long: `Password reads one line from standard input, which a terminal does not show, and makes
it the password of the account. Its sessions end. At least twelve characters are asked for.`,
		Example: "  candor account password ann",
	}
	c = p.changes(c, func(ctx context.Context, d *Desk, of people.Changing, _ []string) error {
		word, err := line(p.In)
		if err != nil {
			return err
		}
		a, err := d.People.SetPassword(ctx, of, word)
		if err != nil {
			return err
		}
		return p.emit(a, func(g *sheet) { g.line("%s has the password, and its sessions have ended", g.bold(a.Name)) })
	})
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if err := p.unseen(); err != nil {
			return err
		}
		return run(cmd, args)
	}
	return c
}

// unseen reads a line from a terminal that does not show it, for whoever reads the input
// after that.
func (p *program) unseen() error {
	f, ok := p.In.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	p.note("password (at least twelve characters; it is not shown):")
	b, err := term.ReadPassword(int(f.Fd()))
	p.In = strings.NewReader(string(b) + "\n")
	return err
}

// line reads one line.
func line(in io.Reader) (string, error) {
	text, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if text = strings.TrimRight(text, "\r\n"); text == "" {
		return "", fault.New(fault.Usage, "no password was given").Next("write it on standard input, in one line")
	}
	return text, nil
}

func (p *program) accountRecoverCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "recover NAME", Short: "Replace the password of an account by a one-time password", Args: cobra.ExactArgs(1),
		Long: `Recover makes a one-time password for someone who cannot sign in, and prints it once. The
password before opens no more, and the account's sessions end.`,
	}
	return p.changes(c, func(ctx context.Context, d *Desk, of people.Changing, _ []string) error {
		a, secret, err := d.People.Recover(ctx, of)
		if err != nil {
			return err
		}
		return p.emit(madeAccount{a, secret}, func(g *sheet) { showMadeAccount(g, "recovered", a, secret) })
	})
}

func (p *program) accountSignOutCommand() *cobra.Command {
	c := &cobra.Command{Use: "sign-out NAME", Short: "End every session of an account, wherever it is", Args: cobra.ExactArgs(1)}
	return p.changes(c, func(ctx context.Context, d *Desk, of people.Changing, _ []string) error {
		a, err := d.People.SignOut(ctx, of)
		if err != nil {
			return err
		}
		return p.emit(a, func(g *sheet) { g.line("%s is signed out everywhere", g.bold(a.Name)) })
	})
}
