package app

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"candor/internal/assure"
	"candor/internal/durable"
	"candor/internal/press"
	"candor/internal/pull"
	"candor/internal/token"
	"candor/internal/upkeep"
)

// askEvery is how long the state of an installation is not looked at again for whoever asks
// a server: probes ask often, and anybody may.
const askEvery = 2 * time.Second

// operate returns what says how the installation stands.
func (s *stores) operate(p func() (assure.Policy, error)) func(context.Context) upkeep.State {
	var mu sync.Mutex
	var last upkeep.State
	return func(ctx context.Context) upkeep.State {
		mu.Lock()
		defer mu.Unlock()
		if since := s.mode.Now().Sub(last.At); since >= 0 && since < askEvery {
			return last
		}
		f := s.facts(ctx)
		_, err := p()
		f.Policy = said(err)
		if last = upkeep.Of(f); ctx.Err() != nil {
			last.At = time.Time{} // what was not found out because nobody waits is asked again
		}
		return last
	}
}

// facts are what is known of the installation now.
func (s *stores) facts(ctx context.Context) upkeep.Facts {
	f := upkeep.Facts{At: s.mode.Now(), Server: s.mode.Serve, Open: s.exposed(), Files: openFiles()}
	f.Writable = s.hold != nil || writable(s.dir) == nil
	if room, known := durable.Free(s.dir); known {
		f.Room = &room
	}
	releases, err := s.library.Releases(ctx)
	f.Library, f.Releases = said(err), len(releases)
	for _, r := range releases {
		if r.Imported.After(f.Imported) {
			f.Imported = r.Imported
		}
	}
	_, err = s.alerts.Generation(ctx)
	f.Alerts = said(err)
	s.newest(ctx, &f)
	s.flows(&f)
	_, err = exec.LookPath(cmp.Or(s.mode.Browser, press.Browser))
	f.Browser = err == nil
	return f
}

// said is what an error says, with where that is.
func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// newest finds the newest entry of the ledger.
func (s *stores) newest(ctx context.Context, f *upkeep.Facts) {
	n, err := s.keeper.Log().Size(ctx)
	if err == nil && n > 0 {
		last, bad := s.keeper.Log().Part(ctx, n-1, n)
		if err = bad; err == nil && len(last) > 0 {
			f.Entry = last[0].Time
		}
	}
	f.Ledger = said(err)
}

// flows finds what waits and what fails.
func (s *stores) flows(f *upkeep.Facts) {
	if s.intake != nil {
		f.Waiting = s.intake.Standing().Waiting
	}
	pulls := s.pulled.Standing()
	f.Pulls = pulls.Wrong
	for _, p := range pulls.Pulls {
		if p.State != pull.Works && p.State != pull.Never {
			f.Failing = append(f.Failing, p.Name+": "+p.Failed)
		}
	}
	_, f.Dead = s.hooks.Depths()
	if s.desk != nil && s.desk.Certificate != nil {
		f.Certificate = said(s.desk.Certificate())
	}
	if s.desk != nil && s.desk.Provider != nil {
		f.Provider = said(s.desk.Provider())
	}
	tokens, err := token.In(filepath.Join(s.dir, "tokens")).List()
	if err != nil {
		return // who shows one is told
	}
	for _, t := range tokens {
		if t.Revoked == nil && t.Expires != nil && t.Expires.Sub(f.At) < upkeep.Ending {
			f.Tokens = append(f.Tokens, t.Name+" ends or ended on "+t.Expires.UTC().Format("2006-01-02"))
		}
	}
}

// exposed lists what others than its owner may read of what is to be the owner's alone.
func (s *stores) exposed() (names []string) {
	for _, name := range []string{"library.db", "evidence.db", "policy.yaml", "tokens", "alerts", "push", "hooks"} {
		path := filepath.Join(s.dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o004 != 0 && reachable(s.dir) {
			names = append(names, name)
		}
	}
	return names
}

// reachable reports whether others may enter a folder at all.
func reachable(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.Mode().Perm()&0o001 != 0
}
