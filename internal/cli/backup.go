package cli

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/backup"
	"candor/internal/custody"
	"candor/internal/fault"
	"candor/internal/ledger"
)

func (p *program) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Pack the data folder into one file",
		Long: `Backup writes a .tar.gz with a consistent copy of the three stores, the policy, the
rejects files and the kept assessments, and a manifest with the SHA-256 of each. The
file appears under its name when it is whole; an existing file is never overwritten.

Serving and reading go on meanwhile; whoever wants to write waits until it is done.
What was pushed to the server that has the folder is in it; tokens are not.`,
		Example: "  candor backup candor-2026-05-04.tar.gz",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.with(cmd, false, foldPushed); err != nil {
				return err
			}
			// A folder that is not there is not made to be backed up.
			_, err := os.Stat(p.path(p.data))
			return p.with(cmd, err == nil, func(ctx context.Context, d *Desk) error { return p.backup(ctx, d, args[0]) })
		},
	}
}

// foldPushed makes batches of what was pushed to the server that has the folder, if
// one has, so that a backup holds all that was acknowledged before it.
func foldPushed(ctx context.Context, d *Desk) error {
	if d.Intake == nil {
		return nil
	}
	return d.Intake.Fold(ctx)
}

func (p *program) backup(ctx context.Context, d *Desk, to string) error {
	m, err := backup.Write(ctx, backup.Job{To: p.path(to), Dir: p.path(p.data), Parts: d.Parts, Still: d.Custody.Still, Copying: d.Custody.Copying, Made: p.Now(), Candor: Version()})
	if err != nil {
		return err
	}
	return p.emit(m, func(g *sheet) {
		g.line("wrote %s", g.bold(to))
		showManifest(g, m)
		if begun, err := d.Veil.Begun(); err == nil && begun != nil {
			g.line("  names in it are pseudonyms by key %s, which is not in it: keep a copy of %s elsewhere", begun.Key, d.Veil.KeyFile())
		}
	})
}

func showManifest(g *sheet, m backup.Manifest) {
	var size int64
	for _, f := range m.Files {
		size += f.Size
	}
	g.line("  %s, %s unpacked, made %s by candor %s", plural(len(m.Files), "file", "files"), count(size, "byte", "bytes"),
		m.Made.Format(time.DateTime), m.Candor)
	g.line("  ledger root %s", m.Ledger)
}

// restored is what a restore comes to.
type restored struct {
	backup.Manifest
	Verified custody.Report `json:"verified"`
}

func (p *program) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Unpack a backup into a new data folder, and verify it",
		Long: `Restore unpacks a backup into the data folder (--data, CANDOR_DATA), which must be
empty or not there. It says first what that comes to, and refuses what the disk has no
room for. Every file is checked against the manifest, and the ledger against the root
that the backup names, before the folder appears; a restore that fails leaves nothing.
Then everything is verified.`,
		Example: "  candor restore candor-2026-05-04.tar.gz --data ./restored",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := backup.Restore(cmd.Context(), backup.Restoration{
				File: p.path(args[0]), Dir: p.path(p.data), Begin: p.unpacks,
				Check: func(ctx context.Context, dir string, m backup.Manifest) error { return p.sameLedger(ctx, cmd, dir, m) },
			})
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error { return p.checkRestored(ctx, d, m) })
		},
	}
}

// unpacks says how much a restore comes to, before it begins.
func (p *program) unpacks(m backup.Manifest) {
	if p.quiet || p.json {
		return
	}
	var size int64
	for _, f := range m.Files {
		size += f.Size
	}
	p.note("unpacking %s of %s into %s", count(size, "byte", "bytes"), plural(len(m.Files), "file", "files"), p.data)
}

// sameLedger refuses a backup whose ledger is not the one whose root it names, before
// anybody sees what was unpacked.
func (p *program) sameLedger(ctx context.Context, cmd *cobra.Command, dir string, m backup.Manifest) error {
	d, err := p.open(ctx, dir, p.mode(cmd, false))
	if err != nil {
		return fault.New(fault.Invalid, "the backup is damaged: its stores cannot be opened").Because(err).Next("use another copy of it; nothing was restored")
	}
	have, err := d.Custody.Log().Check(ctx)
	if err := errors.Join(err, d.Close()); err != nil {
		return fault.New(fault.Invalid, "the backup is damaged: its ledger cannot be read").Because(err).Next("use another copy of it; nothing was restored")
	}
	if have.Root != m.Ledger || len(have.Faults) > 0 {
		return fault.New(fault.Invalid, "the ledger in the backup has the root %s, and the backup names %s", have.Root, m.Ledger).
			Next("use another copy of it, whose root is the one that candor backup printed; nothing was restored")
	}
	return nil
}

func (p *program) checkRestored(ctx context.Context, d *Desk, m backup.Manifest) error {
	var root *ledger.Root
	if m.Ledger.Size > 0 {
		root = &m.Ledger
	}
	r, err := d.Custody.Verify(ctx, custody.Verification{Expected: root})
	if err != nil {
		return err
	}
	err = p.emit(restored{m, r}, func(g *sheet) {
		g.line("restored %s", g.bold(p.data))
		showManifest(g, m)
		if _, err := d.Veil.Find(); err != nil {
			g.line("  the key of its names is not there yet: %s", err)
			g.line("  it can be read without; before evidence is added: %s", fault.HintOf(err))
		}
		showReport(g, &r)
	})
	if err != nil || r.OK {
		return err
	}
	return fault.New(fault.Conflict, "the folder is restored as it was backed up, and does not verify").At("%s", p.data).
		Next("candor ledger verify names what does not fit; an older backup may")
}
