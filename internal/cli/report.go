package cli

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/head"
	"candor/internal/press"
	"candor/internal/report"
	"candor/internal/store"
)

// reporting is how a report is asked for and where it goes.
type reporting struct {
	judging
	to, by, browser string
	checkout        string // in which the lines of rules are looked for
}

func (p *program) reportCommand() *cobra.Command {
	return group("report", "Reports that are read without the store, each with its limits and proofs",
		`Report writes where things stand, or a verdict with all that it was derived from, as
one file: a page that needs nothing else, PDF, Markdown or JSON. Every report says what it
cannot know, the release, the day and the policy with its hash, and carries the head of the
ledger's tree with the proof of each entry that it rests on. verify says later whether a
report is what was written, and whether the same evidence still says the same.`,
		p.reportVerdictCommand(), p.reportExecutiveCommand(), p.reportMarkdownCommand(), p.reportComplianceCommand(), p.reportEngineeringCommand(), p.reportNavigatorCommand(), p.reportDetectCommand(), p.reportDeTTECTCommand(), p.reportVerifyCommand())
}

// flags are those of every report.
func (r *reporting) flags(c *cobra.Command, report string) {
	f := offered(report)
	r.wholeFlags(c)
	r.siteFlag(c)
	c.Flags().StringVar(&r.to, "to", "", "the file to write, which must not be there yet: its end says the form ("+strings.Join(f.Ends, ", ")+"); without it "+f.Ends[0]+" is printed")
	c.Flags().StringVar(&r.by, "by", "", "who makes the report")
	c.Flags().StringVar(&r.browser, "browser", press.Browser, "for .pdf: a Chromium that prints it, by its name or path")
}

func (p *program) reportVerdictCommand() *cobra.Command {
	var r reporting
	c := &cobra.Command{
		Use:   "verdict ID|RULE",
		Short: "One analytic or rule: the verdict or its gates, how that was derived, and what it rests on",
		Long: `Verdict reports on one analytic: what ATT&CK says, the verdict with its reasons, the log
sources and what arrives of them, the rules that claim it, what their alerts say with counts
and intervals, exercises, incidents and runbook, what both gates asked and found, what to do
next, and the batches that all of it rests on, with their hashes. Of a rule it reports what
both gates asked and found, its alerts, what it claims, and its text. An auditor needs no
store to read it.`,
		Example: "  candor report verdict AN1058\n  candor report verdict AN1058 --as-of 2026-03-31 --to AN1058.html --by ann",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.report(cmd, r, report.Wanted{Report: report.OfVerdict, Of: args[0]})
		},
	}
	r.flags(c, report.OfVerdict)
	return c
}

func (p *program) reportExecutiveCommand() *cobra.Command {
	var r reporting
	c := &cobra.Command{
		Use:   "executive",
		Short: "Two to four pages for a leader: what holds, what only has a rule, what to fund",
		Long: `Executive reports where things stand: what the gates let be told as something that works
and what they refuse, with the reason; how that moved since assessments that are kept; where
nothing is seen or relied on and who owns it; what to do or fund next and what it lifts; what
stops counting soon. What the gate for reporting refuses is never shown as what works.`,
		Example: "  candor report executive\n  candor report executive --to march.pdf --as-of 2026-03-31 --by 'head of detection'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.report(cmd, r, report.Wanted{Report: report.OfExecutive})
		},
	}
	r.flags(c, report.OfExecutive)
	r.narrowFlags(c)
	return c
}

// narrowFlags are those of what can be narrowed.
func (r *reporting) narrowFlags(c *cobra.Command) {
	c.Flags().StringVar(&r.platform, "platform", "", "only the analytics of one platform, for example Linux")
	r.profileFlag(c)
}

// reports makes reports of a desk.
func (p *program) reports(d *Desk) *report.Service {
	return &report.Service{Assessment: d.Assessment, Library: d.Library, Log: d.Custody.Log(), Sign: d.Custody.HeadOf, Kept: p.archive().List, Load: p.archive().Load, Now: p.Now, Program: "candor " + Version(),
		Batches: func(ctx context.Context) ([]store.Batch, error) { return batches(ctx, d) }}
}

// offered is a report by its name, which is one of those that there are.
func offered(name string) report.Offer {
	o, _ := report.Offered(name)
	return o
}

// form is the one that --to asks for; fault.Usage for one that the kind of report has not.
func (r *reporting) form(o *report.Offer) (string, error) {
	if r.to == "" {
		return o.Ends[0], nil
	}
	form := strings.ToLower(filepath.Ext(r.to))
	if slices.Contains(o.Ends, form) {
		return form, nil
	}
	return "", fault.New(fault.Usage, "the end of %q is no form of this report", r.to).At("--to").Next("end it with one of: %s", strings.Join(o.Ends, ", "))
}

// report makes a report and writes it to where it is to go.
func (p *program) report(cmd *cobra.Command, r reporting, w report.Wanted) error {
	o := offered(w.Report)
	as, err := r.form(&o)
	if err != nil {
		return err
	}
	w.By = r.by
	p.beginHeads(cmd)
	return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
		req, err := p.request(r.judging)
		if err != nil {
			return err
		}
		s := p.reports(d)
		m, err := s.Make(ctx, req, w)
		if err == nil && r.checkout != "" {
			w.At.Lines = lines(m.RuleFiles(), p.path(r.checkout))
			m, err = s.Make(ctx, req, w)
		}
		if err != nil {
			return err
		}
		if r.to == "" && p.json {
			return p.emitJSON(&m.Sealed)
		}
		b, err := m.In(as)
		if err == nil && as == ".pdf" {
			b, err = press.Print(ctx, r.browser, b)
		}
		if err != nil {
			return err
		}
		if r.to == "" {
			_, err := p.Out.Write(b)
			return err
		}
		if err := p.put(r.to, b); err != nil {
			return err
		}
		done := reported{File: r.to, Bytes: len(b), Title: m.Document.Title, Head: m.Head.String(), Limits: len(m.Document.Limits), Entries: len(m.Entries)}
		return p.emit(done, func(g *sheet) {
			g.line("wrote %s, %s: %s", g.bold(done.File), count(int64(done.Bytes), "byte", "bytes"), done.Title)
			g.line("  %s, %s of the ledger proved, head %s", plural(done.Limits, "limit", "limits"), plural(done.Entries, "entry", "entries"), done.Head)
			if as == ".html" || as == ".json" && !o.Has(as) {
				g.line("  later: candor report verify %s", done.File)
			}
		})
	})
}

// reported is a report that was written.
type reported struct {
	File    string `json:"file"`
	Bytes   int    `json:"bytes"`
	Title   string `json:"title"`
	Limits  int    `json:"limits"`
	Entries int    `json:"entries"`
	Head    string `json:"head"`
}

// put writes a new file, or none.
func (p *program) put(name string, b []byte) error {
	file, err := create(p.path(name))
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return fault.New(fault.Unavailable, "the file cannot be written").At("%s", name).Because(err).Next("check the space left on the disk")
	}
	return nil
}

func (p *program) reportVerifyCommand() *cobra.Command {
	var policy, key string
	var alone bool
	c := &cobra.Command{
		Use:   "verify FILE",
		Short: "Is a report what was written, and does the same evidence still say the same?",
		Long: `Verify reads a report: a page, JSON, or what carries the record, as OSCAL and SARIF do, which
must be what that record makes. It says whether the page shows what its record
says, and whether the proofs in it hold; then whether the ledger here begins with the tree
whose head the report names; then it asks the same of the same release and day again, by the
policy in force, and names what would be said otherwise now. Evidence that was added or
withdrawn since can be why; how many entries came since is said.

The head is signed where the ledger has a key: the signature is held against the keys that the
ledger has entries of or, with --key, against one that was noted elsewhere.

With --alone it needs no data folder and does the first two and, with --key, the signature:
whoever has the file and the head or the key, noted elsewhere, can do that without us.

Exit code 0: everything is as it was; 1: something is not, and is named.`,
		Example: "  candor report verify AN1058.html\n  candor report verify march.json --alone",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := p.readReport(args[0])
			if err != nil {
				return err
			}
			if b, err = report.Carried(b); err != nil {
				return err
			}
			if alone {
				v, sealed, err := report.Alone(b)
				if err == nil && key != "" {
					err = signedWith(&v, &sealed, key)
				}
				return cmp.Or(err, p.verified(&v))
			}
			req, err := p.request(judging{policy: policy})
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				all := p.reports(d)
				all.Key = key
				v, err := all.Verify(ctx, req, b)
				if err != nil {
					return err
				}
				return p.verified(&v)
			})
		},
	}
	c.Flags().BoolVar(&alone, "alone", false, "only what the file proves by itself, without a data folder")
	c.Flags().StringVar(&policy, "policy", "", "policy file (default: policy.yaml in the data folder, else built in)")
	c.Flags().StringVar(&key, "key", "", "what verifies the signed head, as candor ledger key printed it (default: the keys that the ledger has entries of)")
	return c
}

// signedWith holds the signature of a report's head against a key that somebody noted.
func signedWith(v *report.Verified, s *report.Sealed, key string) error {
	keys, err := head.Keys(nil).From(key)
	if err == nil {
		v.SignedBy(s, keys, true)
	}
	return err
}

func (p *program) readReport(name string) ([]byte, error) {
	file, err := os.Open(p.path(name))
	if err != nil {
		return nil, fault.New(fault.NotFound, "the report cannot be read").At("%s", name).Because(err).Next("name a file that candor report wrote")
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, report.MaxBytes+1))
	if err == nil && len(b) > report.MaxBytes {
		return nil, fault.New(fault.Invalid, "the file has more than %d MB, which no report has", report.MaxBytes>>20).At("%s", name).Next("name a file that candor report wrote")
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the report cannot be read").At("%s", name).Because(err).Next("name a file that candor report wrote")
	}
	return b, nil
}

// verified says what was found out about a report, and fails where something is not as it was.
func (p *program) verified(v *report.Verified) error {
	if err := p.emit(v, func(g *sheet) { showVerified(g, v) }); err != nil || v.OK {
		return err
	}
	return fault.New(fault.Conflict, "the report is not confirmed").Answered()
}

func showVerified(g *sheet, v *report.Verified) {
	g.line("%s", g.bold(v.Title))
	say := func(ok bool, good, bad string, list []string) {
		if ok {
			g.line("  %s  %s", g.code("32", "as it was"), good)
			return
		}
		g.line("  %s  %s", g.red("differs"), bad)
		for _, t := range list {
			g.wrap("    ", t, 110)
		}
	}
	if v.Page {
		say(len(v.Shown) == 0, "what is shown is what the record says", "what is shown is not what the record says", v.Shown)
	} else {
		g.line("  it has a record, and no page that could show something else")
	}
	say(len(v.Broken) == 0, plural(v.Proofs, "proof holds", "proofs hold")+" for the head "+v.Head, "proofs do not hold for the head "+v.Head, v.Broken)
	showSignature(g, &v.Signature)
	if v.Alone {
		g.line("  whether the ledger has that head, and whether the evidence still says this, takes the data folder: leave out --alone")
		return
	}
	say(len(v.Ledger) == 0, "the ledger here begins with the tree of that head; "+figure.Of(v.Since, "entry", "entries")+" came since", "the ledger here does not begin with the tree of that head", v.Ledger)
	say(len(v.Differs) == 0, "the same question has the same answer", "the same question is answered otherwise now", v.Differs)
	if len(v.Differs) > 0 && v.Since > 0 {
		g.line("  evidence that came or went since (%s) can be why: candor ledger list shows it", figure.Of(v.Since, "entry", "entries"))
	}
}

// showSignature says what the signature of a report's head came to.
func showSignature(g *sheet, s *report.Signature) {
	switch s.State {
	case report.Good:
		g.line("  %s  the head is signed with the key %s, at %s", g.code("32", "as it was"), s.Key, s.Time.UTC().Format(time.RFC3339))
	case report.Wrong:
		g.line("  %s  the signature of the head does not hold", g.red("differs"))
		g.wrap("    ", s.Detail, 110)
	case report.Unchecked:
		g.line("  the head is signed, and no key is known here that could verify that: name it with --key")
	default:
		g.line("  the head is not signed: where the report was made, no key was at hand")
	}
}

// beginHeads makes the key that signs heads, where a ledger has none: a report is what it is
// needed for. A folder that cannot be written makes reports whose head is not signed.
func (p *program) beginHeads(cmd *cobra.Command) {
	dir := p.path(p.data)
	if _, err := os.Stat(filepath.Join(dir, "evidence.db")); err != nil || (head.Folder{Dir: dir, File: p.path(p.Getenv(head.Variable))}).There() {
		return
	}
	_ = p.with(cmd, true, func(ctx context.Context, d *Desk) error {
		_, err := d.Custody.Head(ctx)
		return err
	})
}
