package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/attack"
	"candor/internal/excerpt"
	"candor/internal/fault"
	"candor/internal/library"
	"candor/internal/near"
)

// excerptForms are the forms of an excerpt, each with the end of the names of its files.
const excerptForms = "stix (.json), csv (.csv), xlsx (.xlsx), layer (.layer.json)"

// excerpting is how an excerpt is asked for and where it goes.
type excerpting struct {
	excerpt.Asked
	kinds           []string
	form, table, to string
}

// handedOut is an excerpt that was written.
type handedOut struct {
	*excerpt.Excerpt
	File   string `json:"file"`
	Format string `json:"format"`
	Bytes  int64  `json:"bytes"`
}

func (p *program) attackExportCommand() *cobra.Command {
	var x excerpting
	c := &cobra.Command{
		Use:   "export [ID...]",
		Short: "Hand over a release, or objects with what they refer to: STIX, CSV, XLSX, layer",
		Long: `Export writes a release of the library, or a part of it. Objects are chosen by ATT&CK ID,
STIX id or name, and by the filters that candor attack list takes; without any the whole
release is written. With the chosen objects comes what they are related to, with the
relationship objects that say so, and all that any of these refers to, so that no reference
leads nowhere but one that leads nowhere in the release either; --alone leaves that out.

stix is a bundle of the exact bytes that were imported, object by object; what stands around
them is not MITRE's file, so that its hash is another. csv is one of two tables, objects or
relations. xlsx has both. layer is of the ATT&CK Navigator and has the techniques, without
scores. Cells are text: none is a formula to a spreadsheet.`,
		Example: "  candor attack export --to enterprise-attack-18.1.json\n  candor attack export G0094 --to kimsuky.json\n  candor attack export --kind analytic --platform Linux --to linux.xlsx\n  candor attack export --kind technique --tactic impact --format csv > impact.csv",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			x.IDs = args
			if err := p.readyToExport(&x); err != nil {
				return err
			}
			if x.Where.Kinds, err = library.KindsOf(x.kinds); err != nil {
				return err
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error { return p.excerpt(ctx, d, x) })
		},
	}
	x.flags(c)
	return c
}

func (x *excerpting) flags(c *cobra.Command) {
	refFlags(c, &x.Release)
	f := c.Flags()
	f.StringVar(&x.to, "to", "", "the file to write, which must not be there yet: its end says the form; without it the standard output is written")
	f.StringVar(&x.form, "format", "", excerptForms+"; stix where --to does not say")
	f.StringVar(&x.table, "table", excerpt.Objects, "for csv: "+strings.Join(excerpt.Tables(), " or "))
	f.BoolVar(&x.Alone, "alone", false, "only the objects that are chosen, without what they refer to")
	f.StringSliceVar(&x.kinds, "kind", nil, "kinds: "+strings.Join(library.KindWords(), ", "))
	f.StringVar(&x.Where.Text, "text", "", "words to look for")
	f.StringVar(&x.Where.Tactic, "tactic", "", "techniques of a tactic, by ATT&CK ID or short name")
	f.StringVar(&x.Where.Platform, "platform", "", "objects of a platform")
	f.StringVar(&x.Where.LogSource, "log-source", "", "what names a log source")
	f.StringVar(&x.Where.Lifecycle, "lifecycle", "", "live, revoked or deprecated")
}

// readyToExport settles in which form an excerpt is written, and refuses what cannot be.
func (p *program) readyToExport(x *excerpting) error {
	x.Release.Domain = attack.DomainName(x.Release.Domain)
	if x.form == "" {
		x.form = formOf(x.to)
	}
	forms := []string{"stix", "csv", "xlsx", "layer"}
	switch x.form {
	case "stix", "layer":
	case "csv":
		if x.table != excerpt.Objects && x.table != excerpt.Relations {
			return fault.New(fault.Usage, "there is no table %q", x.table).At("--table").Next("%s", near.Hint(x.table, excerpt.Tables(), ""))
		}
	case "xlsx":
		if x.to == "" && p.OutTerm {
			return fault.New(fault.Usage, "a workbook is nothing that a terminal can show").Next("name a new file with --to, or pipe the output on")
		}
	default:
		return fault.New(fault.Usage, "there is no form %q", x.form).At("--format").Next("%s", near.Hint(x.form, forms, excerptForms))
	}
	if x.to == "" && p.json {
		return fault.New(fault.Usage, "--json says what was written, and the standard output is what is written").Next("name a new file with --to")
	}
	return nil
}

// formOf returns the form that the end of a file's name says.
func formOf(name string) string {
	name = strings.ToLower(name)
	if strings.HasSuffix(name, ".layer.json") {
		return "layer"
	}
	switch ext := filepath.Ext(name); ext {
	case ".json", "":
		return "stix"
	default:
		return strings.TrimPrefix(ext, ".")
	}
}

// excerpt makes an excerpt and writes it, whole or not at all where it is to a file.
func (p *program) excerpt(ctx context.Context, d *Desk, x excerpting) error {
	s := &excerpt.Service{Store: d.Releases, Library: d.Library, Program: "candor " + Version()}
	e, err := s.Of(ctx, x.Asked)
	if err != nil {
		return err
	}
	if x.to == "" {
		out := p.bare.Out
		if p.OutTerm {
			out = p.Out
		}
		return x.write(ctx, s, e, out)
	}
	file, err := create(p.path(x.to))
	if err != nil {
		return err
	}
	w := &counted{Writer: file}
	err = x.write(ctx, s, e, w)
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return err
	}
	done := handedOut{Excerpt: e, File: x.to, Format: x.form, Bytes: w.n}
	return p.emit(done, func(g *sheet) { showHandedOut(g, &done) })
}

func (x *excerpting) write(ctx context.Context, s *excerpt.Service, e *excerpt.Excerpt, w io.Writer) error {
	switch x.form {
	case "csv":
		return s.CSV(ctx, e, x.table, w)
	case "xlsx":
		return s.Workbook(ctx, e, w)
	case "layer":
		return s.Layer(ctx, e, w)
	}
	return s.STIX(ctx, e, w)
}

// counted counts what is written.
type counted struct {
	io.Writer
	n int64
}

// Write passes on what it counts.
func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n += int64(n)
	return n, err
}

func showHandedOut(g *sheet, h *handedOut) {
	g.line("wrote %s, %s, %s", g.bold(h.File), h.Format, count(h.Bytes, "byte", "bytes"))
	if h.Whole {
		g.line("  %s whole: %s", h.Release, plural(h.Objects, "object", "objects"))
		return
	}
	g.line("  of %s: %s asked for, %s with what they refer to", h.Release, plural(h.Chosen, "object", "objects"), group3(int64(h.Objects)))
	if h.Format == "stix" {
		g.line("  whoever imports it says of what it is: candor attack import %s --domain %s --release %s", h.File, attack.ShortDomain(h.Release.Domain), h.Release.Version)
	}
}
