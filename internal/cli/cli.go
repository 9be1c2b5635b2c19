// Package cli is Candor's command line: it reads arguments, asks the services,
// and renders their models for a terminal or as JSON.
//
// It holds no logic of the field: what a command prints, the API and the pages
// show too, from the same models. It opens no store itself; whoever runs it
// hands in how.
package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/backup"
	"candor/internal/custody"
	"candor/internal/door"
	"candor/internal/engine"
	"candor/internal/fault"
	"candor/internal/head"
	"candor/internal/hook"
	"candor/internal/inert"
	"candor/internal/ingest"
	"candor/internal/intake"
	"candor/internal/library"
	"candor/internal/lookout"
	"candor/internal/people"
	"candor/internal/policy"
	"candor/internal/pull"
	"candor/internal/relay"
	"candor/internal/retention"
	"candor/internal/store"
	"candor/internal/upkeep"
	"candor/internal/veil"
)

// Env is everything that a run takes from the machine around it.
type Env struct {
	Args   []string // without the program's name
	Getenv func(string) string
	In     io.Reader
	Out    io.Writer
	Err    io.Writer
	Now    func() time.Time
	// Dir is the folder that relative paths start at; empty for the working folder.
	Dir     string
	OutTerm bool // Out is a terminal
	ErrTerm bool // Err is a terminal
	// Hangup has a function called whenever the process is told to look again at what it was
	// given, until what it returns is called; nil where nobody can tell it.
	Hangup func(func()) (stop func())
	// Engines are the engines for alerts that this build has, the one for new
	// folders first.
	Engines []engine.Name
}

// System returns the environment of this process.
func System() Env {
	return Env{
		Args: os.Args[1:], Getenv: os.Getenv, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Now: time.Now,
		OutTerm: term.IsTerminal(int(os.Stdout.Fd())), ErrTerm: term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// Desk is an open data folder: the services over its stores.
type Desk struct {
	Library  *library.Service
	Releases store.LibraryReader
	Bundles  *ingest.Bundles
	Ingest   *ingest.Evidence
	// Intake takes what is pushed to a server; nil unless the desk writes.
	Intake *intake.Service
	// Pulls collects from sources, and InTurn lands what a server collects by itself.
	Pulls  *pull.Service
	InTurn pull.Adder
	// Lookout finds chains in what arrives at a server; nil unless the desk writes.
	Lookout    *lookout.Service
	Evidence   store.Evidence
	Alerts     store.Alerts
	Assessment *assessment.Service
	Custody    *custody.Keeper
	Hooks      *hook.Service
	// Retention removes alerts.
	Retention *retention.Service
	// People are the accounts of those who sign in.
	People *people.Book
	// Visits notes who came in and who was refused.
	Visits *people.Visits
	// Veil is how names are kept.
	Veil *veil.Folder
	// BatchFile returns the path of the file in which a batch of alerts lies, or of a merged
	// file, and whether it has the rows of no other; fault.NotFound when there is none.
	BatchFile func(ctx context.Context, batch string) (path string, alone bool, err error)
	// Extract writes the rows of a batch that was merged to a new file.
	Extract func(ctx context.Context, batch, path string) (sha256 string, err error)
	// Merges lists the merged files.
	Merges func(ctx context.Context) ([]store.Merge, error)
	// Parts are the stores, for a backup.
	Parts []backup.Part
	// Share runs the commands of other processes, which come in through a door, by run
	// until ctx ends, which the server at an address does; wait returns when the last has
	// ended.
	Share func(ctx context.Context, address string, way *door.Door, run Relayed) (wait func() error, err error)
	// Handler makes the pages and the API behind a door, each request judged by the
	// policy that p returns then.
	Handler func(at *door.Door, p func() (assure.Policy, error), log *slog.Logger) http.Handler
	// Operate returns what says how the installation stands, judged by the policy that p
	// returns, and Certificate what is wrong with a server's; nil where it has none.
	Operate     func(p func() (assure.Policy, error)) func(context.Context) upkeep.State
	Certificate func() error
	// Provider says what keeps people from signing in through a server's provider; nil where it
	// has none.
	Provider func() error
	Close    func() error
}

// Mode says what a command does with the data folder.
type Mode struct {
	// Call is whom a server's pages say to call in an incident, if anybody, and Browser the
	// Chromium that it has print reports.
	Call, Browser string
	// Write asks to be the folder's only writer, under the command's name; Serve
	// asks besides that no server has the folder yet.
	Write   bool
	Serve   bool
	Command string
	Now     func() time.Time
	// Alerts names the engine for the alerts; empty for the best that this build has, and
	// for none but the files where alerts are few and Index does not ask for it.
	Alerts string
	Index  bool
	// Key is the file of the key by which names are kept as pseudonyms; empty for the one
	// beside the data folder.
	Key string
	// HeadsKey is the file of the key that signs heads of the ledger; empty for the one beside
	// the data folder.
	HeadsKey string
	// Note tells people what the command waits for; nil tells nobody.
	Note func(text string)
}

// Open opens the data folder dir. Without Write it refuses a folder that does
// not exist. When a server has the folder, the error is a relay.Elsewhere.
type Open func(ctx context.Context, dir string, m Mode) (*Desk, error)

// program is one run. What it writes to Out and Err obeys nobody but itself.
type program struct {
	Env
	// bare are the outputs as they were given: for bytes that must stay what they are,
	// and for what draws on a terminal by itself.
	bare Env
	// mark is how Out and Err know the program's own colours.
	mark paint
	open Open
	// policies is the policy that was read last.
	policies *policy.Memo
	data     string
	key      string
	json     bool
	quiet    bool
	color    string
	// away is the server that has the folder that a completion would have read.
	away *relay.Elsewhere
}

// Run executes one command line and returns the exit code: 0 done, 1 failed, 2
// wrong usage, 3 refused by policy, 130 interrupted, 143 terminated. A server that is
// interrupted has done what it was asked to.
func Run(ctx context.Context, env Env, open Open) int {
	p := newProgram(env, open)
	root := p.root()
	root.SetArgs(env.Args)
	completed := p.hold(root)
	err := root.ExecuteContext(ctx)
	var away *relay.Elsewhere
	if errors.As(err, &away) || completed(&away) {
		var code int
		if code, err = p.relay(ctx, away); err == nil {
			return code
		}
	}
	if err == nil {
		return 0
	}
	switch {
	case ctx.Err() != nil:
		err = interrupted(ctx)
	case custody.Damaged(err) && fault.HintOf(err) == "":
		err = fault.New(fault.Unavailable, "a store of the data folder is damaged").At("%s", p.data).Because(err).
			Next("candor ledger verify says what still fits; candor restore unpacks a backup into a new folder")
	case fault.KindOf(err) == fault.Internal && fault.Rights(err, "") != "":
		err = fault.New(fault.Unavailable, "%s", err).Next("%s", fault.Rights(err, "that place"))
	}
	p.fail(err)
	if ctx.Err() != nil {
		return stoppedBy(ctx)
	}
	return fault.ExitCode(err)
}

// newProgram returns the program of one run.
func newProgram(env Env, open Open) *program {
	p := &program{Env: env, bare: env, mark: paint(inert.NewMark()), open: open, policies: &policy.Memo{}}
	p.Out, p.Err = inert.NewWriter(env.Out, string(p.mark)), inert.NewWriter(env.Err, string(p.mark))
	return p
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "candor",
		Short: "Which adversary behaviours can you reliably observe and act on?",
		Long: `Candor tells a security team, with evidence, which adversary behaviours it can
reliably observe and act on, and which it only has a rule for.

It mirrors MITRE ATT&CK releases, takes in telemetry, rules, alerts, exercises
and runbooks, and gives every ATT&CK analytic a verdict with reasons, limits and
next steps.

Environment: CANDOR_DATA names the data folder. CANDOR_ALERTS names the engine that
keeps the alerts of a new one, duckdb or scan (see: candor version). CANDOR_KEY_FILE
names the key of pseudonyms, where the policy asks for them.`,
		Example: `  candor demo                                     see it at work, no files needed
  candor attack import enterprise-attack-18.1.json
  candor evidence add rules ./sigma/rules
  candor assess --summary
  candor serve`,
		SilenceUsage: true, SilenceErrors: true, SuggestionsMinimumDistance: 2,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	dir := p.Getenv("CANDOR_DATA")
	if dir == "" {
		dir = "./candor-data"
	}
	f := root.PersistentFlags()
	f.StringVar(&p.data, "data", dir, "data folder (environment: CANDOR_DATA)")
	f.StringVar(&p.key, "key", p.Getenv(veil.Variable), "file of the key of pseudonyms (default: the data folder's name with .key; environment: "+veil.Variable+")")
	f.BoolVar(&p.json, "json", false, "print JSON with stable field names")
	f.BoolVar(&p.quiet, "quiet", false, "no progress on standard error")
	p.color = "auto"
	f.Var(&oneOf{&p.color, []string{"auto", "always", "never"}}, "color", "colour: auto (only on a terminal), always, never")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err) })
	root.AddCommand(p.attackCommand(), p.evidenceCommand(), p.assessCommand(), p.policyCommand(),
		p.serveCommand(), p.doctorCommand(), p.mcpCommand(), p.demoCommand(), p.galleryCommand(), p.versionCommand(), p.schemaCommand(),
		p.ledgerCommand(), p.pullCommand(), p.hooksCommand(), p.watchCommand(), p.backupCommand(), p.restoreCommand(), p.accountCommand(), p.auditCommand(), p.tokenCommand(), p.rosterCommand())
	root.AddCommand(p.measuringCommands()...)
	root.InitDefaultHelpCmd()
	if c, _, err := root.Find([]string{"help"}); err == nil { // else a command that it does not know is no error
		c.Run, c.RunE = nil, func(_ *cobra.Command, args []string) error { return help(root, args) }
	}
	root.InitDefaultCompletionCmd()
	if c, _, err := root.Find([]string{"completion"}); err == nil { // else a shell that it does not know is answered by its help
		c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	markUsage(root)
	p.completions(root)
	return root
}

// markUsage makes every wrong call of c and its subcommands a usage error with
// the command's own help as next step.
func markUsage(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				if said := asFault(err); said != nil {
					return said
				}
				return miscounted(cmd, args)
			}
			// Flags that are missing or exclude each other would be found later, too,
			// but not as wrong usage.
			if err := cmp.Or(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()); err != nil {
				return usage(cmd, err)
			}
			return nil
		}
	}
	for _, s := range c.Commands() {
		markUsage(s)
	}
}

// asFault returns err when it says what to do next already, and nil otherwise.
func asFault(err error) error {
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		return err
	}
	return nil
}

func usage(cmd *cobra.Command, err error) error {
	if said := asFault(err); said != nil {
		return said
	}
	return fault.New(fault.Usage, "%s", plainly(err)).Next("see: %s --help", cmd.CommandPath())
}

// plainly says of flags that exclude each other which they are, which the library
// words by its own terms.
func plainly(err error) string {
	text := err.Error()
	rest, ok := strings.CutPrefix(text, "if any flags in the group [")
	if !ok || !strings.Contains(text, "none of the others can be") {
		return text
	}
	names, _, _ := strings.Cut(rest, "]")
	return "only one of --" + strings.ReplaceAll(names, " ", ", --") + " can be given"
}

// group returns a command that only holds others. Without a subcommand it
// prints its help, and with an unknown one it says so.
func group(use, short, long string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: long}
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return unknown(cmd, args[0])
	}
	c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	c.SuggestionsMinimumDistance = 2
	c.AddCommand(subs...)
	return c
}

// failed is an error as --json has it.
type failed struct {
	Error failure `json:"error"`
}

type failure struct {
	Hint    string     `json:"hint,omitempty"`
	Kind    fault.Kind `json:"kind"`
	Message string     `json:"message"`
	Where   string     `json:"where,omitempty"`
}

// fail shows an error: what, where, and the next step.
func (p *program) fail(err error) {
	var f *fault.Error
	errors.As(err, &f)
	if f != nil && f.Told {
		return
	}
	if p.json {
		body := failure{Kind: fault.KindOf(err), Message: err.Error(), Hint: fault.HintOf(err)}
		if f != nil {
			body.Where = f.Where
		}
		_ = json.NewEncoder(p.Err).Encode(failed{body})
		return
	}
	fmt.Fprintln(p.Err, p.errPaint().red("candor: ")+inert.Line(err.Error()))
	if hint := fault.HintOf(err); hint != "" {
		fmt.Fprintln(p.Err, "  next: "+inert.Line(hint))
	}
}

// emit prints v as JSON, or calls text to print it for people.
func (p *program) emit(v any, text func(*sheet)) error {
	if p.json {
		enc := json.NewEncoder(p.Out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	pg := &sheet{paint: p.outPaint()}
	text(pg)
	_, err := io.WriteString(p.Out, pg.String())
	return err
}

// with opens the data folder for a command and closes it after f.
func (p *program) with(cmd *cobra.Command, write bool, f func(context.Context, *Desk) error) error {
	return p.in(cmd, p.mode(cmd, write), f)
}

// in opens the data folder in a mode for a command, and closes it after f, also when f
// panics: the next one to write waits for that.
func (p *program) in(cmd *cobra.Command, m Mode, f func(context.Context, *Desk) error) (err error) {
	ctx := cmd.Context()
	d, err := p.open(ctx, p.path(p.data), m)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return f(ctx, d)
}

func (p *program) mode(cmd *cobra.Command, write bool) Mode {
	m := Mode{Write: write, Command: cmd.CommandPath(), Now: p.Now, Alerts: p.Getenv(engine.Variable), Key: p.path(p.key), HeadsKey: p.path(p.Getenv(head.Variable))}
	if !p.quiet && !p.json {
		m.Note = func(text string) { p.note("%s", text) }
	}
	return m
}
