package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/custody"
	"candor/internal/deliver"
	"candor/internal/fault"
	"candor/internal/head"
	"candor/internal/hook"
)

func (p *program) ledgerHeadCommand() *cobra.Command {
	var places []string
	c := &cobra.Command{
		Use:   "head",
		Short: "Sign the head of the ledger's tree",
		Long: `Head signs how many entries the ledger has and the root of the tree over them, with the
time, as a signed note (golang.org/x/mod/sumdb/note) with an Ed25519 key, and prints it. Written
to where whoever may write to the data folder cannot take it back, it shows later that the
folder was rolled back or rewritten: candor ledger verify --heads.

The key is made when it is first needed, and gets its entry. It lies beside the data folder,
readable by its owner alone, and is in no backup; ` + head.Variable + ` names another place.

With --to it is sent there: ` + deliver.Forms + `.
` + headSecret + ` has the secret that signs a webhook, or the password of a mail server. A server
sends each new head by itself: candor serve --heads-to, or the configuration of hooks.`,
		Example: "  candor ledger head --to file:/mnt/elsewhere/heads.txt\n  candor ledger head --to syslog:tcp://log.example:601\n  candor ledger verify --heads /mnt/elsewhere/heads.txt",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			to, err := p.headsTo(places, 0)
			if err != nil {
				return err
			}
			s, err := p.signedHead(cmd)
			if err != nil {
				return err
			}
			if len(to) > 0 {
				return p.headTo(cmd, to, s)
			}
			if p.json {
				return p.emitJSON(s)
			}
			_, err = io.WriteString(p.Out, s.Note)
			return err
		},
	}
	c.Flags().StringArrayVar(&places, "to", nil, "where to send it (may be repeated)")
	return c
}

// headTo sends a head to places, and says which took it.
func (p *program) headTo(cmd *cobra.Command, to []hook.HeadsTo, s custody.Signed) error {
	return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
		sent, err := p.sendHeads(ctx, d, to, s.Note, s.Root)
		if len(sent) == 0 {
			return err
		}
		told := signedTo{s.Note, s.Root, sent}
		return errors.Join(p.emit(told, func(g *sheet) {
			for _, at := range sent {
				g.line("sent the head of %s to %s", plural(int(s.Size), "entry", "entries"), at)
			}
		}), err)
	})
}

// signedHead signs the head. It writes to the folder where the ledger has no key yet, or one
// that is not in its place.
func (p *program) signedHead(cmd *cobra.Command) (s custody.Signed, err error) {
	kind := fault.Kind("")
	err = p.with(cmd, false, func(ctx context.Context, d *Desk) error {
		s, err = d.Custody.KnownHead(ctx)
		kind = fault.KindOf(err)
		return err
	})
	if kind != fault.NotFound && kind != fault.Conflict {
		return s, err
	}
	err = p.with(cmd, true, func(ctx context.Context, d *Desk) error {
		s, err = d.Custody.Head(ctx)
		return err
	})
	return s, err
}

func (p *program) ledgerKeyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "The keys that sign heads, the one in force last",
		Long: `Key shows the keys that signed heads of the ledger, each as what verifies it: note that
elsewhere, for candor ledger verify --key and candor report verify --key. A ledger without a
key gets one.`,
		Example: "  candor ledger key\n  candor ledger key rotate --by ann --reason 'ann left'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.headKeys(cmd)
		},
	}
	c.AddCommand(p.ledgerKeyRotateCommand())
	return c
}

// headKeys lists the keys, and makes the first one where there is none.
func (p *program) headKeys(cmd *cobra.Command) error {
	if _, err := p.signedHead(cmd); err != nil {
		return err
	}
	return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
		keys, err := d.Custody.HeadKeys(ctx)
		if err != nil {
			return err
		}
		return p.emit(keys, func(g *sheet) { showHeadKeys(g, keys) })
	})
}

func showHeadKeys(g *sheet, keys head.Keys) {
	for _, k := range keys {
		g.line("%s", g.bold(k.VKey))
		until, confirmed := "in force", "the first one"
		if k.Until != nil {
			until = "until entry " + group3(*k.Until)
		}
		switch {
		case k.Confirmed:
			confirmed = "signed by the one before it"
		case k.Seq != keys[0].Seq:
			confirmed = "not signed by the one before it, which was said to be lost"
		}
		g.line("  since entry %s of %s, %s; %s%s", group3(k.Seq), k.Since.UTC().Format(time.DateOnly), until, confirmed, because(k.By, k.Reason))
	}
	g.line("  note the last one outside this machine: candor ledger verify --heads FILE --key KEY")
}

func (p *program) ledgerKeyRotateCommand() *cobra.Command {
	var r custody.Rotation
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Have another key sign heads from now on",
		Long: `Rotate makes another key, signs with the one in force that it follows, and records that in
the ledger; the key before is gone then. Heads that it signed stay good: whoever noted it
needs to note nothing else.

With --lost the key before is not asked, because it is lost: then nothing shows that the new
one follows it, and whoever noted the old one has to note the new one.`,
		Example: "  candor ledger key rotate --by ann --reason 'yearly'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				k, err := d.Custody.RotateKey(ctx, r)
				if err != nil {
					return err
				}
				return p.emit(k, func(g *sheet) {
					g.line("%s signs heads from entry %s on", g.bold(k.VKey), group3(k.Seq))
					g.line("  it lies in %s, and in no backup: keep a copy elsewhere", d.Custody.Keys.KeyFile())
				})
			})
		},
	}
	f := c.Flags()
	f.StringVar(&r.By, "by", p.Getenv("USER"), "who does it, for the record")
	f.StringVar(&r.Reason, "reason", "", "why, for the record")
	f.BoolVar(&r.Lost, "lost", false, "the key before is lost, and cannot sign that another one follows it")
	return c
}

// readHeads returns the signed heads that files have; - is what is given to the command.
func (p *program) readHeads(names []string) ([]string, error) {
	var heads []string
	for _, name := range names {
		text, err := p.headsText(name)
		if err != nil {
			return nil, err
		}
		found := head.Find(text)
		if len(found) == 0 {
			return nil, fault.New(fault.Invalid, "no signed head of a ledger is in it").At("%s", name).
				Next("name a file that has heads as candor ledger head writes them: a file of heads, a log of syslog, a mail")
		}
		heads = append(heads, found...)
	}
	return heads, nil
}

func (p *program) headsText(name string) (string, error) {
	from := io.NopCloser(p.In)
	if name != "-" {
		file, err := os.Open(p.path(name))
		if err != nil {
			return "", fault.New(fault.NotFound, "the heads cannot be read").At("%s", name).Because(err).Next("name a file that has heads; - reads what is given to the command")
		}
		from = file
	}
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(from, head.MaxBytes+1))
	if err = errors.Join(err, from.Close()); err != nil {
		return "", fault.New(fault.Unavailable, "the heads cannot be read").At("%s", name).Because(err).Next("name a file that has heads")
	}
	if n > head.MaxBytes {
		return "", fault.New(fault.Invalid, "it has more than %d MB", head.MaxBytes>>20).At("%s", name).Next("give the part that has heads: grep candor/ FILE | candor ledger verify --heads -")
	}
	return b.String(), nil
}

// showHeads says what signed heads came to.
func showHeads(g *sheet, c *head.Checked) {
	if c == nil || c.Found == 0 {
		return
	}
	g.line("heads  %d of %s: the ledger begins with the tree of each", c.Fit, plural(c.Found, "signed head", "signed heads"))
	if c.Others > 0 {
		g.line("       %s of other ledgers", plural(c.Others, "is", "are"))
	}
	if c.Last != nil {
		g.line("       the last that fits is of %s, signed at %s", plural(int(c.Last.Size), "entry", "entries"), c.Last.Time.UTC().Format(time.RFC3339))
	}
}

// headHint says what to do about a head that the ledger does not fit.
func headHint(c *head.Checked) string {
	what := head.NotBegun
	if len(c.Faults) > 0 {
		what = c.Faults[0].What
	}
	switch {
	case what == head.Forged || what == head.NoHead:
		return "get the heads from where candor wrote them; whoever changed one had a reason"
	case what == head.UnknownKey || what == head.RetiredKey:
		return "if it is of another ledger, name the key of this one with --key, as it was noted; else ask who has the data folder whether it was restored or replaced"
	case c.Last == nil:
		return "ask who has the data folder whether it was restored or replaced; a backup that was made after that head fits it"
	}
	return "what came after " + c.Last.Time.UTC().Format(time.RFC3339) + ", when the last head was signed that fits, is lost or others: restore a backup that was made after the head that does not, " +
		"and ask who has the data folder whether it was restored or replaced"
}
