package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/crew"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/inert"
	"candor/internal/ingest"
	"candor/internal/near"
	"candor/internal/pull"
	"candor/internal/pull/question"
)

// pulling is how the commands of pulls are called.
type pulling struct {
	file, since string
	all, dry    bool
}

func (p *program) pullCommand() *cobra.Command {
	var how pulling
	c := &cobra.Command{
		Use:   "pull NAME...",
		Short: "Collect rules, alerts, closures and rule health from products",
		Long: `Pull asks the sources of a configuration for what they have that was not collected
before, and lands it as batches, read by the decoders that read files. It only reads.

The configuration is a file beside the data folder, FOLDER.pulls.yaml, unless --pulls
or CANDOR_PULLS names another one; doc/pull.md has an example for each product. It holds
no secret: each source names a file or a variable of the environment that does.

Each question goes back behind the last one (overlap), so that late changes come; what
comes again as it was makes no batch. candor serve pulls by itself, so often as each
source says (every).

Exit code 0: all that was asked for came; 1: some of it did not.`,
		Example: "  candor pull products                what can be asked, and with which settings\n  candor pull check corp-elastic      ask for the first records; land nothing\n" +
			"  candor pull corp-elastic\n  candor pull --all --dry-run\n  candor pull corp-elastic --since 2026-03-01",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return p.pullNow(cmd, args, how) },
	}
	c.PersistentFlags().StringVar(&how.file, "pulls", p.Getenv(pull.Variable), "configuration of the sources (default: the data folder's name with .pulls.yaml; environment: "+pull.Variable+")")
	c.Flags().BoolVar(&how.all, "all", false, "pull every source of the configuration")
	c.Flags().BoolVar(&how.dry, "dry-run", false, "ask, and say what would land; land nothing")
	c.Flags().StringVar(&how.since, "since", "", "begin there, and not where the last pull ended: a day, a time, or how long ago, such as 30d")
	c.AddCommand(p.pullListCommand(&how), p.pullCheckCommand(&how), p.pullProductsCommand())
	return c
}

// pullsFile returns the path of the configuration, and whether it was named.
func (p *program) pullsFile(file string) (path string, named bool) {
	if file != "" {
		return p.path(file), true
	}
	return pull.Beside(p.path(p.data)), false
}

// sources reads the configuration and returns the sources of some names, or all.
func (p *program) sources(file string, names []string) ([]pull.Source, error) {
	path, _ := p.pullsFile(file)
	all, err := pull.Read(path, p.Now())
	if err != nil || names == nil {
		return all, err
	}
	var list []pull.Source
	for _, n := range names {
		s, err := pull.Find(all, n)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func (p *program) pullNow(cmd *cobra.Command, names []string, how pulling) error {
	switch {
	case len(names) == 0 && !how.all && how.since == "" && !how.dry:
		return cmd.Help()
	case len(names) > 0 && how.all, len(names) == 0 && !how.all:
		return fault.New(fault.Usage, "name the sources to pull, or say --all").Next("candor pull list lists them")
	}
	if how.all {
		names = nil
	}
	sources, err := p.sources(how.file, names)
	if err != nil {
		return err
	}
	o := pull.Options{Dry: how.dry}
	if how.since != "" {
		if o.Since, err = pull.ParseSince(how.since, p.Now()); err != nil {
			var f *fault.Error
			if errors.As(err, &f) {
				return f.At("--since")
			}
			return err
		}
	}
	if how.dry {
		return p.asking(cmd, func(ctx context.Context, d *Desk) error { return p.pullAll(ctx, d, sources, o) })
	}
	return p.with(cmd, true, func(ctx context.Context, d *Desk) error { return p.pullAll(ctx, d, sources, o) })
}

// asking opens the data folder to read; where there is none yet, it does without.
func (p *program) asking(cmd *cobra.Command, f func(context.Context, *Desk) error) error {
	if _, err := os.Stat(p.path(p.data)); err == nil {
		return p.with(cmd, false, f)
	}
	in := ingest.NewEvidence(nil, nil, p.Now)
	return f(cmd.Context(), &Desk{Ingest: in, Pulls: pull.New(filepath.Join(p.path(p.data), "pull"), "", p.Now, in)})
}

// pullAll pulls sources one after the other, and goes on where one fails.
func (p *program) pullAll(ctx context.Context, d *Desk, sources []pull.Source, o pull.Options) error {
	list := []pull.Pulled{}
	var errs []error
	for i := range sources {
		of := &sources[i]
		bar := p.counting("pull " + of.Name)
		o.Tell = func(part string, records int64) { bar.bytes(records, -1, "pull "+of.Name+" "+part) }
		one, err := d.Pulls.Pull(ctx, of, d.Ingest, o)
		bar.done()
		list = append(list, one)
		if err != nil {
			if len(one.Parts) == 0 && one.Failed == "" {
				list[i].Failed = err.Error()
			}
			errs = append(errs, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err := p.emit(list, func(g *sheet) { showPulled(g, list) }); err != nil {
		return err
	}
	if len(errs) == 0 {
		return nil
	}
	return errs[0]
}

func showPulled(g *sheet, list []pull.Pulled) {
	for _, one := range list {
		g.line("%s (%s), %s%s", g.bold(one.Name), one.Product, plural(one.Requests, "request", "requests"), throttled(one.Throttled))
		rows := [][]string{}
		for _, part := range one.Parts {
			rows = append(rows, []string{part.Name, asked(part), count(part.Came, "record", "records"), became(part, one.Dry)})
		}
		g.table("  ", rows)
		for _, part := range one.Parts {
			if part.Anew > 0 {
				g.line("  %s: the source forgot where the question was, and was asked anew from there", part.Name)
			}
			for _, w := range part.Warnings {
				g.wrap("  ", inert.Line(part.Name+": "+w), 96)
			}
		}
	}
}

func throttled(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", of which %d waited because the source asked", n)
}

// asked is the time that a part was asked for.
func asked(part pull.PulledPart) string {
	const form = "2006-01-02 15:04"
	switch {
	case part.From.IsZero():
		return "all there is"
	case part.To.IsZero():
		return "from " + part.From.UTC().Format(form)
	}
	return part.From.UTC().Format(form) + " to " + part.To.UTC().Format(form)
}

// became says what became of the records of a part.
func became(part pull.PulledPart, dry bool) string {
	var say []string
	if part.Known > 0 {
		say = append(say, figure.Count(part.Known)+" as they were")
	}
	word := "new"
	if dry {
		word = "would be read"
	}
	for _, n := range []struct {
		n    int64
		what string
	}{{part.New, word}, {part.Updated, "updated"}, {part.Unchanged, "unchanged"}, {part.Rejected, "rejected"}, {part.Retired, "retired"}} {
		if n.n > 0 {
			say = append(say, figure.Count(n.n)+" "+n.what)
		}
	}
	if len(part.Batches) > 0 {
		say = append(say, "in "+strings.Join(part.Batches, ", "))
	}
	if part.Failed != "" {
		say = append(say, "failed")
	}
	if len(say) == 0 {
		return "nothing new"
	}
	return strings.Join(say, ", ")
}

func (p *program) pullListCommand(how *pulling) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "The sources, and how their pulls stand",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sources, err := p.sources(how.file, nil)
			if err != nil {
				return err
			}
			return p.asking(cmd, func(_ context.Context, d *Desk) error {
				list := []pull.Status{}
				for i := range sources {
					list = append(list, d.Pulls.Status(&sources[i]))
				}
				return p.emit(list, func(g *sheet) { showStatus(g, list) })
			})
		},
	}
}

func showStatus(g *sheet, list []pull.Status) {
	when := func(t time.Time) string {
		if t.IsZero() {
			return "never"
		}
		return t.UTC().Format("2006-01-02 15:04:05Z")
	}
	rows := [][]string{{"source", "product", "parts", "state", "last success", "records"}}
	for _, s := range list {
		rows = append(rows, []string{s.Name, s.Product, strings.Join(s.Parts, ","), s.State, when(s.Succeeded), figure.Count(s.Records)})
	}
	g.table("", rows)
	for _, s := range list {
		if s.Failed != "" {
			since := "since " + when(s.Failing) + ": "
			if s.State == pull.Refused {
				since = ""
			}
			g.wrap("", inert.Line(s.Name+": "+since+s.Failed), 96)
		}
	}
}

func (p *program) pullCheckCommand(how *pulling) *cobra.Command {
	return &cobra.Command{
		Use:   "check NAME...",
		Short: "Ask for the first records of each part; land nothing",
		Long: `Check reads the configuration and the secret, asks the source for the first records
of each part (of the last day, where a part is asked for by time), and says how they
would be read. Nothing lands, and no cursor moves.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sources, err := p.sources(how.file, args)
			if err != nil {
				return err
			}
			return p.asking(cmd, func(ctx context.Context, d *Desk) error {
				return p.pullAll(ctx, d, sources, pull.Options{Look: true})
			})
		},
	}
}

// describedProduct is a product as it can be asked.
type describedProduct struct {
	Name     string             `json:"name"`
	Title    string             `json:"title"`
	Address  string             `json:"address,omitempty"`
	Auth     []string           `json:"auth"`
	Parts    []describedPart    `json:"parts"`
	Settings []describedSetting `json:"settings"`
	Rights   string             `json:"rights"`
}

type describedPart struct {
	Name string `json:"name"`
	Kind string `json:"kind,omitempty"`
}

type describedSetting struct {
	Name    string `json:"name"`
	Needed  bool   `json:"needed,omitempty"`
	Default string `json:"default,omitempty"`
	Doc     string `json:"doc"`
}

func (p *program) pullProductsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "products [PRODUCT]",
		Short: "What can be asked, with which settings and which rights",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var list []describedProduct
			var names []string
			for _, q := range question.Products() {
				names = append(names, q.Name)
				if len(args) == 0 || args[0] == q.Name {
					list = append(list, described(q))
				}
			}
			if len(list) == 0 {
				return fault.New(fault.NotFound, "no product is called %q", args[0]).Next("%s", near.Hint(args[0], names, "candor pull products lists them"))
			}
			return p.emit(list, func(g *sheet) { showProducts(g, list) })
		},
	}
}

func described(q question.Product) describedProduct {
	d := describedProduct{Name: q.Name, Title: q.Title, Address: q.Address, Auth: q.Auths, Rights: q.Rights, Settings: []describedSetting{}}
	for _, part := range q.Parts {
		d.Parts = append(d.Parts, describedPart{part.Name, part.Kind})
	}
	for _, list := range [][]question.Field{q.Services, q.Fields} {
		for _, f := range list {
			d.Settings = append(d.Settings, describedSetting{f.Name, f.Needed, f.Otherwise, f.Doc})
		}
	}
	return d
}

func showProducts(g *sheet, list []describedProduct) {
	for i, d := range list {
		if i > 0 {
			g.line("")
		}
		g.line("%s  %s", g.bold(d.Name), d.Title)
		var parts []string
		for _, q := range d.Parts {
			part := q.Name
			if q.Kind != "" && q.Kind != q.Name {
				part += " (as " + q.Kind + ")"
			}
			parts = append(parts, part)
		}
		g.line("  parts: %s", strings.Join(parts, ", "))
		g.line("  auth: %s", strings.Join(d.Auth, ", "))
		if d.Address != "" {
			g.line("  address: %s unless said", d.Address)
		}
		rows := [][]string{}
		for _, s := range d.Settings {
			what := s.Doc
			switch {
			case s.Needed:
				what += " (needed)"
			case s.Default != "":
				what += " (" + s.Default + " unless said)"
			}
			rows = append(rows, []string{s.Name, what})
		}
		g.table("  ", rows)
		g.wrap("  ", "rights: "+d.Rights, 96)
	}
}

// watched is the configuration by which a server pulls: an empty one where none was named
// and none is there yet.
func (p *program) watched(file string) (*pull.Book, error) {
	path, named := p.pullsFile(file)
	return pull.Open(path, !named, p.Now)
}

// watch pulls until ctx ends or what it returns is called, which waits for the end.
func (p *program) watch(ctx context.Context, d *Desk, book *pull.Book, log *slog.Logger) (end func()) {
	if d.Intake == nil || book == nil {
		return func() {} // the folder cannot be written, or there is nothing to pull
	}
	ctx, stop := context.WithCancel(ctx)
	done := crew.Go(func() error {
		d.Pulls.Watch(ctx, book, d.InTurn, func(name string, err error) {
			if name == "" {
				log.Warn("the configuration of pulls is wrong as it is now, and what it said before holds", "error", err, "next", fault.HintOf(err))
				return
			}
			log.Warn("a source could not be pulled whole", "source", name, "error", err)
		})
		return nil
	})
	return func() {
		stop()
		if err := <-done; err != nil {
			log.Error("the pulls ended", "error", err)
		}
	}
}
