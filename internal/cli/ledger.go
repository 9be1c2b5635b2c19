package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/custody"
	"candor/internal/fault"
	"candor/internal/ledger"
)

func (p *program) ledgerCommand() *cobra.Command {
	return group("ledger", "The record of every batch, withdrawal and policy",
		`The ledger has one entry for every batch of evidence, every withdrawal, every policy
put in force and every release imported or removed. Each entry commits to what was stored, and
the entries are chained: one noted root pins all of them. See doc/ledger.md for what
that proves and what it does not.`,
		p.ledgerVerifyCommand(), p.ledgerHeadCommand(), p.ledgerKeyCommand(), p.ledgerListCommand(), p.ledgerShowCommand(), p.ledgerProofCommand())
}

func (p *program) ledgerVerifyCommand() *cobra.Command {
	var expect, key string
	var files []string
	var deep bool
	c := &cobra.Command{
		Use:   "verify",
		Short: "Recompute everything and name the first entry that does not fit",
		Long: `Verify reads every entry and everything that the stores hold, computes their hashes
anew, and names the first entry that does not fit and what does not: the entry's
bytes, the chain, the batch's content, a batch that is missing. A batch of alerts is a
file, whose SHA-256 is the entry's; one that was merged lies in a file whose SHA-256 is
that of the merge's entry. What was removed for retention, and has its entry, is said to
be expired, and is nothing wrong.

With --deep it also reads every alert, computes the hash over each batch's rows anew, and
compares the counts that the index of the alerts gives with what follows from the rows:
every tally, duration and rule, and a sample of single alerts. An index that differs is
no loss: the next command that writes moves it aside and builds another from the files.

It prints the size and the root hash. Whoever notes them elsewhere can prove later,
with --expect, that none of these entries was changed since.

With --heads nobody has to note anything by hand: it reads the heads that candor ledger head
signed, from wherever they were written (a file, a log of syslog, what a webhook got, a mail;
- reads what is given to the command), and names each with whose tree the ledger does not
begin, when it was signed, and what that means. Their signatures are held against the keys that
the ledger has entries of; with --key, which names one that was noted elsewhere, against that
and those that it was followed by, so that a folder that was replaced whole is found as well.

Exit code 0: everything fits and everything has its entry; 1: it does not.`,
		Example: "  candor ledger verify\n  candor ledger verify --expect 12:9f86d081884c7d65…\n  candor ledger verify --heads /mnt/elsewhere/heads.txt",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := custody.Verification{Deep: deep, Key: key}
			var err error
			if v.Heads, err = p.readHeads(files); err != nil {
				return err
			}
			if expect != "" {
				r, err := ledger.ParseRoot(expect)
				if err != nil {
					return err
				}
				v.Expected = &r
			}
			m := p.mode(cmd, false)
			m.Index = true
			return p.in(cmd, m, func(ctx context.Context, d *Desk) error { return p.verify(ctx, d, v) })
		},
	}
	c.Flags().BoolVar(&deep, "deep", false, "read every alert, and compare every count with what follows from them")
	c.Flags().StringVar(&expect, "expect", "", "a root noted earlier, SIZE:HASH, that the ledger must still contain")
	c.Flags().StringArrayVar(&files, "heads", nil, "a file in which signed heads are that the ledger must still begin with; - reads standard input (may be repeated)")
	c.Flags().StringVar(&key, "key", "", "what verifies the heads, as candor ledger key printed it (default: the keys that the ledger has entries of)")
	return c
}

func (p *program) verify(ctx context.Context, d *Desk, v custody.Verification) error {
	r, err := d.Custody.Verify(ctx, v)
	if err != nil {
		return err
	}
	if err := p.emit(r, func(g *sheet) { showReport(g, &r) }); err != nil || r.OK {
		return err
	}
	if len(r.Findings) > 0 && r.Findings[0].What == custody.HeadWrong && r.Heads != nil {
		return fault.New(fault.Conflict, "%s", r.Findings[0].Detail).Next("%s", headHint(r.Heads))
	}
	if len(r.Findings) > 0 {
		return fault.New(fault.Conflict, "the ledger and the stores do not fit: %s", findingText(r.Findings[0])).
			Next("restore a backup that verifies, or find out who changed the data folder")
	}
	return fault.New(fault.Conflict, "%s without an entry", plural(len(r.Unrecorded), "thing is in force", "things are in force")).
		Next("%s", recordHint(r.Unrecorded))
}

// recordHint says how what has no entry gets one.
func recordHint(us []custody.Unrecorded) string {
	if us[0].Kind == ledger.Policy {
		return "candor policy set FILE records the policy in force"
	}
	return "the next command that writes records it; if nobody added it, candor evidence withdraw says so for good"
}

func findingText(f custody.Finding) string {
	if f.Entry == nil {
		return f.Detail
	}
	return fmt.Sprintf("entry %d (%s): %s", *f.Entry, strings.ReplaceAll(f.What, "_", " "), f.Detail)
}

func showReport(g *sheet, r *custody.Report) {
	g.line("root  %s", g.bold(r.Root.String()))
	g.line("      note it outside this machine; candor ledger verify --expect proves it later")
	rows := [][]string{}
	for _, k := range []ledger.Kind{ledger.Batch, ledger.Withdrawal, ledger.Policy, ledger.Release, ledger.Removal, ledger.Merge, ledger.Expiry, ledger.Key, ledger.Account, ledger.Access} {
		if r.Checked[k] == 0 && slices.Contains([]ledger.Kind{ledger.Merge, ledger.Expiry, ledger.Key, ledger.Account, ledger.Access}, k) {
			continue
		}
		rows = append(rows, []string{string(k), group3(int64(r.Checked[k]))})
	}
	g.table("  ", rows)
	if r.Expected != nil && !slices.ContainsFunc(r.Findings, func(f custody.Finding) bool { return f.What == custody.OtherRoot }) {
		g.line("expected root %s: the ledger still begins with it", r.Expected)
	}
	showHeads(g, r.Heads)
	for i, f := range r.Findings {
		if i == 20 {
			g.line("… and %d more (--json lists all)", len(r.Findings)-i)
			break
		}
		g.line("%s %s", g.red("wrong"), findingText(f))
	}
	for _, u := range r.Unrecorded {
		g.line("%s %s %s has no entry", g.red("unrecorded"), u.Kind, u.ID)
	}
	for _, rm := range r.Removed {
		g.line("removed  %s, %s (entry %d)%s", rm.ID, rm.Time.UTC().Format(time.DateOnly), rm.Entry, because(rm.By, rm.Reason))
	}
	for _, x := range r.Expired {
		g.line("expired  %s of %s, %s (entry %d)%s", count(x.Rows, "row", "rows"), plural(int(x.Batches), "batch", "batches"), x.Time.UTC().Format(time.DateOnly), x.Entry,
			because(x.By, x.Reason))
	}
	if r.OK {
		g.line("verified: %s, and everything that they vouch for", plural(int(r.Size), "entry", "entries"))
	}
	if r.OK && !r.Deep {
		g.line("what the index of the alerts counts was not compared with them: candor ledger verify --deep does")
	}
}

// because says who did something and why, where it was said.
func because(by, reason string) string {
	text := ""
	if by != "" {
		text = " by " + by
	}
	if reason != "" {
		text += ": " + reason
	}
	return text
}

func (p *program) ledgerListCommand() *cobra.Command {
	var limit int
	var before int64
	c := &cobra.Command{
		Use: "list", Short: "List the entries, the newest first", Args: cobra.NoArgs,
		Long: `List shows the newest entries, says how many there are in all, and how to see the
next older ones. An entry's number is how many there were before it.`,
		Example: "  candor ledger list\n  candor ledger list --before 120",
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := atMost(limit)
			if err != nil {
				return err
			}
			if before < 0 {
				return fault.New(fault.Usage, "there is no entry %d", before).At("--before").Next("use the number of an entry")
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				size, err := d.Custody.Log().Size(ctx)
				if err != nil {
					return err
				}
				upTo := size
				if cmd.Flags().Changed("before") {
					upTo = min(before, size)
				}
				entries, err := d.Custody.Log().Part(ctx, max(0, upTo-int64(n)), upTo)
				if err != nil {
					return err
				}
				slices.Reverse(entries)
				return p.emit(entries, func(g *sheet) { showEntries(g, entries, size) })
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", 50, "how many to print at most; 0 prints all")
	c.Flags().Int64Var(&before, "before", 0, "only entries before this one, by its number")
	return c
}

func showEntries(g *sheet, entries []ledger.Entry, size int64) {
	if size == 0 {
		g.line("The ledger has no entry yet.\n  next: candor evidence add KIND PATH, or candor attack import FILE")
		return
	}
	rows := [][]string{{"ENTRY", "TIME", "KIND", "ID", "SHA-256", "BY", "REASON"}}
	for _, e := range entries {
		rows = append(rows, []string{fmt.Sprint(e.Seq), e.Time.UTC().Format(time.DateTime), string(e.Kind), e.ID, clip(e.SHA256, 17), e.By, clip(e.Reason, 60)})
	}
	g.table("", rows)
	if n := int64(len(entries)); n < size {
		g.line("%s of %s, the newest first", group3(n), plural(int(size), "entry", "entries"))
	}
	if n := len(entries); n > 0 && entries[n-1].Seq > 0 {
		g.line("  older ones: candor ledger list --before %d; all: --limit 0", entries[n-1].Seq)
	}
}

func (p *program) ledgerShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show ENTRY", Short: "Show one entry, by its number or by a batch", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				e, err := findEntry(ctx, d, args[0])
				if err != nil {
					return err
				}
				return p.emit(e, func(g *sheet) { showEntry(g, e) })
			})
		},
	}
}

func showEntry(g *sheet, e ledger.Entry) {
	g.line("%s", g.bold(fmt.Sprintf("entry %d", e.Seq)))
	rows := [][]string{{"kind", string(e.Kind)}, {"id", e.ID}, {"time", e.Time.UTC().Format("2006-01-02 15:04:05Z")}, {"sha256", e.SHA256}}
	for _, l := range strings.Split(strings.TrimSpace(e.Note), "\n") {
		if l != "" {
			rows = append(rows, []string{"note", l})
		}
	}
	if e.Input != "" {
		rows = append(rows, []string{"input sha256", e.Input})
	}
	for _, name := range []string{"read", "new", "updated", "unchanged", "rejected", "retired", "objects", "batches", "rows", "alerts"} {
		if n, ok := e.Counts[name]; ok {
			rows = append(rows, []string{name, group3(n)})
		}
	}
	g.table("  ", append(rows, []string{"by", e.By}, []string{"reason", e.Reason}))
}

// findEntry returns the entry with a number, else the newest about a batch, a
// policy or a release whose id is or alone begins with what.
func findEntry(ctx context.Context, d *Desk, what string) (ledger.Entry, error) {
	log := d.Custody.Log()
	if n, err := strconv.ParseInt(what, 10, 64); err == nil && n >= 0 {
		one, err := log.Part(ctx, n, n+1)
		if err != nil {
			return ledger.Entry{}, err
		}
		if len(one) == 1 {
			return one[0], nil
		}
	}
	entries, err := log.Where(ctx, func(_ ledger.Kind, id string) bool { return strings.HasPrefix(id, what) })
	if err != nil {
		return ledger.Entry{}, err
	}
	ids := map[string]bool{}
	var found ledger.Entry
	for _, e := range entries {
		if e.ID == what {
			ids, found = map[string]bool{what: true}, e
		} else if !ids[what] {
			ids[e.ID], found = true, e
		}
	}
	switch len(ids) {
	case 0:
		return ledger.Entry{}, fault.New(fault.NotFound, "the ledger has no entry %q", what).Next("candor ledger list")
	case 1:
		return found, nil
	}
	return ledger.Entry{}, fault.New(fault.Usage, "entries about %d things begin with %q", len(ids), what).Next("give more of the id; candor ledger list")
}

func (p *program) ledgerProofCommand() *cobra.Command {
	var from int64
	c := &cobra.Command{
		Use:   "proof [BATCH|ENTRY]",
		Short: "Print a proof as JSON, for whoever noted a root",
		Long: `Proof prints JSON that anyone can check without the data folder, by RFC 6962:
that an entry is in the ledger with a given root (the entry is named by its number
or its batch), or, with --from N, that the first N entries are still its first.`,
		Example: "  candor ledger proof alerts-3f2a91c07d5e\n  candor ledger proof --from 12",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || (len(args) == 1) == (from != 0) {
				return fault.New(fault.Usage, "a proof is of one entry, or of the first entries").Next("candor ledger proof BATCH, or candor ledger proof --from N")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				if len(args) == 0 {
					proof, err := d.Custody.Log().Extend(ctx, from)
					if err != nil {
						return err
					}
					return p.emitJSON(proof)
				}
				e, err := findEntry(ctx, d, args[0])
				if err != nil {
					return err
				}
				proof, err := d.Custody.Log().Include(ctx, e.Seq)
				if err != nil {
					return err
				}
				return p.emitJSON(proof)
			})
		},
	}
	c.Flags().Int64Var(&from, "from", 0, "prove that the first N entries are still the first")
	return c
}

// emitJSON prints v as JSON whatever the flags say.
func (p *program) emitJSON(v any) error {
	q := *p
	q.json = true
	return q.emit(v, nil)
}
