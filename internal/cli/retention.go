package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/custody"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/intake"
	"candor/internal/retention"
	"candor/internal/store"
)

// compacted is what a compaction came to.
type compacted struct {
	// Files are the merged files, Batches how many batches lie in them, and Rows how many
	// rows.
	Files   []store.Merge `json:"files"`
	Batches int           `json:"batches"`
	Rows    int64         `json:"rows"`
}

func (p *program) evidenceCompactCommand() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use:   "compact",
		Short: "Merge small batches of pushed alerts into larger files",
		Long: `Compact merges the files of small batches of alerts and dispositions that were pushed,
those of one kind and one token with each other, so that a folder of a hundred thousand
of them is read as fast as one of a few. A server does so by itself whenever one token
has pushed 256 such batches that are not merged; what compact merges need only be two.

Every batch stays what it was: it is listed, shown, exported and withdrawn by its own id,
and the hash over its rows is the one in its entry of the ledger. The ledger has an
entry of each merged file, with its SHA-256 and the hashes over the rows of the batches
in it. Their own files go once the merged one is on the disk. A batch of more than
50,000 rows or 8 MiB, or that was not pushed, is left as it is.`,
		Example: "  candor evidence compact\n  candor evidence compact --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error { return p.compact(ctx, d, by) })
		},
	}
	c.Flags().StringVar(&by, "by", p.Getenv("USER"), "who asks for it, for the record")
	return c
}

func (p *program) compact(ctx context.Context, d *Desk, by string) error {
	bar := p.counting("merge batches")
	m := intake.Merging(2)
	m.Done = func(merged, left int) { bar.bytes(int64(merged), int64(merged+left), "merge batches") }
	files, err := d.Custody.Compact(ctx, custody.Compaction{Merging: m, By: by})
	bar.done()
	if err != nil {
		return err
	}
	c := compacted{Files: append([]store.Merge{}, files...)}
	for _, f := range files {
		c.Batches, c.Rows = c.Batches+len(f.Batches), c.Rows+f.Rows
	}
	return p.emit(c, func(g *sheet) {
		if len(c.Files) == 0 {
			g.line("Nothing to merge: no two small pushed batches of one kind and token lie in files of their own.")
			return
		}
		g.line("merged %s with %s into %s", plural(c.Batches, "batch", "batches"), count(c.Rows, "row", "rows"), plural(len(c.Files), "file", "files"))
		for _, f := range c.Files {
			g.line("  %s: %s, sha256 %s", g.bold(f.File), plural(len(f.Batches), "batch", "batches"), f.SHA256)
		}
		g.line("  each batch is listed, exported and withdrawn as before; the ledger has each merged file")
	})
}

func (p *program) evidenceExpireCommand() *cobra.Command {
	var r retention.Request
	var before string
	c := &cobra.Command{
		Use:   "expire --before DATE [--entity NAME] --reason TEXT",
		Short: "Remove old alerts for retention, for good and in sight of all",
		Long: `Expire removes the alerts that fired before a day (UTC), for law or for thrift: their
rows go from the batch files, which are written anew, and from the index of them. With
--entity only those go of which some row is about NAME, whichever the case of its letters:
as its primary entity or besides. An alert goes whole: with every later row of it, and with every statement about it. It stays
while any row says that it fired on that day or later. This cannot be undone; --dry-run
says what would go.

Where names are kept as pseudonyms NAME is the name itself, or the pseudonym as it is
shown; alerts go that have either, and the key must be there.

The ledger has an entry of it: who, why, which batches, how many rows, and the hash of a
record that keeps how many of the alerts counted per rule, day, class and provenance,
and no names. candor ledger verify says expired, not tampered. What expired counts no
longer: verdicts and measurements over its days say so as a limit, with its number.
The input of a batch is still known by its hash and is not taken in again.

What stays, and may name somebody: cases, signals, exercises, runbooks, notes and every
record other than an alert (with --entity those in force that name it are counted);
rejects files, assessments that were kept, backups, what was exported, what was pushed
and is not in a batch yet, and the entity in fields of alerts that are about another
one. The reason stands in the ledger for good: name nobody in it.`,
		Example: "  candor evidence expire --before 2025-05-04 --reason 'retention: one year' --dry-run\n  candor evidence expire --before 2026-05-04 --entity jdoe --reason 'request 4711'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if strings.TrimSpace(r.Reason) == "" {
				return fault.New(fault.Usage, "an expiry needs a reason").Next("say it with --reason, for whoever asks later")
			}
			if cmd.Flags().Changed("entity") && r.Entity == "" {
				return fault.New(fault.Usage, "no entity is named").At("--entity").Next("name one, or leave it out to remove the alerts about all of them")
			}
			d, err := day.Parse(before)
			if err != nil {
				return fault.New(fault.Usage, "%q is not a day", before).At("--before").Next("write it as 2006-01-02: alerts that fired before it go")
			}
			r.Before = d
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error { return p.expire(ctx, d, r) })
		},
	}
	f := c.Flags()
	f.StringVar(&before, "before", "", "the day, 2006-01-02, before which alerts go (required)")
	f.StringVar(&r.Entity, "entity", "", "remove only alerts about the entity of this `NAME`, primarily or besides")
	f.StringVar(&r.Reason, "reason", "", "why they go (required)")
	f.StringVar(&r.By, "by", p.Getenv("USER"), "who removes them, for the record")
	f.BoolVar(&r.Dry, "dry-run", false, "say what would go, and remove nothing")
	return c
}

func (p *program) expire(ctx context.Context, d *Desk, r retention.Request) error {
	x, err := d.Retention.Expire(ctx, r)
	if err != nil {
		return err
	}
	return p.emit(x, func(g *sheet) { showExpired(g, &x) })
}

func (p *program) evidenceExpiredCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "expired",
		Short: "List what was removed for retention: when, by whom, why, how much",
		Long: `Expired lists each removal of alerts for retention (candor evidence expire). --json has
besides the batches, the files that were written anew, and how many of the alerts counted
per rule, day, class and provenance.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				list, err := d.Retention.Expiries(ctx)
				if err != nil {
					return err
				}
				return p.emit(list, func(g *sheet) { showExpiries(g, list) })
			})
		},
	}
}

func showExpiries(g *sheet, list []store.Expiry) {
	if len(list) == 0 {
		g.line("Nothing has expired.\n  candor evidence expire removes alerts for retention")
		return
	}
	rows := [][]string{{"EXPIRY", "ON", "BEFORE", "OF", "ROWS", "ALERTS", "BATCHES", "BY", "REASON"}}
	for i := range list {
		x, of := &list[i], "all"
		if x.OfEntity {
			of = "one entity"
		}
		rows = append(rows, []string{x.ID, x.At.UTC().Format(time.DateTime), string(x.Before), of, group3(x.Rows), group3(x.Alerts), group3(int64(len(x.Batches))), x.By, x.Reason})
	}
	g.table("", rows)
}

func showExpired(g *sheet, x *retention.Expired) {
	about := ""
	if x.OfEntity {
		about = " about that entity"
	}
	switch {
	case x.Rows == 0:
		g.line("Nothing to remove: no alert%s fired before %s and not later.", about, x.Before)
	case x.Dry:
		g.line("would remove %s of %s in %s: %s%s that fired before %s, and %s", count(x.Rows, "row", "rows"), plural(len(x.Batches), "batch", "batches"),
			plural(len(x.Files), "file", "files"), count(x.Alerts, "alert", "alerts"), about, x.Before, verb(x.Alerts, "counts", "count"))
		g.line("  nothing was changed")
	default:
		g.line("removed %s of %s: %s%s that fired before %s, and counted", count(x.Rows, "row", "rows"), plural(len(x.Batches), "batch", "batches"),
			count(x.Alerts, "alert", "alerts"), about, x.Before)
		g.line("  recorded as %s; candor ledger verify says expired", g.bold(x.ID))
		g.line("  the index of the alerts is removed, and built anew by the next command that asks it, or when the server ends")
	}
	var kinds []string
	for kind, n := range x.Others {
		kinds = append(kinds, fmt.Sprintf("%s %s", group3(int64(n)), kind))
	}
	if slices.Sort(kinds); len(kinds) > 0 {
		g.line("  records other than alerts still hold the name: %s", strings.Join(kinds, ", "))
	}
}

// verb is the form of a verb that fits a number.
func verb(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// showRewritten says where the rows of a batch lie, and how many are left.
func showRewritten(g *sheet, b store.Batch) {
	var rows [][]string
	if b.Merged != "" {
		rows = append(rows, []string{"merged into", b.Merged})
	}
	if b.Expired > 0 {
		rows = append(rows, []string{"expired", count(b.Expired, "row", "rows") + " of it"})
	}
	g.table("  ", rows)
}

// showMerge shows a merged file and the batches in it.
func showMerge(g *sheet, m store.Merge, bs []store.Batch) {
	g.line("%s", g.bold(m.File))
	g.table("  ", [][]string{{"merged", m.At.UTC().Format(time.DateTime)}, {"sha256", m.SHA256}, {"batches", group3(int64(len(m.Batches)))}, {"rows", group3(m.Rows)}})
	var in []store.Batch
	for _, b := range bs {
		if b.Merged == m.File {
			in = append(in, b)
		}
	}
	showBatches(g, in)
}

// findMerge returns the merged file with a name, nil when none has it.
func findMerge(ctx context.Context, d *Desk, name string) (*store.Merge, error) {
	if !strings.HasPrefix(name, "merged-") {
		return nil, nil // which need not open the alerts
	}
	list, err := d.Merges(ctx)
	if i := slices.IndexFunc(list, func(m store.Merge) bool { return m.File == name }); i >= 0 {
		return &list[i], err
	}
	return nil, err
}

// showMerged prints a merged file, unless it could not be looked up.
func (p *program) showMerged(ctx context.Context, d *Desk, m *store.Merge, err error) error {
	if err != nil {
		return err
	}
	bs, err := batches(ctx, d)
	if err != nil {
		return err
	}
	return p.emit(m, func(g *sheet) { showMerge(g, *m, bs) })
}
