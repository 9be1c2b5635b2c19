package cli

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/crew"
	"candor/internal/day"
	"candor/internal/deliver"
	"candor/internal/fault"
	"candor/internal/hook"
	"candor/internal/ledger"
	"candor/internal/news"
)

// headSecret names the environment variable with the secret of places that flags name.
const headSecret = "CANDOR_HEADS_SECRET"

func (p *program) hooksCommand() *cobra.Command {
	var file string
	c := group("hooks", "Who is told what is new, and who gets signed heads of the ledger",
		`A server tells webhooks when an analytic left its rung, a gate opened or closed, evidence is
about to stop counting, or a feed fell silent; and writes signed heads of the ledger to where
a user says. Both are in a configuration beside the data folder, FOLDER.hooks.yaml, unless
--hooks or CANDOR_HOOKS names another one; doc/hooks.md has an example. It holds no secret.

What a hook does not take is sent again, for longer and longer waits, and is put aside after a
day; candor hooks resend sends it again.`,
		p.hooksListCommand(&file), p.hooksCheckCommand(&file), p.hooksDeadCommand(), p.hooksResendCommand(&file))
	c.PersistentFlags().StringVar(&file, "hooks", p.Getenv(hook.Variable), "configuration (default: the data folder's name with .hooks.yaml; environment: "+hook.Variable+")")
	return c
}

// hooksFile is where the configuration lies, and whether somebody named it.
func (p *program) hooksFile(file string) (path string, named bool) {
	if file != "" {
		return p.path(file), true
	}
	return hook.Beside(p.path(p.data)), false
}

func (p *program) hooksConfig(file string) (hook.Config, error) {
	path, _ := p.hooksFile(file)
	return hook.Read(path)
}

func (p *program) hooksListCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "How hooks and places of heads stand", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.hooksConfig(*file)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(_ context.Context, d *Desk) error {
				st, err := d.Hooks.Status(c)
				if err != nil {
					return err
				}
				return p.emit(st, func(g *sheet) { showHooks(g, &st) })
			})
		},
	}
}

func showHooks(g *sheet, st *hook.Status) {
	moment := func(t time.Time) string {
		if t.IsZero() {
			return "never"
		}
		return t.UTC().Format(time.DateTime)
	}
	if len(st.Hooks) > 0 {
		rows := [][]string{{"HOOK", "TO", "TOLD", "TOOK LAST", "WAITING", "PUT ASIDE", "LAST FAILURE"}}
		for _, h := range st.Hooks {
			rows = append(rows, []string{h.Name, h.To, strings.Join(h.Kinds, " "), moment(h.Took), group3(int64(h.Waiting)), group3(int64(h.Dead)), clip(h.Failed, 80)})
		}
		g.table("", rows)
	}
	if len(st.Heads) > 0 {
		rows := [][]string{{"HEADS TO", "AT MOST EVERY", "TOOK LAST", "ENTRIES", "LAST FAILURE"}}
		for _, h := range st.Heads {
			rows = append(rows, []string{h.To, h.Every, moment(h.At), group3(h.Size), clip(h.Failed, 80)})
		}
		g.table("", rows)
	}
	if len(st.Hooks)+len(st.Heads) == 0 {
		g.line("The configuration names nobody: doc/hooks.md has an example.")
	}
	if st.Orphans > 0 {
		g.line("%s for hooks that the configuration does not have", plural(st.Orphans, "message waits", "messages wait"))
	}
}

func (p *program) hooksCheckCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "check NAME", Short: "Send a hook a message that says nothing, and see whether it takes it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.hooksConfig(*file)
			if err != nil {
				return err
			}
			h, err := c.Named(args[0])
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				if err := d.Hooks.Check(ctx, h); err != nil {
					return err
				}
				taken := hookTook{h.Name, h.Place.String()}
				return p.emit(taken, func(g *sheet) { g.line("%s took it", taken.To) })
			})
		},
	}
}

// hookTook is a hook that took a message.
type hookTook struct {
	Name string `json:"name"`
	To   string `json:"to"`
}

func (p *program) hooksDeadCommand() *cobra.Command {
	return &cobra.Command{
		Use: "dead", Short: "Messages that nobody took, and that are not sent again by themselves", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(_ context.Context, d *Desk) error {
				list, err := d.Hooks.Dead()
				if err != nil {
					return err
				}
				return p.emit(list, func(g *sheet) { showDead(g, list, d.Hooks.DeadFile()) })
			})
		},
	}
}

func showDead(g *sheet, list []hook.Letter, file string) {
	if len(list) == 0 {
		g.line("None was put aside.")
		return
	}
	rows := [][]string{{"MESSAGE", "HOOK", "MADE", "CHANGES", "TRIES", "LAST FAILURE"}}
	for _, l := range list {
		rows = append(rows, []string{l.ID, l.Hook, l.Made.UTC().Format(time.DateTime), group3(int64(l.Changes)), group3(int64(l.Tries)), clip(l.Failed, 80)})
	}
	g.table("", rows)
	g.line("  they lie in %s; candor hooks resend sends them again", file)
}

func (p *program) hooksResendCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "resend [MESSAGE...]", Short: "Send again what was put aside: all, or the messages that are named",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.hooksConfig(*file)
			if err != nil {
				return err
			}
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				r, err := d.Hooks.Resend(ctx, c, args)
				if err != nil {
					return err
				}
				return p.emit(r, func(g *sheet) {
					g.line("%s, of which %d taken at once", plural(r.Found, "message was sent again", "messages were sent again"), r.Taken)
					if r.Taken < r.Found {
						g.line("  a server tries the others again; candor hooks list says what was met")
					}
				})
			})
		},
	}
}

// headsTo are the places that flags name, each with its secret in one variable.
func (p *program) headsTo(places []string, every time.Duration) (list []hook.HeadsTo, err error) {
	for _, text := range places {
		to := hook.HeadsTo{Written: text, Every: every}
		if to.Place, err = deliver.Parse(text); err != nil {
			return nil, err
		}
		to.Place.Path = p.path(to.Place.Path)
		if p.Getenv(headSecret) != "" {
			to.Secret.Env = headSecret
		}
		list = append(list, to)
	}
	return list, nil
}

// rereadEvery is how often is looked whether the configuration of hooks changed.
const rereadEvery = 15 * time.Second

// telling is whom a server tells: a configuration that people change, and places that flags
// name.
type telling struct {
	path  string
	named bool
	more  []hook.HeadsTo
	now   func() time.Time
	tell  func(error)

	config hook.Config
	next   time.Time
	said   string
}

// tellers reads the configuration of a server, which may be missing where nobody named one.
func (p *program) tellers(file string, places []string, every time.Duration) (*telling, error) {
	t := &telling{now: p.Now}
	t.path, t.named = p.hooksFile(file)
	var err error
	if t.more, err = p.headsTo(places, every); err != nil {
		return nil, err
	}
	t.config, err = hook.Read(t.path)
	if !t.named && fault.KindOf(err) == fault.NotFound {
		err = nil
	}
	t.config.Heads = append(t.config.Heads, t.more...)
	t.next = p.Now().Add(rereadEvery)
	return t, err
}

// current is what holds now. A file that became wrong changes nothing, and is told once.
func (t *telling) current() hook.Config {
	if t.now().Before(t.next) {
		return t.config
	}
	t.next = t.now().Add(rereadEvery)
	c, err := hook.Read(t.path)
	if fault.KindOf(err) == fault.NotFound && !t.named {
		c, err = hook.Config{}, nil
	}
	switch {
	case err == nil:
		c.Heads = append(c.Heads, t.more...)
		t.config, t.said = c, ""
	case err.Error() != t.said:
		t.said = err.Error()
		t.tell(err)
	}
	return t.config
}

// tellOften is how often is looked whether there is something to tell.
const tellOften = time.Second

// tellOthers has hooks told what is new, and places get heads, until ctx ends or what it
// returns is called, which waits for the end.
func (p *program) tellOthers(ctx context.Context, d *Desk, t *telling, pol func() (assure.Policy, error), log *slog.Logger) (end func()) {
	p.standings(d, pol)
	config := func() hook.Config { return hook.Config{} } // of a folder that cannot be written nobody is told
	if d.Intake != nil && t != nil {
		config = t.current
		t.tell = func(err error) {
			log.Warn("the configuration of hooks is wrong as it is now, and what it said before holds", "error", err, "next", fault.HintOf(err))
		}
	}
	ctx, stop := context.WithCancel(ctx)
	wake := time.NewTicker(tellOften)
	done := crew.Go(func() error {
		defer wake.Stop()
		d.Hooks.Run(ctx, config, wake.C, func(who string, err error) {
			log.Warn("what is new could not be told", "whom", who, "error", err, "next", fault.HintOf(err))
		})
		return nil
	})
	return func() {
		stop()
		if err := <-done; err != nil {
			log.Error("telling others ended", "error", err)
		}
	}
}

// standings has a desk say how things stand by the policy in force.
func (p *program) standings(d *Desk, pol func() (assure.Policy, error)) {
	stores := d.Hooks.Generation
	d.Hooks.Generation = func(ctx context.Context) (string, error) {
		in, err := pol()
		if err != nil {
			return "", err
		}
		g, err := stores(ctx)
		return g + " " + in.Ref().SHA256 + " " + string(day.Of(p.Now())), err
	}
	d.Hooks.Standing = func(ctx context.Context) (news.Standing, error) {
		in, err := pol()
		if err != nil {
			return news.Standing{}, err
		}
		return d.Assessment.Newsworthy(ctx, assessment.Request{AsOf: p.Now(), Policy: in})
	}
}

// sendHeads sends a signed head to places.
func (p *program) sendHeads(ctx context.Context, d *Desk, places []hook.HeadsTo, text string, r ledger.Root) (sent []string, err error) {
	for i := range places {
		if bad := d.Hooks.SendHead(ctx, &places[i], text, r); bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		sent = append(sent, places[i].Place.String())
	}
	return sent, err
}

// signedTo is a head with where it was sent.
type signedTo struct {
	Head string      `json:"note"`
	Root ledger.Root `json:"head"`
	To   []string    `json:"to"`
}
