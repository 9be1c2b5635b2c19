// Package app is the only wiring: a data folder becomes stores, stores become
// services, services are handed to the faces.
//
// It holds no logic; a decision found here belongs somewhere else.
package app

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"candor/internal/answer"
	"candor/internal/api"
	"candor/internal/archive"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/backup"
	"candor/internal/cli"
	"candor/internal/custody"
	"candor/internal/door"
	"candor/internal/edge"
	"candor/internal/engine"
	"candor/internal/fault"
	"candor/internal/head"
	"candor/internal/hold"
	"candor/internal/hook"
	"candor/internal/ingest"
	"candor/internal/intake"
	"candor/internal/library"
	"candor/internal/lookout"
	"candor/internal/mcp"
	"candor/internal/people"
	"candor/internal/policy"
	"candor/internal/pull"
	"candor/internal/retention"
	"candor/internal/scratch"
	"candor/internal/store/batches"
	"candor/internal/store/sqlite"
	"candor/internal/taxii"
	"candor/internal/token"
	"candor/internal/veil"
	"candor/internal/web"
)

// patience is how long a process waits for another one.
const patience = 10 * time.Minute

// stores are the open files of a data folder.
type stores struct {
	dir      string
	mode     cli.Mode
	wait     time.Duration // for another process
	engine   engine.Name
	hold     *hold.Hold // nil when only reading
	library  *sqlite.Library
	evidence *sqlite.Evidence
	alerts   *engine.Late
	keeper   *custody.Keeper
	desk     *cli.Desk
	turn     *hold.Turn // of the commands that the server runs
	veil     *veil.Folder
	// intake takes what is pushed; it is nil unless this process writes.
	intake *intake.Service
	pulled *pull.Service
	hooks  *hook.Service
	people *people.Book
	visits *people.Visits
	// lookout finds chains in what arrives; it is nil unless this process writes.
	lookout *lookout.Service

	// What a folder that cannot be written takes: copies, and files that must not change.
	mu      sync.Mutex
	noted   sync.Once
	scratch *scratch.Folder
	frozen  []frozen
}

// Open opens the data folder dir, and makes it when m asks to write. A server that
// cannot write to the folder reads it. It is a cli.Open.
func Open(ctx context.Context, dir string, m cli.Mode) (*cli.Desk, error) {
	d, err := open(ctx, dir, m)
	if !m.Serve || fault.KindOf(err) != fault.Unavailable {
		return d, err
	}
	m.Write = false
	if d, again := open(ctx, dir, m); again == nil {
		return d, nil
	}
	return nil, err
}

func open(ctx context.Context, dir string, m cli.Mode) (*cli.Desk, error) {
	if err := folder(dir, m.Write); err != nil {
		return nil, err
	}
	s := &stores{dir: dir, mode: m, wait: patience, turn: hold.NewTurn()}
	s.veil = &veil.Folder{Dir: dir, File: m.Key, Now: m.Now, Wanted: policy.Pseudonyms(filepath.Join(dir, "policy.yaml"))}
	if err := s.served(ctx); err != nil {
		return nil, err
	}
	if m.Write {
		var err error
		if s.hold, err = hold.Acquire(ctx, s.asking()); err != nil {
			return nil, err
		}
		_ = backup.Collect(dir) // what cannot be removed now is no obstacle
	} else {
		s.recover(ctx)
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.leave())
	}
	err := s.keep(ctx)
	if err == nil && m.Serve && m.Write {
		_, err = s.veil.InForce() // which it takes what is pushed with
	}
	if err != nil {
		return nil, errors.Join(err, s.leave())
	}
	s.desk = s.services()
	return s.desk, nil
}

// folder makes the data folder, or refuses a missing one when only reading. Where the
// system is in the way, it says so before anything else does.
func folder(dir string, write bool) error {
	if write {
		return writable(dir)
	}
	info, err := os.Stat(dir)
	if err == nil && info.IsDir() {
		err = readable(dir)
	}
	if hint := fault.Rights(err, "the data folder"); hint != "" {
		return fault.New(fault.Unavailable, "the data folder cannot be read").At("%s", dir).Because(err).Next("%s with --data or CANDOR_DATA", hint)
	}
	if err == nil && !info.IsDir() {
		return noFolder(dir)
	}
	if err != nil {
		return fault.New(fault.NotFound, "there is no data folder").At("%s", dir).
			Next("candor attack import FILE makes it; --data or CANDOR_DATA names another one; candor demo needs none")
	}
	return nil
}

func noFolder(dir string) error {
	return fault.New(fault.Invalid, "the data folder is a file").At("%s", dir).Next("name a folder with --data or CANDOR_DATA")
}

// readable tells whether the folder can be entered and listed.
func readable(dir string) error {
	if _, err := os.ReadDir(dir); err != nil {
		return err
	}
	_, err := os.Stat(filepath.Join(dir, "library.db"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// writable makes the folder and tells whether files can be made in it.
func writable(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return noFolder(dir)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		hint := cmp.Or(fault.Rights(err, "the folder above it"), "name another one")
		return fault.New(fault.Unavailable, "the data folder cannot be made").At("%s", dir).Because(err).Next("%s with --data or CANDOR_DATA", hint)
	}
	f, err := os.CreateTemp(dir, ".rights-")
	if hint := fault.Rights(err, "the data folder"); hint != "" {
		return fault.New(fault.Unavailable, "nothing can be written into the data folder").At("%s", dir).Because(err).Next("%s with --data or CANDOR_DATA", hint)
	}
	if err != nil {
		return nil // what else is wrong with the folder is told where it matters
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// recover finishes what a writer left that was killed, before the folder is read.
// Where the folder cannot be written, or is damaged, it is read as it is.
func (s *stores) recover(ctx context.Context) {
	if !hold.Left(s.dir) {
		return
	}
	w := &stores{dir: s.dir, mode: s.mode, wait: 2 * time.Second} // those who read need not be waited for
	w.mode.Write = true
	asked := s.asking()
	asked.Patience = hold.Patience{} // another process that writes does the same first
	var err error
	if w.hold, err = hold.Acquire(ctx, asked); err != nil {
		return
	}
	_ = backup.Collect(s.dir)
	if err = w.open(ctx); err == nil {
		err = w.keep(ctx)
	}
	if err != nil {
		_ = w.leave()
		return
	}
	_ = w.close()
}

func (s *stores) open(ctx context.Context) (err error) {
	if err := s.known(ctx); err != nil {
		return err
	}
	at := filepath.Join(s.dir, "library.db")
	s.library, err = eitherWay(s, func() (*sqlite.Library, error) { return sqlite.OpenLibrary(ctx, at) },
		func(r sqlite.Reading) (*sqlite.Library, error) { return sqlite.ReadLibrary(ctx, at, r) })
	if err != nil {
		return err
	}
	at = filepath.Join(s.dir, "evidence.db")
	s.evidence, err = eitherWay(s, func() (*sqlite.Evidence, error) { return sqlite.OpenEvidence(ctx, at) },
		func(r sqlite.Reading) (*sqlite.Evidence, error) { return sqlite.ReadEvidence(ctx, at, r) })
	if err != nil {
		return err
	}
	return s.openAlerts()
}

// known refuses a folder of which a newer candor wrote one of the stores, before
// anything is written to another one.
func (s *stores) known(ctx context.Context) error {
	for _, schema := range []string{"library", "evidence"} {
		if err := sqlite.Known(ctx, filepath.Join(s.dir, schema+".db"), schema); err != nil {
			return err
		}
	}
	return batches.Known(filepath.Join(s.dir, engine.Folder))
}

func (s *stores) asking() hold.Asking {
	return hold.Asking{Dir: s.dir, Command: s.mode.Command, Now: s.mode.Now(), Patience: s.patience()}
}

func (s *stores) patience() hold.Patience {
	return hold.Patience{Limit: s.wait, Meet: s.served, Tell: func(h hold.Holder) {
		if s.mode.Note != nil {
			s.mode.Note(h.Waited(s.dir))
		}
	}}
}

// keep makes the keeper of the stores. Whoever is to write begins by recording
// what another writer that was stopped has left without an entry.
func (s *stores) keep(ctx context.Context) error {
	files := people.In(filepath.Join(s.dir, people.Name))
	s.keeper = custody.New(custody.Stores{
		People: files,
		Ledger: s.evidence.Ledger(), Batches: []custody.Batches{s.evidence, s.alerts}, Releases: s.library,
		Policy: filepath.Join(s.dir, "policy.yaml"), Now: s.mode.Now,
		Keys: head.Folder{Dir: s.dir, File: s.mode.HeadsKey},
	})
	return s.register(ctx, files)
}

// leave closes the folder, and lets the next one find that something is to be done.
func (s *stores) leave() error {
	h := s.hold
	s.hold = nil
	err := s.close()
	if h != nil {
		err = errors.Join(err, h.Leave())
	}
	return err
}

func (s *stores) close() error {
	var errs []error
	if s.alerts != nil {
		errs = append(errs, s.alerts.Close())
	}
	if s.evidence != nil {
		errs = append(errs, s.evidence.Close())
	}
	if s.library != nil {
		errs = append(errs, s.library.Close())
	}
	errs = append(errs, s.unchanged())
	if s.scratch != nil {
		errs = append(errs, s.scratch.Remove())
	}
	if s.hold != nil {
		errs = append(errs, s.hold.Release())
	}
	return errors.Join(errs...)
}

func (s *stores) services() *cli.Desk {
	now := s.mode.Now
	lib := library.New(s.library)
	judge := assessment.New(s.library, s.keeper.Evidence(s.evidence), s.keeper.Alerts(s.alerts))
	judge.Kept = s.archive().List
	in := ingest.NewEvidence(s.keeper.Evidence(s.evidence), s.keeper.Alerts(s.alerts), now).Against(s.library).Veiled(s.veil.Trying)
	if s.mode.Write {
		in.Veiled(s.veil.InForce)
		s.takePushed(in)
		s.lookOut(in, judge)
	}
	s.pulled = s.pulls(in)
	s.hooks = s.tellers(judge)
	return &cli.Desk{
		Pulls:      s.pulled,
		Hooks:      s.hooks,
		InTurn:     inTurn{s, in},
		Lookout:    s.lookout,
		Library:    lib,
		Releases:   s.library,
		Bundles:    ingest.NewBundles(s.keeper.Library(s.library)),
		Ingest:     in,
		Intake:     s.intake,
		Evidence:   s.evidence,
		Alerts:     s.alerts,
		Assessment: judge,
		Custody:    s.keeper,
		Veil:       s.veil,
		People:     s.people,
		Visits:     s.visits,
		Retention:  s.retention(),
		BatchFile:  s.alerts.File,
		Extract:    s.alerts.Extract,
		Merges:     s.alerts.Merges,
		Parts:      s.parts(),
		Handler: func(at *door.Door, p func() (assure.Policy, error), log *slog.Logger) http.Handler {
			return s.handler(lib, judge, at, p, log)
		},
		Share:   s.share,
		Operate: s.operate,
		Close:   s.close,
	}
}

func (s *stores) retention() *retention.Service {
	return &retention.Service{Keeper: s.keeper, Evidence: s.evidence, Veil: s.veil, Now: s.mode.Now}
}

// answersMost bounds what a server keeps of its answers, in bytes.
const answersMost = 64 << 20

// answers keeps what is answered for as long as the folder and the policy are as they are.
func (s *stores) answers(p func() (assure.Policy, error)) *answer.Cache {
	return answer.New(answer.Config{Most: answersMost, Now: s.mode.Now, State: answer.StateOf(
		s.library.Generation, s.evidence.Ledger().Generation, s.alerts.Generation,
		s.archive().Generation, answer.Value(p),
	)})
}

func (s *stores) archive() archive.Archive { return archive.In(filepath.Join(s.dir, "assessments")) }

// handler joins the pages and the API over the same services.
func (s *stores) handler(lib *library.Service, judge *assessment.Service, at *door.Door, p func() (assure.Policy, error), log *slog.Logger) http.Handler {
	version, now := cli.Version(), s.mode.Now
	answers, operate := s.answers(p), s.operate(p)
	var looking func() lookout.Standing
	if s.lookout != nil {
		looking = s.lookout.Standing
	}
	var writing web.Writing
	if s.intake != nil {
		writing = web.Writing{Gaps: gapsInTurn{s, judge}, Profiles: profilesInTurn{s, judge}, Upgrades: decisionsInTurn{s, judge}, Labels: labelsInTurn{s.intake, s}, Bring: bringInTurn{inTurn{s, s.desk.Ingest}}, Chains: chainsInTurn{s, judge}, Veil: s.veil.InForce}
	}
	reports := s.reports(lib, judge)
	pages := web.New(web.Deps{
		Reports: reports, Door: at, Answers: answers.Handler, Register: judge, Profiler: judge, Upgrader: judge, Chainer: judge, Lookout: looking, Sampler: judge, Writing: writing,
		Objects: lib, Index: s.library, Assessor: judge, Gates: judge, Reviews: judge, Measurer: judge, Rosterer: judge, Explorer: judge, Evidence: s.evidence, Alerts: s.alerts,
		Ledger: s.keeper.Log(), Heads: s.heads, Kept: s.archive(), Pulls: s.pulled.Standing,
		Operation: operate, Policy: p, Clock: now, Log: log, Call: s.mode.Call, Version: version,
		People: s.people, Visits: s.visits, Tokens: token.In(filepath.Join(s.dir, "tokens")),
	})
	deps := api.Deps{
		Reports: reports, Door: at, Answers: answers.Handler,
		Objects: lib, Index: s.library, Assessor: judge, Gates: judge, Reviews: judge, Measurer: judge, Notes: judge, Profiles: judge, Upgrades: judge, Chainer: judge, Lookout: looking, Evidence: s.evidence, Alerts: s.alerts, Ledger: s.keeper.Log(), Expiries: s.retention(), Pulls: s.pulled.Standing,
		Policy: p, Clock: now, Log: log, Version: version,
	}
	deps.Standing, deps.Operation = s.hooks.Latest, operate
	measured := s.metrics(version)
	deps.Metrics, at.Observe = measured.Handler(), measured.Observe
	if s.intake != nil {
		deps.Intake, deps.Notetaker, deps.Tier, deps.Registrar, deps.Expirer = s.intake, notesInTurn{s, judge}, tiesInTurn{s, judge}, gapsInTurn{s, judge}, expiryInTurn{s}
		deps.ProfileKeeper, deps.Decider = profilesInTurn{s, judge}, decisionsInTurn{s, judge}
		deps.Bringer = filesInTurn{s.desk.InTurn, filepath.Join(s.dir, "rejects")}
	}
	if s.hold == nil {
		deps.ReadOnly = fault.New(fault.Unavailable, "this server reads a data folder that it cannot write to, and takes nothing").At("%s", s.dir).
			Next("push to a server that may write to its data folder; nothing was stored")
	}
	return s.steady(edge.Combine(pages, s.programs(deps, lib, judge), log))
}

// programs joins the faces that programs ask.
func (s *stores) programs(d api.Deps, lib *library.Service, judge *assessment.Service) http.Handler {
	rest := api.New(d)
	feed := taxii.New(taxii.Deps{Store: s.library, Origin: lib, Door: d.Door, Log: d.Log})
	models := mcp.Handler(mcp.Deps{Library: lib, Assessment: judge, Policy: d.Policy, Clock: d.Clock, Version: d.Version, Door: d.Door, Log: d.Log})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, taxii.Path):
			feed.ServeHTTP(w, r)
		case r.URL.Path == mcp.Path:
			models.ServeHTTP(w, r)
		default:
			rest.ServeHTTP(w, r)
		}
	})
}
