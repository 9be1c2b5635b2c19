package cli

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/custody"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/intake"
	"candor/internal/store"
)

func (p *program) evidenceCommand() *cobra.Command {
	return group("evidence", "The evidence: what the organisation knows",
		"Evidence comes in as batches that land whole or not at all. Nothing is overwritten:\na later statement supersedes an earlier one and both stay visible.",
		p.evidenceAddCommand(), p.evidenceFormatsCommand(), p.evidenceListCommand(), p.evidenceShowCommand(), p.evidenceExportCommand(), p.evidenceHistoryCommand(),
		p.evidenceRulesCommand(), p.evidenceTextCommand(), p.evidenceTelemetryCommand(), p.evidenceExceptionsCommand(), p.evidenceCheckCommand(), p.evidenceMapCommand(), p.evidenceTemplateCommand(), p.evidenceWithdrawCommand(),
		p.evidenceCompactCommand(), p.evidenceExpireCommand(), p.evidenceExpiredCommand())
}

// evidenceKinds tells of every kind of evidence that files hold.
func evidenceKinds() string {
	const indent, width = 14, 86
	g := sheet{}
	g.line("Kinds:")
	for _, k := range evidence.Kinds() {
		if k.Files == "" {
			continue
		}
		name := "  " + k.Name
		if len(name) >= indent {
			g.line("%s", name)
			name = ""
		}
		text := sheet{}
		text.wrap(strings.Repeat(" ", indent), k.Help, width)
		g.WriteString(fmt.Sprintf("%-*s", indent, name) + strings.TrimLeft(text.String(), " "))
	}
	return g.String() + evidenceForms
}

const evidenceForms = `
The format is told from the content; --format forces one (candor evidence formats).
Any other table or JSON is read through a mapping file (--mapping FILE), which
candor evidence map FILE proposes. Files may be packed: gzip, zstd, zip (rules in tar,
too); of a workbook (.xlsx) the first sheet is read; UTF-16 is read by its mark.`

func (p *program) evidenceAddCommand() *cobra.Command {
	var r ingest.Request
	var complete string
	c := &cobra.Command{
		Use:   "add KIND PATH...",
		Short: "Add a batch of evidence",
		Long: `Add reads files into one batch. A batch lands whole or not at all; the same input
again changes nothing. Records that are wrong are counted, shown with reasons, and
kept in a rejects file in the data folder.

--source says whose statements they are: a product, a repository, a team. A rule is
known by its source and its id; of rules, the format is the source where none is named.
--complete SOURCE says that the input is all there is of that source: what it no longer
holds is retired from today, by name, and back again if the batch is withdrawn.

` + evidenceKinds(),
		Example: `  candor evidence add telemetry telemetry.yaml
  candor evidence add rules sigma-rules.tar.gz
  candor evidence add rules --complete corp-sigma ./rules
  candor evidence add alerts --mapping mapping.yaml alerts.csv.gz`,
		Args:      cobra.MinimumNArgs(2),
		ValidArgs: ingest.Kinds(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(ingest.Kinds(), args[0]) {
				return fault.New(fault.Usage, "there is no kind of evidence %q", args[0]).
					Next("use one of: %s", strings.Join(ingest.Kinds(), ", "))
			}
			if err := ofSource(&r, complete); err != nil {
				return err
			}
			if err := p.existing(args[1:]); err != nil {
				return err
			}
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				r.Kind, r.Paths, r.Dir, r.RejectsDir = args[0], args[1:], p.Dir, filepath.Join(p.data, "rejects")
				return p.addEvidence(ctx, d, r)
			})
		},
	}
	sourceFlags(c, &r, &complete)
	c.Flags().StringVar(&r.By, "by", p.Getenv("USER"), "who adds it, for the record")
	return c
}

// sourceFlags are the flags that say how input is read, and whose it is.
func sourceFlags(c *cobra.Command, r *ingest.Request, complete *string) {
	c.Flags().StringVar(&r.Dates, "dates", "", "which comes first in dates such as 3/11/2026: day-first or month-first; told from the file where it can be")
	c.Flags().StringVar(&r.Mapping, "mapping", "", "mapping file that says which columns or paths of a table or JSON make which field (candor evidence map)")
	c.Flags().StringVar(&r.Format, "format", "", "take the input for this format instead of telling it from the content")
	c.Flags().StringVar(&r.Product, "product", "", "which product of a table of products' telemetry is yours")
	c.Flags().StringVar(&r.Source, "source", "", "whose statements they are: a product, a repository, a team")
	c.Flags().StringVar(complete, "complete", "", "the `SOURCE` of which the input is all there is: what it no longer holds is retired")
}

// ofSource sets what the two flags of a source say.
func ofSource(r *ingest.Request, complete string) error {
	if complete == "" {
		return nil
	}
	if r.Source != "" && r.Source != complete {
		return fault.New(fault.Usage, "the input is said to be of %q and all there is of %q", r.Source, complete).Next("name one source: --complete SOURCE")
	}
	r.Source, r.Whole = complete, true
	return nil
}

func (p *program) addEvidence(ctx context.Context, d *Desk, r ingest.Request) error {
	bar := p.progress("read " + r.Kind)
	r.Progress = func(done, total int64) { bar.bytes(done, total, "read "+r.Kind) }
	res, err := d.Ingest.Add(ctx, r)
	bar.done()
	if err != nil {
		return err
	}
	return p.emit(res, func(g *sheet) { showAdded(g, res) })
}

func showAdded(g *sheet, r ingest.Result) {
	if !r.Fresh {
		g.line("unchanged %s: this input is already there, added %s", g.bold(r.ID), r.Added.UTC().Format("2006-01-02 15:04"))
		showLinked(g, r)
		return
	}
	g.line("added %s (%s)", g.bold(r.ID), r.Format)
	g.line("  %s read: %s new, %s updated, %s unchanged, %s rejected", group3(r.Read),
		group3(r.New), group3(r.Updated), group3(r.Unchanged), group3(r.Rejected))
	showGone(g, "retired", r.Source, r.Gone)
	if !r.First.IsZero() {
		g.line("  from %s to %s", r.First.UTC().Format("2006-01-02 15:04"), r.Last.UTC().Format("2006-01-02 15:04"))
	}
	showLinked(g, r)
	for i, j := range r.Rejects {
		if i == 5 {
			break
		}
		g.line("  rejected %s", j)
	}
	if r.Batch.Rejects != "" {
		g.line("  all rejected records with reasons: %s", r.Batch.Rejects)
	}
}

// showGone names what is retired of a source.
func showGone(g *sheet, word, source string, gone []string) {
	if len(gone) == 0 {
		return
	}
	g.line("  %s %s that %s no longer holds:", word, count(int64(len(gone)), "record", "records"), source)
	const most = 20
	for _, name := range gone[:min(most, len(gone))] {
		g.line("    %s", name)
	}
	if more := len(gone) - most; more > 0 {
		g.line("    … and %s more; candor evidence show lists them all", group3(int64(more)))
	}
}

// showLinked says which alerts were tied to cases, and what was met and passed
// over.
func showLinked(g *sheet, r ingest.Result) {
	if l := r.Linked; l != nil && r.Links {
		g.line("  tied %s to their cases: %s", count(l.Read, "alert", "alerts"), l.ID)
	}
	for _, w := range r.Warnings {
		g.line("  note: %s", w)
	}
}

func (p *program) evidenceFormatsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "formats", Short: "List the formats that evidence may come in", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fs := ingest.Formats()
			return p.emit(fs, func(g *sheet) {
				kind := ""
				for _, f := range fs {
					if f.Kind != kind {
						kind = f.Kind
						g.head("%s", kind)
					}
					g.line("  %-18s %s", f.Name, f.Description)
					g.line("  %-18s %s", "", g.dim(f.Example))
				}
			})
		},
	}
}

// batches lists the batches of every store, oldest first.
func batches(ctx context.Context, d *Desk) ([]store.Batch, error) {
	return store.Merged(ctx, d.Evidence, d.Alerts)
}

func (p *program) evidenceListCommand() *cobra.Command {
	var limit int
	var from string
	c := &cobra.Command{
		Use: "list", Short: "List the batches of evidence, the newest first", Args: cobra.NoArgs,
		Long: `List shows the newest batches, says how many there are in all, and how to see the
next older ones. With --json they are the member batches, the number total, and the
place to go on from next, which is left out where there are no older ones.`,
		Example: "  candor evidence list\n  candor evidence list --limit 0 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := atMost(limit)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				l, err := store.NewestOf(ctx, d.Evidence, d.Alerts, from, n)
				if err != nil {
					return err
				}
				return p.emit(l, func(g *sheet) { showLatest(g, &l, from) })
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", 50, "how many to print at most; 0 prints all")
	c.Flags().StringVar(&from, "from", "", "begin at this `PLACE`, which the list before said")
	return c
}

// atMost reads a limit, of which 0 is none.
func atMost(limit int) (int, error) {
	switch {
	case limit < 0:
		return 0, fault.New(fault.Usage, "%d is no limit", limit).At("--limit").Next("use a number from 1, or 0 for all")
	case limit == 0:
		return math.MaxInt32, nil
	}
	return limit, nil
}

func showLatest(g *sheet, l *store.Latest, from string) {
	if l.Total == 0 {
		g.line("No evidence is there yet.\n  next: candor evidence add KIND PATH (see candor evidence add --help)")
		return
	}
	showBatches(g, l.Batches)
	if l.Next != "" || from != "" {
		g.line("%s of %s, the newest first", group3(int64(len(l.Batches))), plural(l.Total, "batch", "batches"))
	}
	if l.Next != "" {
		g.line("  older ones: candor evidence list --from %s; all: --limit 0", l.Next)
	}
}

func showBatches(g *sheet, bs []store.Batch) {
	rows := [][]string{{"BATCH", "KIND", "ADDED", "READ", "NEW", "UPDATED", "REJECTED", "BY", "FROM"}}
	for _, b := range bs {
		rows = append(rows, []string{b.ID, b.Kind, b.Added.UTC().Format("2006-01-02 15:04"), group3(b.Read),
			group3(b.New), group3(b.Updated), group3(b.Rejected), b.By, inputText(b)})
	}
	g.table("", rows)
	showWithdrawn(g, bs)
}

// inputText says where a batch came from. The segment of the journal in which pushed
// evidence waited tells people nothing, and is gone.
func inputText(b store.Batch) string {
	if strings.HasPrefix(b.By, intake.Author) {
		return "pushed"
	}
	return clip(strings.Join(b.Paths, " "), 60)
}

func (p *program) evidenceShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show BATCH", Short: "Show one batch: input, hash, counts", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				if m, err := findMerge(ctx, d, args[0]); err != nil || m != nil {
					return p.showMerged(ctx, d, m, err)
				}
				b, err := findBatch(ctx, d, args[0])
				if err != nil {
					return err
				}
				gone, err := d.Evidence.Retired(ctx, b.ID)
				if err != nil {
					return err
				}
				return p.emitBatch(ctx, d, b, func(g *sheet, v custody.Account) {
					showBatch(g, b)
					showNames(g, &b)
					showRewritten(g, b)
					showCustody(g, v)
					showRetired(g, gone)
				})
			})
		},
	}
}

// findBatch returns the batch whose id is, or alone begins with, prefix.
func findBatch(ctx context.Context, d *Desk, prefix string) (store.Batch, error) {
	bs, err := batches(ctx, d)
	if err != nil {
		return store.Batch{}, err
	}
	var found []store.Batch
	for _, b := range bs {
		if b.ID == prefix {
			return b, nil
		}
		if strings.HasPrefix(b.ID, prefix) {
			found = append(found, b)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return store.Batch{}, fault.New(fault.NotFound, "there is no batch %q", prefix).Next("candor evidence list")
	}
	return store.Batch{}, fault.New(fault.Usage, "%d batches begin with %q", len(found), prefix).Next("give more of the id; candor evidence list")
}

// showRetired names what a batch retired.
func showRetired(g *sheet, gone []store.Record) {
	if len(gone) > 0 {
		g.head("Retired: its source no longer holds these")
	}
	for _, r := range gone {
		g.line("  %s %s", r.Kind, ingest.Title(r))
	}
}

// some is a count, empty for none.
func some(n int64) string {
	if n == 0 {
		return ""
	}
	return group3(n)
}

func showBatch(g *sheet, b store.Batch) {
	g.line("%s", g.bold(b.ID))
	source := b.Source
	if b.Whole {
		source += ", all there is of it"
	}
	g.table("  ", [][]string{
		{"kind", b.Kind}, {"format", b.Format}, {"source", source}, {"input", strings.Join(b.Paths, " ")}, {"sha256", b.Hash},
		{"added", b.Added.UTC().Format("2006-01-02 15:04:05Z")}, {"by", b.By},
		{"read", group3(b.Read)}, {"new", group3(b.New)}, {"updated", group3(b.Updated)},
		{"unchanged", group3(b.Unchanged)}, {"rejected", group3(b.Rejected)}, {"left out by the mapping", some(b.LeftOut)}, {"retired", group3(b.Retired)}, {"rejects file", b.Rejects},
	})
}
