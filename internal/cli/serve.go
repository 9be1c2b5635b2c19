package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"candor/internal/alert"
	"candor/internal/archive"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/crew"
	"candor/internal/day"
	"candor/internal/deliver"
	"candor/internal/door"
	"candor/internal/edge"
	"candor/internal/fault"
	"candor/internal/hook"
	"candor/internal/identity"
	"candor/internal/inert"
	"candor/internal/ingest"
	"candor/internal/mcp"
	"candor/internal/policy"
	"candor/internal/press"
	"candor/internal/provider"
	"candor/internal/pull"
	"candor/internal/sample"
	"candor/internal/token"
)

func (p *program) serveCommand() *cobra.Command {
	var addr, socket, file, pulls, call, hooks, browser string
	var places []string
	var at reach
	var every time.Duration
	var how serving
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the pages and the API on this machine",
		Long: `Serve shows the overview, every object and every verdict as pages, and the same
models as JSON under /api/v1 (described at /api/v1/openapi.json). Programs push
alerts, dispositions, signals and feeds to the same address, each with a token that
candor token create made; see doc/push.md.

It keeps an assessment of every day by itself, as candor assess --keep does; the
policy's keep_daily says how many stay, and the page Over time draws them. Where a
configuration of pulls lies beside the data folder, or --pulls names one, it collects
from those sources so often as each says, and reads it again when it changed; the page
Pulls says how they stand. See candor pull.

It listens on a loopback address, or with --socket at a Unix socket that only its
owner can open. Whoever pushes needs a token; whoever reads needs none, unless
--require-token asks for one with the scope read on every route. A browser gets a
cookie then from a link that is printed at the start and opens once. As soon as there are
accounts (candor account add), people sign in with them instead, and so do all who read.
They sign in through a provider of OpenID Connect where a configuration of one lies beside
the data folder, or --provider names one; see doc/people.md.

Others can reach it where everyone is asked who they are and what is said is encrypted:
with a certificate (--tls-cert, --tls-key, read again when the files change), or behind
a proxy that --proxy names. It answers to localhost, to the names its certificate is
for and to those that --name gives, and to no other. See doc/operate.md.

While it runs, it has the data folder: every other command on the folder is run by
the server, through a socket in the folder that only its owner can reach, and prints
what it would print without one. What is added and which policy is set counts from the
next request on; a policy named with --policy is read once, and stays the one that the
pages and the API judge by.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			judgedBy, err := p.judgedBy(file)
			if err != nil {
				return err
			}
			if how.fold < 100*time.Millisecond || how.fold > time.Hour {
				return fault.New(fault.Usage, "%s is no time between batches", how.fold).At("--fold").Next("name one from 100ms to 1h")
			}
			if call, err = called(call); err != nil {
				return err
			}
			if how.pulls, err = p.watched(pulls); err != nil {
				return err
			}
			if how.told, err = p.tellers(hooks, places, every); err != nil {
				return err
			}
			if err := p.stand(at, &how); err != nil {
				return err
			}
			taken := p.free(cmd.Context(), how, addr, socket)
			if _, err := os.Stat(p.path(p.data)); err != nil && taken != nil {
				return taken // before anything is made
			}
			m := p.mode(cmd, true)
			m.Serve, m.Call, m.Browser = true, call, browser
			return p.in(cmd, m, func(ctx context.Context, d *Desk) (err error) {
				if how.on, err = p.listen(ctx, how, addr, socket); err != nil {
					return err
				}
				return p.serve(ctx, d, how, judgedBy)
			})
		},
	}
	c.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "address to listen on, beyond loopback with a certificate; port 0 picks a free one")
	c.Flags().StringVar(&file, "policy", "", "policy file (default: policy.yaml in the data folder, else built in)")
	c.Flags().DurationVar(&how.fold, "fold", foldEvery, "how often what was pushed becomes batches")
	c.Flags().StringVar(&pulls, "pulls", p.Getenv(pull.Variable), "configuration of the sources to pull (default: the data folder's name with .pulls.yaml, where there is one; environment: "+pull.Variable+")")
	c.Flags().StringVar(&hooks, "hooks", p.Getenv(hook.Variable), "configuration of who is told what is new (default: the data folder's name with .hooks.yaml, where there is one; environment: "+hook.Variable+")")
	c.Flags().StringArrayVar(&places, "heads-to", nil, "where each new head of the ledger is sent, signed (may be repeated): "+deliver.Forms)
	c.Flags().DurationVar(&every, "heads-every", hook.UsualEvery, "how long is waited at least between two heads that --heads-to sends")
	c.Flags().StringVar(&socket, "socket", "", "Unix socket to listen at instead of an address; only its owner can open it")
	c.Flags().StringVar(&call, "call", p.Getenv(callVariable), "whom to call in an incident, in one line that the overview shows (environment: "+callVariable+")")
	c.Flags().StringVar(&browser, "browser", press.Browser, "for reports as PDF: a Chromium that prints them, by its name or path")
	c.Flags().BoolVar(&how.rules.TokenToRead, "require-token", false, "ask everyone who reads for a token, on every route")
	at.flags(c)
	c.Flags().BoolVar(&how.rules.SignIn, "sign-in", false, "ask everyone who reads to sign in, also while there is no account yet")
	c.MarkFlagsMutuallyExclusive("addr", "socket")
	return c
}

// callVariable names the environment variable that says whom to call in an incident, and
// mostCall is how long that may be.
const (
	callVariable = "CANDOR_CALL"
	mostCall     = 200
)

// called returns whom to call in an incident, as it is shown.
func called(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text != inert.Line(text) || utf8.RuneCountInString(text) > mostCall {
		return "", fault.New(fault.Usage, "whom to call is no single line of at most %d characters", mostCall).At("--call").
			Next("name a desk and its number, for example --call 'security desk, extension 4711, day and night'")
	}
	return text, nil
}

// foldEvery is how often what was pushed becomes batches: soon enough to look at,
// and seldom enough that a day of pushing makes thousands of them.
const foldEvery = 30 * time.Second

// serving is how a server is to serve.
type serving struct {
	on    listening
	place *edge.Place
	log   *slog.Logger
	// limits bound what one asker has it do.
	limits door.Limits
	fold   time.Duration
	rules  identity.Rules
	// pulls are the sources that are pulled while the server runs; nil for none.
	pulls *pull.Book
	// told is whom the server tells what is new; nil for nobody.
	told *telling
	// provider is where people sign in elsewhere; nil where they do not.
	provider *provider.Service
}

// listening is where a server listens, and how people name the place.
type listening struct {
	net.Listener
	at string
}

// free says why nothing can listen at an address. A socket may be for a folder that is
// made first.
func (p *program) free(ctx context.Context, how serving, addr, socket string) error {
	if socket != "" {
		return nil
	}
	l, err := p.listen(ctx, how, addr, "")
	if err != nil {
		return err
	}
	return l.Close()
}

// listen begins to listen at a socket or, without one, at an address.
func (p *program) listen(ctx context.Context, how serving, addr, socket string) (listening, error) {
	if socket == "" {
		l, err := how.place.Listen(ctx, addr)
		if err != nil {
			return listening{}, err
		}
		return listening{l, how.place.Scheme() + "://" + l.Addr().String() + "/"}, nil
	}
	path, err := filepath.Abs(p.path(socket))
	if err != nil {
		return listening{}, err
	}
	l, err := edge.ListenPrivately(ctx, path)
	return listening{l, "unix:" + path}, err
}

// serve answers requests, takes what is pushed, and runs the commands of other
// processes, until ctx ends, which is how a server is meant to end.
func (p *program) serve(ctx context.Context, d *Desk, how serving, pol func() (assure.Policy, error)) error {
	log := how.log
	defer how.on.Close()
	defer p.reload(how)()
	if c := how.place.Certificate; c != nil {
		d.Certificate = c.Check
	}
	fold, err := p.fold(d, how, log)
	if err != nil {
		return err
	}
	defer fold()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer p.keepDaily(ctx, d, pol, log)()
	defer p.watch(ctx, d, how.pulls, log)()
	defer p.lookOut(ctx, d, pol, log)()
	defer p.tellOthers(ctx, d, how.told, pol, log)()
	defer mcp.Warm(ctx, mcp.Deps{Library: d.Library, Assessment: d.Assessment, Policy: pol, Clock: p.Now})()
	elsewhere, end := p.signIns(ctx, d, how.provider, log)
	defer end()
	way := door.New(door.Config{Rules: how.rules, Tokens: p.tokens(), Accounts: d.People, Provider: elsewhere, Noted: d.Visits.Note, Limits: how.limits, Now: p.Now})
	defer p.keepVisits(ctx, d, log)()
	var others sharing
	var failed error
	err = how.place.Serve(ctx, how.on, d.Handler(way, pol, log), log, func() {
		if others, failed = p.share(ctx, d, how.on.at, way, p.relayed(log)); failed != nil {
			stop()
			return
		}
		p.serving(how.on.at, way)
	})
	if others.wait != nil {
		err = errors.Join(err, others.end())
	}
	return errors.Join(failed, err)
}

// dailyLook is how often is looked whether the assessment of the day is kept: often
// enough that a machine that slept over midnight does not lose a day.
const dailyLook = 10 * time.Minute

// keepDaily keeps an assessment of every day, as assess --keep does, until ctx ends
// or what it returns is called, which waits for the end.
func (p *program) keepDaily(ctx context.Context, d *Desk, pol func() (assure.Policy, error), log *slog.Logger) (end func()) {
	if d.Intake == nil {
		return func() {} // the folder cannot be written
	}
	ctx, stop := context.WithCancel(ctx)
	keeper := archive.Daily{
		Archive: p.archive(), Now: p.Now,
		Most: func() (int, error) {
			in, err := pol()
			return in.KeepDaily, err
		},
		Assess: func(ctx context.Context, at time.Time) (assure.Assessment, error) {
			in, err := pol()
			if err != nil {
				return assure.Assessment{}, err
			}
			return d.Assessment.Assess(ctx, assessment.Request{AsOf: at, Policy: in})
		},
	}
	tell := func(err error) { log.Warn("the assessment of the day is not kept", "error", err) }
	look := time.NewTicker(dailyLook)
	done := crew.Go(func() error {
		defer look.Stop()
		keeper.Run(ctx, look.C, tell)
		return nil
	})
	return func() {
		stop()
		if err := <-done; err != nil {
			tell(err)
		}
	}
}

// lookOften is how often is looked whether anything arrived that chains could be in.
const lookOften = time.Second

// lookOut shows what arrives to the definitions of chains that are on, until ctx ends or
// what it returns is called, which waits for the end.
func (p *program) lookOut(ctx context.Context, d *Desk, pol func() (assure.Policy, error), log *slog.Logger) (end func()) {
	if d.Lookout == nil {
		return func() {} // the folder cannot be written
	}
	ctx, stop := context.WithCancel(ctx)
	d.Lookout.Find = func(ctx context.Context, now, until time.Time) ([]*alert.Alert, int, error) {
		in, err := pol()
		if err != nil {
			return nil, 0, err
		}
		u, err := d.Assessment.UnstoredChains(ctx, assessment.Request{AsOf: now, Policy: in}, until)
		return u.Ready, u.Waiting, err
	}
	tell := func(err error) { log.Warn("what arrives was not looked at for chains", "error", err) }
	look := time.NewTicker(lookOften)
	done := crew.Go(func() error {
		defer look.Stop()
		d.Lookout.Run(ctx, look.C, tell)
		return nil
	})
	return func() {
		stop()
		if err := <-done; err != nil {
			tell(err)
		}
	}
}

// fold begins to make batches of what is pushed. A desk that only reads takes nothing.
func (p *program) fold(d *Desk, how serving, log *slog.Logger) (stop func(), err error) {
	if d.Intake == nil {
		return func() {}, nil
	}
	return d.Intake.Start(how.fold, log)
}

// covered covers the secrets of tokens in what is logged, whoever put them there.
func covered(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString, slog.KindAny:
		text := a.Value.String()
		if shown := string(token.Cover([]byte(text))); shown != text {
			return slog.String(a.Key, shown)
		}
	}
	return a
}

// announcement is what a server says when it starts.
type announcement struct {
	Serving string `json:"serving"`
	// Reading is "open", "token" or "sign-in".
	Reading string `json:"reading"`
	// Link opens the pages to a browser, once.
	Link string `json:"link,omitempty"`
}

// serving says where a server is, and to whom it is open.
func (p *program) serving(at string, way *door.Door) {
	a := announcement{Serving: at, Reading: "open"}
	switch {
	case way.InForce().SignIn:
		a.Reading = "sign-in"
	case way.Rules.TokenToRead:
		base := strings.TrimSuffix(at, "/")
		if strings.HasPrefix(at, "unix:") {
			base = "http://localhost" // which the socket answers to
		}
		a.Reading, a.Link = "token", base+way.Link()
	}
	if p.json {
		_ = json.NewEncoder(p.Out).Encode(a)
		return
	}
	fmt.Fprintf(p.Out, "serving %s (Ctrl-C stops)\n", inert.Line(at))
	switch {
	case a.Reading == "sign-in":
		fmt.Fprintf(p.Out, "  Reading asks people to sign in with an account, and programs for a token with the scope read.\n")
		if way.Provider != nil {
			fmt.Fprintf(p.Out, "  They can sign in through %s, beginning at %s/sign-in.\n", inert.Line(way.Provider.Title()), inert.Line(way.Provider.Home()))
		}
	case a.Link != "":
		fmt.Fprintf(p.Out, "  Reading asks for a token with the scope read. A browser opens this link, once:\n  %s\n", a.Link)
	case strings.HasPrefix(at, "unix:"):
		fmt.Fprintf(p.Out, "  Open to every process that may open the socket: yours, and those of the superuser.\n")
	default:
		fmt.Fprintf(p.Out, "  Open to everyone on this machine: reading needs no token. --require-token asks for one.\n")
	}
}

// judgedBy returns what says which policy is in force: the named file as it is now,
// else whatever the data folder has when it is asked.
func (p *program) judgedBy(file string) (func() (assure.Policy, error), error) {
	pol, err := p.policyInForce(file)
	if file == "" {
		return p.policyNow, err
	}
	return func() (assure.Policy, error) { return pol, nil }, err
}

// policyNow returns the policy of the data folder as it is now. One that cannot be
// read is no fault of whoever asks for a page.
func (p *program) policyNow() (assure.Policy, error) {
	pol, err := p.policyInForce("")
	var f *fault.Error
	if errors.As(err, &f) {
		err = fault.New(fault.Unavailable, "the policy in force cannot be used: %s", f.What).At("%s", f.Where).
			Next("put one in force that can: candor policy set FILE")
	}
	return pol, err
}

// demonstration is what `candor demo` is asked to do.
type demonstration struct {
	addr string
	seed uint64
	keep string
	once bool
}

func (p *program) demoCommand() *cobra.Command {
	var m demonstration
	c := &cobra.Command{
		Use:   "demo",
		Short: "See Candor at work: a miniature library, a simulated organisation",
		Long: `Demo needs no network and no files. It fills a temporary data folder with a
miniature library, written for this purpose in ATT&CK's shape, and with ninety days
of evidence of an organisation that does not exist, made from a seed. It prints the
overview and serves the pages until Ctrl-C.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.demo(cmd, m) },
	}
	c.Flags().BoolVar(&m.once, "once", false, "stop after printing the overview")
	c.Flags().StringVar(&m.addr, "addr", "127.0.0.1:8080", "loopback address to serve on; port 0 picks a free one")
	c.Flags().Uint64Var(&m.seed, "seed", 1, "seed of the simulated evidence")
	c.Flags().StringVar(&m.keep, "keep", "", "keep data and input files in this new folder instead of a temporary one")
	return c
}

func (p *program) demo(cmd *cobra.Command, m demonstration) error {
	var on listening
	if !m.once {
		var err error
		if on, err = p.listen(cmd.Context(), serving{place: &edge.Place{}}, m.addr, ""); err != nil {
			return err // before anything is made
		}
		defer on.Close()
	}
	dir, remove, err := demoFolder(p.path(m.keep))
	if err != nil {
		return err
	}
	defer remove()
	if !p.quiet && !p.json {
		p.note("making ninety days of evidence of an organisation that does not exist, and judging it")
	}
	p.data = filepath.Join(dir, "data")
	return p.with(cmd, true, func(ctx context.Context, d *Desk) error {
		if err := p.fillDemo(ctx, d, dir, m.seed); err != nil {
			return err
		}
		a, err := d.Assessment.Overview(ctx, assessment.Request{AsOf: p.Now(), Policy: policy.Default()})
		if err != nil {
			return err
		}
		if err := p.emit(a, func(g *sheet) { p.introduceDemo(g, m, dir); showAssessment(g, a, true) }); err != nil || m.once {
			return err
		}
		return p.serve(ctx, d, serving{on: on, place: &edge.Place{}, log: p.usual(), fold: foldEvery}, p.policyNow)
	})
}

func demoFolder(keep string) (dir string, remove func(), err error) {
	if keep == "" {
		dir, err = os.MkdirTemp("", "candor-demo-")
		return dir, func() { os.RemoveAll(dir) }, err
	}
	if _, err := os.Stat(keep); err == nil {
		return "", nil, fault.New(fault.Conflict, "the folder is there already").At("%s", keep).Next("name a new folder, or remove this one")
	}
	return keep, func() {}, os.MkdirAll(keep, 0o755)
}

// fillDemo imports the miniature library and the simulated evidence through the
// same doors as real input.
func (p *program) fillDemo(ctx context.Context, d *Desk, dir string, seed uint64) error {
	input := filepath.Join(dir, "input")
	if err := os.MkdirAll(input, 0o755); err != nil {
		return err
	}
	bundle := filepath.Join(input, "miniature.json")
	if err := os.WriteFile(bundle, sample.Bundle(), 0o644); err != nil {
		return err
	}
	if _, err := d.Bundles.Import(ctx, ingest.BundleRequest{Source: bundle, StandsIn: true, Now: p.Now()}); err != nil {
		return err
	}
	files, err := sample.Write(input, seed, day.Of(p.Now()).Add(-1))
	if err != nil {
		return err
	}
	for _, e := range []struct{ kind, path string }{
		{"telemetry", files.Telemetry}, {"feeds", files.Feeds}, {"rules", files.Rules},
		{"alerts", files.Alerts}, {"exercises", files.Exercises}, {"cases", files.Cases}, {"signals", files.Signals},
		{"tuning", files.Tuning}, {"exceptions", files.Exceptions}, {"fields", files.Fields}, {"runs", files.Runs}, {"runbooks", files.Runbooks},
	} {
		r := ingest.Request{Kind: e.kind, Paths: []string{e.path}, By: "candor demo", RejectsDir: filepath.Join(p.data, "rejects")}
		if _, err := d.Ingest.Add(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) introduceDemo(g *sheet, m demonstration, dir string) {
	g.line("%s", g.bold("Candor demo"))
	g.wrap("", "The library here is a miniature that was written for this demo in ATT&CK's shape; its texts are not MITRE's. "+
		"The organisation does not exist: its evidence comes from a generator with seed "+fmt.Sprint(m.seed)+".", 96)
	g.line("The real library: candor attack import enterprise-attack-18.1.json (from MITRE's attack-stix-data)")
	if m.keep != "" {
		g.line("Kept: data in %s, the input files in %s", filepath.Join(dir, "data"), filepath.Join(dir, "input"))
	}
	g.line("")
}
