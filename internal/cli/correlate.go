package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/correlate"
	"candor/internal/correlate/definition"
	"candor/internal/correlate/draw"
	"candor/internal/correlate/worth"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/near"
)

func (p *program) correlateCommand() *cobra.Command {
	return group("correlate", "Chains: weak signals and alerts of one entity that line up, and what they are worth",
		`A chain is alerts and signals of one entity that line up within a window. Definitions are
Sigma correlation rules over rules, techniques, tactics, signals and families of sensors;
doc/correlate.md says what each type means here. What repeats another sensor's alert
belongs to that sensor's family: two sensors that echo each other are one.

Run finds chains, and worth says whether they are worth looking at: how many line up by
chance, how often they are right beside the same alerts unchained, and what whoever
looked at chains alone would lose.`,
		p.correlateCheckCommand(), p.correlateSetCommand(), p.correlateSwitchCommand(true), p.correlateSwitchCommand(false), p.correlateListCommand(), p.correlateRunCommand(), p.correlateWorthCommand(), p.correlateGenerateCommand())
}

// chaining holds the flags that say which chains are meant.
type chaining struct {
	measuring
	files   []string
	aliases string
}

func (f *chaining) flags(c *cobra.Command) {
	f.measuring.flags(c)
	f.siteFlag(c)
	c.Flags().StringArrayVar(&f.files, "definitions", nil, "file or folder of definitions, any number of times (default: those that candor correlate set keeps)")
	c.Flags().StringVar(&f.aliases, "aliases", "", "file that says which names are of one entity, kind: entity-aliases (default: those that candor correlate set keeps)")
}

// checked is what a look at definitions found.
type checked struct {
	Definitions []outlined        `json:"definitions"`
	Families    []string          `json:"families"`
	Rejects     []evidence.Reject `json:"rejects"`
	Warnings    []string          `json:"warnings"`
}

// outlined is a definition in short.
type outlined struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Type   string   `json:"type"`
	Rules  []string `json:"rules"`
	Group  []string `json:"group_by"`
	Window string   `json:"timespan"`
	Off    bool     `json:"off"`
	File   string   `json:"file"`
	Line   int      `json:"line"`
}

func describe(d *definition.Decoded) checked {
	out := checked{Definitions: []outlined{}, Families: []string{}, Rejects: slices.Clone(d.Rejects), Warnings: slices.Clone(d.Warnings)}
	_, rejects := correlate.Compile(d.Set)
	out.Rejects = append(out.Rejects, rejects...)
	for i := range d.Definitions {
		def := &d.Definitions[i]
		one := outlined{Name: def.Key(), Title: def.Title, Type: string(def.Type), Group: def.GroupBy, Window: correlate.Spell(def.Span), Off: def.Off, File: def.File, Line: def.Line}
		for _, s := range def.Stages {
			one.Rules = append(one.Rules, s.String())
		}
		out.Definitions = append(out.Definitions, one)
	}
	for _, f := range d.Families {
		out.Families = append(out.Families, f.Name)
	}
	return out
}

// definitions reads files and folders of definitions.
func (p *program) definitions(paths []string) (definition.Decoded, error) {
	var all definition.Decoded
	for _, path := range paths {
		err := filepath.WalkDir(p.path(path), func(at string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || at != p.path(path) && !slices.Contains([]string{".yml", ".yaml"}, strings.ToLower(filepath.Ext(at))) {
				return err
			}
			data, err := os.ReadFile(at)
			if err == nil {
				all.Add(definition.Decode(at, data))
			}
			return err
		})
		if err != nil {
			return all, fault.New(fault.NotFound, "the definitions cannot be read").At("%s", path).Because(err).Next("name a file of Sigma correlation rules, or a folder of such files")
		}
	}
	if len(paths) > 0 && len(all.Definitions)+len(all.Rejects) == 0 {
		return all, fault.New(fault.Invalid, "no correlation rule is in it").At("%s", strings.Join(paths, ", ")).Next("candor correlate generate prints some to begin with")
	}
	return all, nil
}

// planned returns the plan of those definitions that flags and names mean.
func (p *program) planned(ctx context.Context, d *Desk, f *chaining, names []string) (*correlate.Plan, error) {
	all, err := p.definitions(f.files)
	if err != nil {
		return nil, err
	}
	if len(f.files) == 0 {
		kept, err := d.Assessment.KeptDefinitions(ctx)
		if err != nil {
			return nil, err
		}
		all.Add(kept.Decoded)
		if len(kept.Definitions)+len(kept.Rejects) == 0 {
			return nil, fault.New(fault.NotFound, "no definitions of chains are kept").Next("name a file with --definitions, or keep one with candor correlate set; candor correlate generate prints some to begin with")
		}
	}
	if err := only(&all.Set, names); err != nil {
		return nil, err
	}
	plan, rejects := correlate.Compile(all.Set)
	if rejects = append(all.Rejects, rejects...); len(rejects) > 0 {
		return nil, assessment.Refused(rejects)
	}
	if len(plan.Definitions()) == 0 {
		return nil, fault.New(fault.NotFound, "all definitions are off").Next("turn on those that should run with candor correlate on, or name them")
	}
	return plan, nil
}

// only turns on the definitions of names and what they need, and turns off all others;
// without names everything stays.
func only(set *correlate.Set, names []string) error {
	if len(names) == 0 {
		return nil
	}
	on := map[string]bool{}
	var known []string
	for i := range set.Definitions {
		known = append(known, set.Definitions[i].Key())
	}
	for wanted := slices.Clone(names); len(wanted) > 0; wanted = wanted[1:] {
		i := slices.IndexFunc(set.Definitions, func(d correlate.Definition) bool { return d.Key() == wanted[0] || d.ID == wanted[0] })
		if i < 0 && slices.Contains(names, wanted[0]) {
			return fault.New(fault.NotFound, "there is no definition %q", wanted[0]).Next("%s", near.Hint(wanted[0], known, "candor correlate list shows those that there are"))
		}
		if i < 0 || on[set.Definitions[i].Key()] {
			continue
		}
		on[set.Definitions[i].Key()] = true
		for _, s := range set.Definitions[i].Stages {
			if s.Kind == "" || s.Kind == correlate.OfChain {
				wanted = append(wanted, s.Name)
			}
		}
	}
	for i := range set.Definitions {
		set.Definitions[i].Off = !on[set.Definitions[i].Key()]
	}
	return nil
}

func (p *program) correlateCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "check PATH...",
		Short:   "Whether definitions can be run, and what is wrong with those that cannot",
		Long:    "Check reads files and folders of definitions and says by file and line what cannot mean\nanything. It needs no data folder.",
		Example: "  candor correlate check chains/",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := p.definitions(args)
			if err != nil {
				return err
			}
			c := describe(&d)
			if err := p.emit(c, func(g *sheet) { showDefinitions(g, &c) }); err != nil {
				return err
			}
			if len(c.Rejects) > 0 {
				return fault.New(fault.Invalid, "%d definitions cannot be run", len(c.Rejects)).Answered()
			}
			return nil
		},
	}
}

func showDefinitions(g *sheet, c *checked) {
	if len(c.Definitions) > 0 {
		rows := [][]string{{"DEFINITION", "TYPE", "RULES", "GROUP BY", "WITHIN", "", "FILE"}}
		for _, d := range c.Definitions {
			off := ""
			if d.Off {
				off = "off"
			}
			rows = append(rows, []string{clip(d.Name, 40), d.Type, clip(strings.Join(d.Rules, ", "), 60), clip(strings.Join(d.Group, ", "), 30), d.Window, off, fmt.Sprintf("%s:%d", d.File, d.Line)})
		}
		g.table("", rows)
	}
	if len(c.Families) > 0 {
		g.line("families of sensors: %s", strings.Join(c.Families, ", "))
	} else if len(c.Definitions) > 0 {
		g.line("no families of sensors are declared: what repeats another sensor's alert counts as a sensor of its own")
	}
	for _, r := range c.Rejects {
		g.line("%s %s:%d: %s: %s", g.red("refused"), r.File, r.Line, r.Field, r.Reason)
	}
	for _, w := range c.Warnings {
		g.line("%s", w)
	}
}

func (p *program) correlateSetCommand() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use:   "set FILE...",
		Short: "Keep files of definitions and of aliases in the data folder",
		Long: `Set keeps each file under its name, in the place of one that has it. It is evidence, with
a batch and an entry in the ledger. What cannot be run is refused as a whole. Alias files
(kind: entity-aliases) that are kept count wherever --aliases names no other.

A server shows what arrives to the definitions that are kept and on, and keeps what they
find as alerts.`,
		Example: "  candor correlate set chains.yml --by 'Ann Lee'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.keepable(args); err != nil {
				return err
			}
			return p.with(cmd, true, func(ctx context.Context, desk *Desk) error { return p.keepDefinitions(ctx, desk, args, by) })
		},
	}
	c.Flags().StringVar(&by, "by", "", "who states them (required)")
	_ = c.MarkFlagRequired("by")
	return c
}

// keepable refuses files that cannot be kept: definitions that cannot run, and alias files
// that cannot mean anything.
func (p *program) keepable(paths []string) error {
	var definitions []string
	for _, path := range paths {
		data, err := os.ReadFile(p.path(path))
		if err != nil || !definition.IsAliases(path, data) {
			definitions = append(definitions, path)
		} else if _, err := definition.Aliases(path, data); err != nil {
			return err
		}
	}
	d, err := p.definitions(definitions)
	if err != nil {
		return err
	}
	if c := describe(&d); len(c.Rejects) > 0 {
		r := c.Rejects[0]
		return fault.New(fault.Invalid, "%s: %s", r.Field, r.Reason).At("%s:%d", r.File, r.Line).Next("candor correlate check lists everything that is wrong; nothing was kept")
	}
	return nil
}

func (p *program) keepDefinitions(ctx context.Context, d *Desk, paths []string, by string) error {
	made := []assessment.DefinitionFile{}
	for _, path := range paths {
		data, err := os.ReadFile(p.path(path))
		if err != nil {
			return fault.New(fault.Invalid, "a folder is kept file by file").At("%s", path).Because(err).Next("name its files")
		}
		f := assessment.DefinitionFile{Name: filepath.Base(path), Text: string(data), By: by, At: p.Now().UTC()}
		if _, err := d.Assessment.KeepDefinitions(ctx, f); err != nil {
			return err
		}
		made = append(made, f)
	}
	return p.emit(made, func(g *sheet) {
		for _, f := range made {
			g.line("kept %s", g.bold(f.Name))
		}
	})
}

// switched is what became of a definition that was to be turned on or off.
type switched struct {
	Definition string `json:"definition"`
	On         bool   `json:"on"`
	// Fresh says that it was otherwise before.
	Fresh bool `json:"changed"`
}

func (p *program) correlateSwitchCommand(on bool) *cobra.Command {
	var by string
	word := map[bool]string{true: "on", false: "off"}[on]
	c := &cobra.Command{
		Use:     word + " DEFINITION...",
		Short:   "Turn definitions that are kept " + word,
		Long:    "Turning a definition " + word + " is a statement about the file that holds it, with a batch and an entry in\nthe ledger. Keeping another file under its name begins anew.",
		Example: "  candor correlate " + word + " recon-then-access-1d --by 'Ann Lee'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
				made := []switched{}
				for _, name := range args {
					fresh, err := d.Assessment.Switch(ctx, name, on, by, p.Now().UTC())
					if err != nil {
						return err
					}
					made = append(made, switched{name, on, fresh})
				}
				return p.emit(made, func(g *sheet) {
					for _, m := range made {
						g.line("%s is %s%s", g.bold(m.Definition), word, map[bool]string{false: " already"}[m.Fresh])
					}
				})
			})
		},
	}
	c.Flags().StringVar(&by, "by", "", "who does so (required)")
	_ = c.MarkFlagRequired("by")
	return c
}

func (p *program) correlateListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "The definitions that are kept in the data folder",
		Long:  "List shows the definitions that candor correlate set kept, in the order of their files.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				kept, err := d.Assessment.KeptDefinitions(ctx)
				if err != nil {
					return err
				}
				c := describe(&kept.Decoded)
				return p.emit(c, func(g *sheet) {
					if len(kept.Files) == 0 {
						g.line("No definitions of chains are kept. candor correlate generate prints some to begin with, and candor correlate set keeps a file.")
						return
					}
					showDefinitions(g, &c)
				})
			})
		},
	}
}

// correlation makes the question that flags and names stand for.
func (p *program) correlation(ctx context.Context, d *Desk, f *chaining, names []string) (c assessment.Correlation, err error) {
	if c.Request, err = p.measurement(f.measuring); err != nil {
		return c, err
	}
	if f.aliases != "" {
		data, err := os.ReadFile(p.path(f.aliases))
		if err != nil {
			return c, fault.New(fault.NotFound, "the alias file cannot be read").At("%s", f.aliases).Because(err).Next("name a file of kind entity-aliases")
		}
		if c.Aliases, err = definition.Aliases(f.aliases, data); err != nil {
			return c, err
		}
	}
	if c.Plan, err = p.planned(ctx, d, f, names); err != nil || f.aliases != "" {
		return c, err
	}
	kept, err := d.Assessment.KeptDefinitions(ctx)
	c.Aliases = kept.Aliases
	return c, err
}

func (p *program) correlateRunCommand() *cobra.Command {
	var f chaining
	var svg, export, finding string
	c := &cobra.Command{
		Use:   "run [DEFINITION...]",
		Short: "Find chains in the history of alerts and signals",
		Long: `Run shows the alerts and signals of the window to the definitions, in the order of time,
and lists what they found. Naming a definition that is off runs it all the same.

--export writes each finding as an alert of the rule chain:NAME, with what made it in its
fields: candor evidence add alerts takes it, and it is labelled, measured and gated as
every other alert. --finding shows one with all its members, --svg draws its time line.`,
		Example: "  candor correlate run --definitions chains.yml\n  candor correlate run --finding chain-0123456789abcdef --svg chain.svg\n  candor correlate run --export chains.jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			if svg != "" && finding == "" {
				return fault.New(fault.Usage, "a drawing is of one finding").At("--svg").Next("name it with --finding")
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				q, err := p.correlation(ctx, d, &f, args)
				if err != nil {
					return err
				}
				out, err := d.Assessment.Correlate(ctx, q)
				if err != nil {
					return err
				}
				if finding != "" {
					return p.oneFinding(&out, finding, svg)
				}
				if export != "" {
					if err := p.exportFindings(export, out.Found); err != nil {
						return err
					}
				}
				return p.emit(out, func(g *sheet) { showChains(g, &out, export) })
			})
		},
	}
	f.flags(c)
	c.Flags().StringVar(&finding, "finding", "", "show one finding, by its ID")
	c.Flags().StringVar(&svg, "svg", "", "write the time line of the finding as a drawing to this file")
	c.Flags().StringVar(&export, "export", "", "write the findings as alerts, JSON Lines, to this file")
	return c
}

func (p *program) oneFinding(out *assessment.ChainsFound, id, svg string) error {
	i := slices.IndexFunc(out.Found, func(f correlate.Finding) bool { return f.ID == id })
	if i < 0 {
		var ids []string
		for _, f := range out.Found {
			ids = append(ids, f.ID)
		}
		return fault.New(fault.NotFound, "there is no finding %q among %d", id, len(ids)).Next("%s", near.Hint(id, ids, "candor correlate run lists them"))
	}
	f := out.Found[i]
	if svg != "" {
		if err := p.draw(svg, draw.TimeLine(&f, true)); err != nil {
			return err
		}
	}
	out.Found = []correlate.Finding{f}
	return p.emit(out, func(g *sheet) { showFinding(g, &f) })
}

// draw writes a drawing.
func (p *program) draw(path, text string) error {
	if err := os.WriteFile(p.path(path), []byte(text), 0o644); err != nil {
		return fault.New(fault.Unavailable, "the drawing cannot be written").At("%s", path).Because(err).Next("name another file with --svg")
	}
	return nil
}

// exportFindings writes findings as alerts. It never writes over a file.
func (p *program) exportFindings(path string, found []correlate.Finding) (err error) {
	w, err := os.OpenFile(p.path(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return fault.New(fault.Unavailable, "the findings cannot be written").At("%s", path).Because(err).Next("name a file that does not exist with --export")
	}
	enc := json.NewEncoder(w)
	for i := range found {
		if err := enc.Encode(assessment.FindingAlert(&found[i])); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}

func (p *program) correlateWorthCommand() *cobra.Command {
	var f chaining
	var unit, svg, by string
	var repeats int
	var keep bool
	c := &cobra.Command{
		Use:   "worth [DEFINITION...]",
		Short: "What chains are worth: chance, control, precision, what would be lost",
		Long: `Worth counts the chains of each definition, and how many would line up by chance: each
family of each entity but the first is turned on the circle of the window, --repeats
times. That many more line up than by chance shows no malice: what is no incident lines up
too, so the same is computed of the time outside incidents. Then it says how often chains
are right, beside the same alerts unchained, how many of all true positives are in
chains, and what looking at chains alone would save. Intervals are clustered by site.

--unit epoch counts windows of fixed edges by site and entity instead of findings, as
tables in the literature do; it sees nothing that an edge cuts in two. Beside it stand
the same figures of findings. --svg draws what is told.

--keep states what came out, as evidence: the page Chains shows it, and what says where to
look instead says what the chain is worth. It counts until the definition is changed or
turned off, or it is older than the window.

Declare families of sensors first. On the four networks of the AIT alert data, three
sensors within ten minutes are right 16 times of 144; once the alerts of one sensor that
repeat another's belong to that one, 16 times of 22 (doc/ait-study.md).`,
		Example: "  candor correlate worth --definitions chains.yml\n  candor correlate worth three-sensors --unit epoch --json\n  candor correlate worth --keep --by 'Ann Lee'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if keep != (by != "") {
				return fault.New(fault.Usage, "what is kept is measured by somebody").At("--keep and --by").Next("use both, or neither")
			}
			if repeats < 1 || repeats > 10_000 {
				return fault.New(fault.Usage, "the null cannot be drawn %d times", repeats).At("--repeats").Next("use 1 to 10000")
			}
			return p.with(cmd, keep, func(ctx context.Context, d *Desk) error {
				q, err := p.correlation(ctx, d, &f, args)
				if err != nil {
					return err
				}
				q.Unit, q.Repeats = worth.Unit(unit), repeats
				out, err := d.Assessment.WorthOf(ctx, q)
				if err != nil {
					return err
				}
				if svg != "" {
					if err := p.draw(svg, draw.Worth(slices.Concat(out.Worth, out.Beside), true)); err != nil {
						return err
					}
				}
				if keep {
					if err := d.Assessment.KeepWorth(ctx, q, &out, by, p.Now().UTC()); err != nil {
						return err
					}
				}
				return p.emit(out, func(g *sheet) { showWorth(g, &out) })
			})
		},
	}
	f.flags(c)
	unit = string(worth.Sliding)
	c.Flags().Var(&oneOf{&unit, []string{string(worth.Sliding), string(worth.Epoch)}}, "unit", "what is counted: sliding (findings) or epoch (windows of fixed edges)")
	c.Flags().StringVar(&svg, "svg", "", "write a drawing of it to this file")
	c.Flags().BoolVar(&keep, "keep", false, "keep what comes out, as evidence")
	c.Flags().StringVar(&by, "by", "", "who measured it, with --keep")
	c.Flags().IntVar(&repeats, "repeats", worth.DefaultRepeats, "how many times the null is drawn")
	return c
}

func (p *program) correlateGenerateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "generate",
		Short: "Print definitions to begin with, all of them off",
		Long: `Generate prints definitions that line what is seen of Reconnaissance and Resource
Development up with Initial Access on the same entity. They are off until "enabled: false"
is taken out or they are named, because nobody has measured them on your data yet: candor
correlate worth does.`,
		Example: "  candor correlate generate > chains.yml",
		Args:    cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			text := definition.Generated()
			if p.json {
				d := definition.Decode("generated", []byte(text))
				return p.emit(describe(&d), nil)
			}
			_, err := fmt.Fprint(p.Out, text)
			return err
		},
	}
}
