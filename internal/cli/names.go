package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"candor/internal/assure"
	"candor/internal/fault"
	"candor/internal/policy"
	"candor/internal/store"
	"candor/internal/veil"
)

// names is how the names in a data folder are kept.
type names struct {
	// Key is the fingerprint of the key that the folder was begun with, and File where it is
	// looked for; Missing says why it is not there. Without a key all are empty.
	Key, File string
	Missing   error
	// Wanted says that the policy asks for pseudonyms.
	Wanted bool
	// Clear and Other are the batches, withdrawn ones included, that have names as they
	// came, and as pseudonyms of other keys.
	Clear, Other []store.Batch
}

// namesOf looks how names are kept, where a policy asks for pseudonyms or the folder was
// begun with a key; else it returns nil.
func namesOf(ctx context.Context, d *Desk, pol *assure.Policy) (*names, error) {
	begun, err := d.Veil.Begun()
	if err != nil || begun == nil && pol.Entities != assure.Pseudonym {
		return nil, err
	}
	n := &names{File: d.Veil.KeyFile(), Wanted: pol.Entities == assure.Pseudonym}
	if begun != nil {
		n.Key = begun.Key
		_, n.Missing = d.Veil.Find()
	}
	bs, err := batches(ctx, d)
	if err != nil {
		return nil, err
	}
	for _, b := range bs {
		switch {
		case !veil.Holds(&b), b.Names != "" && b.Names == n.Key, b.Expired > 0 && b.Expired == b.Read-b.Rejected:
		case b.Names == "":
			n.Clear = append(n.Clear, b)
		default:
			n.Other = append(n.Other, b)
		}
	}
	return n, nil
}

// lines says it for people. Those of nil are none.
func (n *names) lines() (out []string) {
	switch {
	case n == nil:
		return nil
	case n.Wanted && n.Key == "":
		out = append(out, "names are kept as pseudonyms, by a key that the next evidence begins, in "+n.File)
	case n.Wanted:
		out = append(out, fmt.Sprintf("names are kept as pseudonyms, by key %s in %s; no backup has it: keep a copy elsewhere", n.Key, n.File))
	default:
		out = append(out, fmt.Sprintf("names are kept as they are; earlier ones are pseudonyms by key %s", n.Key))
	}
	if n.Missing != nil {
		out = append(out, n.Missing.Error(), "next: "+fault.HintOf(n.Missing))
	}
	if len(n.Clear) > 0 {
		out = append(out, howNamed("have names as they came", n.Clear))
	}
	if len(n.Other) > 0 {
		out = append(out, howNamed("have pseudonyms of other keys", n.Other))
	}
	return out
}

// howNamed says how many batches have names in a way, and which is the first and the last.
func howNamed(how string, bs []store.Batch) string {
	text := plural(len(bs), "batch", "batches") + " of evidence"
	if len(bs) == 1 {
		return text + " " + plainVerb(how) + ": " + bs[0].ID
	}
	return fmt.Sprintf("%s %s, from %s to %s", text, how, bs[0].ID, bs[len(bs)-1].ID)
}

// plainVerb turns what many do into what one does.
func plainVerb(how string) string { return "has" + how[len("have"):] }

// showNames says how a batch has names.
func showNames(g *sheet, b *store.Batch) {
	how := "as they came"
	if b.Names != "" {
		how = "pseudonyms, by key " + b.Names
	}
	if veil.Holds(b) {
		g.table("  ", [][]string{{"names", how}})
	}
}

// showPolicy prints the policy in force and notes how the names in the data folder are
// kept, if there is one: both by whoever has the folder, since what is asked of a server is
// the command as a whole.
func (p *program) showPolicy(cmd *cobra.Command, pol *assure.Policy) error {
	if _, err := os.Stat(p.path(p.data)); err != nil || p.quiet {
		return policy.WriteYAML(p.Out, *pol)
	}
	return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
		if err := policy.WriteYAML(p.Out, *pol); err != nil {
			return err
		}
		n, err := namesOf(ctx, d, pol)
		for _, l := range n.lines() {
			p.note("%s", l)
		}
		return err
	})
}
