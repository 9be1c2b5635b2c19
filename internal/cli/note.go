package cli

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/attack/prose"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/take"
)

func (p *program) noteCommand() *cobra.Command {
	return group("note", "What people write about an ATT&CK object, beside what is derived",
		`A note is a person's words about an object: its author and day are named wherever it is
shown, apart from what Candor derives. It is evidence, with a batch and an entry in the
ledger. Nothing is overwritten: a later note of the same author for the same section
takes the place of the earlier one, and the history has both. A note says when the
official object is no longer the one it was written for, and when its review is due.
No verdict rests on it.`,
		p.noteAddCommand(), p.noteListCommand(), p.noteHistoryCommand(), p.noteRetireCommand())
}

// subject finds the object that notes are about as its page does.
func (p *program) subject(ctx context.Context, d *Desk, req assessment.Request, id string) (assessment.Subject, error) {
	found, err := d.Library.Page(ctx, id, req.Release)
	if err != nil {
		return assessment.Subject{}, err
	}
	return assessment.SubjectOf(found.Object, found.Release, found.ObjectHash)
}

func (p *program) noteAddCommand() *cobra.Command {
	var j judging
	var n take.Note
	var section, file, text, review string
	c := &cobra.Command{
		Use:   "add ID",
		Short: "Write a note about an object",
		Long: `Add records a note about an object, with the hash of the official object as it is in
the newest imported release (or that of --release). Its words are Markdown: paragraphs,
lists, headings, strong words, code and links; HTML and images are shown as text.

With --section it belongs to a part of the take: ` + sectionNames() + `.
With --replace it is shown in place of what is derived there, which stays one step away.`,
		Example: "  candor note add AN1989 --author 'Ann Lee' --section executive_priority --review-by 2027-01-31 --text 'Insured since May: no budget.'\n" +
			"  candor note add T1133 --author 'Ann Lee' --file vpn.md\n  echo 'Seen in the pilot.' | candor note add AN1058 --author 'Ann Lee' --file -",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if section != "" {
				if n.Section, err = take.SectionOf(section); err != nil {
					return err
				}
			}
			if n.ReviewBy, err = reviewDay(review); err != nil {
				return err
			}
			n.Written = p.Now().UTC()
			req, err := p.request(j)
			if err != nil {
				return err
			}
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				// Not before: where a server has the folder, it is the one to read the input.
				if n.Markdown, err = p.words(cmd, text, file); err != nil {
					return err
				}
				of, err := p.subject(ctx, d, req, args[0])
				if err != nil {
					return err
				}
				made, fresh, err := d.Assessment.Annotate(ctx, of, n)
				if err != nil {
					return err
				}
				return p.emit(made, func(g *sheet) { showWritten(g, &made, fresh) })
			})
		},
	}
	refFlags(c, &j.ref)
	c.Flags().StringVar(&n.Author, "author", "", "who writes it (required)")
	c.Flags().StringVar(&section, "section", "", "the part of the take that it belongs to (default: none)")
	c.Flags().StringVar(&text, "text", "", "the words, in Markdown")
	c.Flags().StringVar(&file, "file", "", "read the words from a file, - for standard input")
	c.Flags().StringVar(&review, "review-by", "", "the day on which it is to be looked at again, 2006-01-02")
	c.Flags().BoolVar(&n.Replaces, "replace", false, "show it in place of what is derived for the section")
	c.Flags().StringVar(&n.ID, "id", "", "what tells it from the other notes (default: its author's one for the section)")
	_ = c.MarkFlagRequired("author")
	c.MarkFlagsMutuallyExclusive("text", "file")
	_ = c.RegisterFlagCompletionFunc("section", cobra.FixedCompletions(strings.Split(sectionNames(), ", "), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// sectionNames lists the sections of a take.
func sectionNames() string {
	var names []string
	for _, n := range take.SectionNames() {
		names = append(names, string(n))
	}
	return strings.Join(names, ", ")
}

func reviewDay(text string) (day.Date, error) {
	if text == "" {
		return "", nil
	}
	d, err := day.Parse(text)
	if err != nil {
		return "", fault.New(fault.Usage, "%q is not a day", text).At("--review-by").Next("write it as 2006-01-02")
	}
	return d, nil
}

// words returns the words of a note: those of the command line, of a file or of standard
// input, of which it reads no more than a note can have.
func (p *program) words(cmd *cobra.Command, text, file string) (string, error) {
	var from io.Reader
	switch {
	case cmd.Flags().Changed("text"):
		return text, nil
	case file == "":
		return "", fault.New(fault.Usage, "the note has no words").Next("say them with --text, or where they are with --file, - for standard input")
	case file == "-":
		from = p.In
	default:
		f, err := os.Open(p.path(file))
		if err != nil {
			return "", fault.New(fault.NotFound, "the words of the note cannot be read").At("%s", file).Because(err).Next("name a text file with --file, or - for standard input")
		}
		defer f.Close()
		from = f
	}
	b, err := io.ReadAll(io.LimitReader(from, 64*take.MaxNote))
	if err != nil {
		return "", fault.New(fault.Unavailable, "the words of the note cannot be read to their end").At("%s", file).Because(err).Next("name a text file with --file, or - for standard input")
	}
	return strings.TrimPrefix(string(b), "\ufeff"), nil
}

func showWritten(g *sheet, n *take.Noted, fresh bool) {
	word := "recorded"
	if !fresh {
		word = "unchanged:"
	}
	g.line("%s note %s about %s %s, by %s", word, g.bold(n.ID), n.Object.ATTACKID, n.Object.Name, n.Author)
	g.line("  %s", g.dim(noteFacts(n)))
	g.line("  batch %s, object sha256 %s of %s", n.Batch, n.Hash, n.Release)
}

// noteFacts says where a note stands and until when.
func noteFacts(n *take.Noted) string {
	text := "of no section"
	if n.Section != "" {
		text = n.Section.Title()
		if n.Replaces {
			text = "in place of " + text
		}
	}
	if n.ReviewBy != "" {
		text += ", review by " + string(n.ReviewBy)
	}
	return text
}

// listedNotes is what is written about one object.
type listedNotes struct {
	Object string       `json:"object"`
	Name   string       `json:"name"`
	Notes  []take.Noted `json:"notes"`
}

func (p *program) noteListCommand() *cobra.Command {
	var j judging
	c := &cobra.Command{
		Use:   "list [ID]",
		Short: "The notes in force about an object, or about all",
		Long: `List shows the notes in force on a day: about one object, or about every object that
has any. Whether the official object changed is told against the newest imported
release, or that of --release.`,
		Example: "  candor note list AN1989\n  candor note list --as-of 2026-06-30",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.request(j)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				all, err := p.notes(ctx, d, req, args)
				if err != nil {
					return err
				}
				return p.emit(all, func(g *sheet) { showNoteList(g, all) })
			})
		},
	}
	refFlags(c, &j.ref)
	c.Flags().StringVar(&j.asOf, "as-of", "", "those in force on this day, 2006-01-02 (default: today)")
	return c
}

// notes lists the notes about the object named, or about each that has any.
func (p *program) notes(ctx context.Context, d *Desk, req assessment.Request, args []string) ([]listedNotes, error) {
	all := []listedNotes{}
	if len(args) == 1 {
		of, err := p.subject(ctx, d, req, args[0])
		if err != nil {
			return nil, err
		}
		return p.addNotes(ctx, d, req, all, of, true)
	}
	names, err := d.Assessment.Annotated(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		of, err := p.subject(ctx, d, req, n.StixID)
		if fault.KindOf(err) == fault.NotFound {
			of, err = assessment.Subject{Object: n}, nil
		}
		if err == nil {
			all, err = p.addNotes(ctx, d, req, all, of, false)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (p *program) addNotes(ctx context.Context, d *Desk, req assessment.Request, all []listedNotes, of assessment.Subject, none bool) ([]listedNotes, error) {
	notes, err := d.Assessment.Notes(ctx, of, req.AsOf)
	if err != nil || len(notes) == 0 && !none {
		return all, err
	}
	l := listedNotes{Object: of.Object.ATTACKID, Name: of.Object.Name, Notes: notes}
	if l.Object == "" {
		l.Object = of.Object.StixID
	}
	return append(all, l), nil
}

func showNoteList(g *sheet, all []listedNotes) {
	if len(all) == 0 {
		g.line("No note is in force. candor note add ID writes one.")
		return
	}
	for i, l := range all {
		if i > 0 {
			g.line("")
		}
		g.line("%s", g.bold(l.Object+"  "+l.Name))
		if len(l.Notes) == 0 {
			g.line("  No note about it is in force. candor note add %s writes one; candor note history %s has those that were.", l.Object, l.Object)
		}
		for i := range l.Notes {
			showNote(g, "  ", &l.Notes[i], true)
		}
	}
}

// showNote prints a note: whose it is, what must be known before it is trusted, its words.
func showNote(g *sheet, indent string, n *take.Noted, facts bool) {
	g.line("%s%s", indent, g.bold("Note of "+n.Author)+", "+writtenOn(n))
	if facts {
		g.line("%s%s", indent, g.dim("note "+n.ID+", "+noteFacts(n)))
	}
	for _, m := range n.Marks {
		g.wrap(indent, g.code("33", "! "+m), 100)
	}
	text, _ := prose.Plain(n.Markdown, nil)
	g.wrapText(indent+"  ", text, 100)
}

func writtenOn(n *take.Noted) string {
	text := string(day.Of(n.Written))
	if n.RecordedBy != "" {
		text += " (through " + n.RecordedBy + ")"
	}
	return text
}

func (p *program) noteHistoryCommand() *cobra.Command {
	var j judging
	c := &cobra.Command{
		Use:   "history ID",
		Short: "Everything that was ever written about an object, and what became of it",
		Long: `History shows every entry, oldest first: in force, superseded by a later one, retired
with who did it and why, withdrawn with its batch, or made after the day of --as-of.`,
		Example: "  candor note history AN1989",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.request(j)
			if err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				of, err := p.subject(ctx, d, req, args[0])
				if err != nil {
					return err
				}
				h, err := d.Assessment.NoteHistory(ctx, of, req.AsOf)
				if err != nil {
					return err
				}
				return p.emit(h, func(g *sheet) { showNoteHistory(g, args[0], h) })
			})
		},
	}
	refFlags(c, &j.ref)
	c.Flags().StringVar(&j.asOf, "as-of", "", "as it stood on this day, 2006-01-02 (default: today)")
	return c
}

func showNoteHistory(g *sheet, id string, h []take.Noted) {
	if len(h) == 0 {
		g.line("Nothing was ever written about %s. candor note add %s writes a note.", id, id)
	}
	for i := range h {
		n := &h[i]
		if i > 0 {
			g.line("")
		}
		g.line("%s  %s  %s", n.Written.Format("2006-01-02 15:04"), g.bold(strings.ReplaceAll(n.State, "_", " ")), n.Batch)
		if r := n.Note.Retired; r != nil {
			g.line("  note %s was retired on %s by %s: %s", n.ID, day.Of(r.At), r.By, r.Reason)
			continue
		}
		showNote(g, "  ", n, true)
	}
}

func (p *program) noteRetireCommand() *cobra.Command {
	var j judging
	var r take.Retirement
	c := &cobra.Command{
		Use:   "retire ID NOTE",
		Short: "Take a note back: it is shown no more, and its history stays",
		Long: `Retire records that a note no longer holds, who says so and why. What was written stays
in candor note history. A note that should never have been recorded is withdrawn with
its batch: candor evidence withdraw.`,
		Example: "  candor note retire AN1989 3f2a91c0 --by 'Ann Lee' --reason 'the insurance ended'",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := p.request(j)
			if err != nil {
				return err
			}
			r.At = p.Now().UTC()
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				of, err := p.subject(ctx, d, req, args[0])
				if err != nil {
					return err
				}
				n, err := d.Assessment.Retire(ctx, of, args[1], r)
				if err != nil {
					return err
				}
				return p.emit(n, func(g *sheet) {
					g.line("retired note %s about %s %s, by %s: %s", g.bold(n.ID), n.Object.ATTACKID, n.Object.Name, n.Note.Retired.By, n.Note.Retired.Reason)
				})
			})
		},
	}
	refFlags(c, &j.ref)
	c.Flags().StringVar(&r.By, "by", "", "who takes it back")
	c.Flags().StringVar(&r.Reason, "reason", "", "why")
	_, _ = c.MarkFlagRequired("by"), c.MarkFlagRequired("reason")
	return c
}
