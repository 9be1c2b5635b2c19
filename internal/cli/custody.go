package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/assure"
	"candor/internal/custody"
	"candor/internal/fault"
	"candor/internal/policy"
	"candor/internal/store"
)

func (p *program) evidenceWithdrawCommand() *cobra.Command {
	var w store.Withdrawal
	c := &cobra.Command{
		Use:   "withdraw BATCH --reason TEXT",
		Short: "Make a batch stop counting, for good and in sight of all",
		Long: `Withdraw makes a batch stop counting, as if it had never been added: records that it
superseded are in force again, alerts that no other batch brings leave the counts,
and dispositions that only it made give way to those before.

With a batch of cases goes the batch that ties alerts to them.

The batch stays where it was, is listed with the reason, and the withdrawal has an
entry in the ledger. A withdrawal cannot be undone; the same input may be added
again and lands as another batch, with a number behind its id.`,
		Example: "  candor evidence withdraw alerts-3f2a91c07d5e --reason 'exported from the wrong tenant'",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(w.Reason) == "" {
				return fault.New(fault.Usage, "a withdrawal needs a reason").Next("say it with --reason, for whoever asks later")
			}
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				b, err := findBatch(ctx, d, args[0])
				if err != nil {
					return err
				}
				w.At = p.Now()
				if b, err = d.Custody.Withdraw(ctx, b.ID, w); err != nil {
					return err
				}
				all, err := batches(ctx, d)
				if err != nil {
					return err
				}
				return p.emitBatch(ctx, d, b, func(g *sheet, _ custody.Account) {
					g.line("withdrawn %s: it no longer counts", g.bold(b.ID))
					for _, c := range all {
						if c.Accompanies(b.ID) {
							g.line("  and with it %s, which ties alerts to its cases", c.ID)
						}
					}
					g.line("  candor evidence list still shows it, and the ledger has the withdrawal")
				})
			})
		},
	}
	c.Flags().StringVar(&w.Reason, "reason", "", "why it must not count (required)")
	c.Flags().StringVar(&w.By, "by", p.Getenv("USER"), "who withdraws it, for the record")
	return c
}

// emitBatch prints a batch with the entries about it.
func (p *program) emitBatch(ctx context.Context, d *Desk, b store.Batch, text func(*sheet, custody.Account)) error {
	entries, err := d.Custody.Log().About(ctx, b.ID)
	if err != nil {
		return err
	}
	v := custody.Accounts([]store.Batch{b}, entries)[0]
	return p.emit(v, func(g *sheet) { text(g, v) })
}

// showCustody says whether a batch counts, and where the ledger speaks of it.
func showCustody(g *sheet, v custody.Account) {
	rows := [][]string{{"content sha256", v.Content}}
	if w := v.Withdrawn; w != nil {
		rows = append(rows, []string{"withdrawn", withdrawalText(w)})
	}
	for _, e := range v.Ledger {
		rows = append(rows, []string{"ledger entry", fmt.Sprintf("%d, %s, recorded %s", e.Seq, e.Kind, e.Time.UTC().Format(time.DateTime))})
	}
	if len(v.Ledger) == 0 {
		rows = append(rows, []string{"ledger entry", "none yet: the next write records it"})
	}
	g.table("  ", rows)
}

func withdrawnWord(withdrawn bool) string {
	if withdrawn {
		return "withdrawn"
	}
	return ""
}

func withdrawalText(w *store.Withdrawal) string {
	by := ""
	if w.By != "" {
		by = " by " + w.By
	}
	return w.At.UTC().Format(time.DateTime) + by + ": " + w.Reason
}

// showWithdrawn lists the batches that no longer count.
func showWithdrawn(g *sheet, bs []store.Batch) {
	var rows [][]string
	for _, b := range bs {
		if b.Withdrawn != nil {
			rows = append(rows, []string{b.ID, withdrawalText(b.Withdrawn)})
		}
	}
	if len(rows) > 0 {
		g.head("Withdrawn: these do not count")
		g.table("  ", rows)
	}
}

func (p *program) policySetCommand() *cobra.Command {
	var by, reason string
	var newKey bool
	c := &cobra.Command{
		Use:   "set FILE",
		Short: "Put a policy in force and record it in the ledger",
		Long: `Set checks a policy file, puts it in force as policy.yaml of the data folder and
records its hash in the ledger. The same file again changes nothing; a changed one
needs another version, because outputs name a policy by its name and version.

Keep the files: the ledger has the hash of every policy that was in force, and not
its text.

A policy that says entities: pseudonym keeps names of hosts, accounts, addresses and
labellers as keyed hashes from then on. Their key is made beside the data folder, with
.key behind its name, unless a file is there or --key names one; keep a copy of it apart
from the backups, none of which has it. --new-key begins another key where that of the
folder is lost.`,
		Example: "  candor policy show > policy.yaml\n  candor policy set policy.yaml --reason 'board decision of 3 May'",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := os.ReadFile(p.path(args[0]))
			if err != nil {
				return unreadable(args[0], err)
			}
			pol, err := policy.Read(bytes.NewReader(b), args[0])
			if err != nil {
				return err
			}
			change := custody.PolicyChange{ID: strings.TrimSpace(pol.Name + " " + pol.Version), File: b, By: by, Reason: reason}
			if newKey && pol.Entities != assure.Pseudonym {
				return fault.New(fault.Usage, "the policy keeps no pseudonyms, so that there is nothing to begin a key for").At("--new-key").Next("leave it out, or say entities: pseudonym")
			}
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				if pol.Entities == assure.Pseudonym {
					if _, err := d.Veil.Begin(newKey); err != nil {
						return err
					}
				}
				e, fresh, err := d.Custody.SetPolicy(ctx, change)
				if err != nil {
					return err
				}
				names, err := namesOf(ctx, d, &pol)
				if err != nil {
					return err
				}
				return p.emit(e, func(g *sheet) {
					word := "unchanged"
					if fresh {
						word = "in force"
					}
					g.line("%s: policy %s, ledger entry %d", word, g.bold(e.ID), e.Seq)
					for _, l := range names.lines() {
						g.line("  %s", l)
					}
				})
			})
		},
	}
	c.Flags().StringVar(&by, "by", p.Getenv("USER"), "who sets it, for the record")
	c.Flags().StringVar(&reason, "reason", "", "why, for the record")
	c.Flags().BoolVar(&newKey, "new-key", false, "begin another key of pseudonyms; what is there is no longer found under its names")
	return c
}
