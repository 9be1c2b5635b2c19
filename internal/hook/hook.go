package hook

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"candor/internal/crew"
	"candor/internal/deliver"
	"candor/internal/fault"
	"candor/internal/ledger"
	"candor/internal/news"
)

// Service tells others. Its fields are set before anything else; those that are functions are
// asked by a server alone.
type Service struct {
	// Dir is the folder of what is to be told.
	Dir    string
	Now    func() time.Time
	Getenv func(string) string
	// Generation names all that a standing follows from, and Standing is how things stand.
	Generation func(ctx context.Context) (string, error)
	Standing   func(ctx context.Context) (news.Standing, error)
	// Size is how many entries the ledger has, and Head its signed head.
	Size func(ctx context.Context) (int64, error)
	Head func(ctx context.Context) (text string, r ledger.Root, err error)

	mu    sync.Mutex
	box   *outbox
	busy  map[string]bool
	said  map[string]string // what was told last of whom
	told  []Hook            // who is told what is new
	where []HeadsTo         // heads are sent

	looking sync.Mutex // held while a standing is made
	latest  *news.Standing
	seen    string    // the generation that latest is of
	made    time.Time // when it was made
	rest    time.Time // until when nothing is looked at
	asked   time.Time // when somebody asked for the latest last
}

// patience is how many times as long as a look took the next one waits, so that looking takes
// no more than a fifth of a core; and asking is for how long a standing is kept up to date for
// somebody who asked for it.
const (
	patience = 4
	asking   = 10 * time.Minute
)

// Run tells others whenever it is woken and there is something to tell, until ctx ends. What
// goes wrong is told once, until something else does or nothing.
func (s *Service) Run(ctx context.Context, config func() Config, wake <-chan time.Time, tell func(who string, err error)) {
	var all crew.Workers
	defer all.Wait()
	for {
		s.once(ctx, config(), &all, tell)
		select {
		case <-ctx.Done():
			return
		case <-wake:
		}
	}
}

// looks is the name under which is told what went wrong with looking.
const looks = "changes"

func (s *Service) once(ctx context.Context, c Config, all *crew.Workers, tell func(who string, err error)) {
	s.mu.Lock()
	s.told, s.where = c.Hooks, c.Heads
	wanted := len(c.Hooks) > 0 || !s.asked.IsZero() && s.Now().Sub(s.asked) < asking
	s.mu.Unlock()
	if wanted {
		s.alone(all, looks, func() { s.tell(ctx, looks, s.look(ctx), tell) })
	}
	for _, h := range c.Hooks {
		if _, due := s.due(h.Name); due {
			s.alone(all, "hook "+h.Name, func() { s.tell(ctx, "hook "+h.Name, s.send(ctx, h), tell) })
		}
	}
	if len(c.Heads) > 0 {
		s.alone(all, "heads", func() { s.heads(ctx, c.Heads, tell) })
	}
}

// alone runs f in a goroutine, unless one of the name runs.
func (s *Service) alone(all *crew.Workers, name string, f func()) {
	if s.take(name) {
		all.Go(func() {
			defer s.release(name)
			f()
		})
	}
}

func (s *Service) take(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[name] {
		return false
	}
	if s.busy == nil {
		s.busy = map[string]bool{}
	}
	s.busy[name] = true
	return true
}

func (s *Service) release(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, name)
}

// tell tells what went wrong, once.
func (s *Service) tell(ctx context.Context, who string, err error, tell func(who string, err error)) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	s.mu.Lock()
	fresh := s.said[who] != text
	if s.said == nil {
		s.said = map[string]string{}
	}
	if ctx.Err() == nil {
		s.said[who] = text
	}
	s.mu.Unlock()
	if err != nil && fresh && ctx.Err() == nil {
		tell(who, err)
	}
}

// within runs f on what is on the disk and, unless it fails, writes what it made of it.
func (s *Service) within(f func(o *outbox) (changed bool, err error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.box == nil {
		var err error
		if s.box, err = s.load(); err != nil {
			return err
		}
	}
	changed, err := f(s.box)
	if err != nil || !changed {
		return err
	}
	if err := s.save(s.box); err != nil {
		s.box = nil // what was read is what there is
		return err
	}
	return nil
}

// look makes a standing if anything it follows from changed, and queues what is new.
func (s *Service) look(ctx context.Context) error {
	s.looking.Lock()
	defer s.looking.Unlock()
	s.mu.Lock()
	hooks, now := s.told, s.Now()
	s.mu.Unlock()
	if now.Before(s.rest) {
		return nil
	}
	g, err := s.Generation(ctx)
	if err != nil || g == s.seen && (len(hooks) == 0 || s.based()) {
		return err
	}
	standing, err := s.Standing(ctx)
	s.rest = now.Add(s.Now().Sub(now) * (1 + patience))
	if fault.KindOf(err) == fault.NotFound {
		return nil // there is nothing to assess yet
	}
	if err != nil {
		return err
	}
	if len(hooks) > 0 {
		if err := s.queue(hooks, &standing, now); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.latest, s.made = &standing, now
	s.mu.Unlock()
	s.seen = g
	return nil
}

// based reports whether there is a standing that others are compared with.
func (s *Service) based() (based bool) {
	_ = s.within(func(o *outbox) (bool, error) { based = o.Last != nil; return false, nil })
	return based
}

// queue queues what is new for hooks. The first standing is what later ones are compared with.
func (s *Service) queue(hooks []Hook, now *news.Standing, at time.Time) error {
	return s.within(func(o *outbox) (bool, error) {
		if o.Last == nil {
			o.Last = now
			return true, nil
		}
		changes := news.Between(o.Last, now)
		if len(changes) == 0 && o.Last.AsOf == now.AsOf {
			return false, nil
		}
		for i := range hooks {
			list, err := letters(&hooks[i], changes, now, at.UTC().Truncate(time.Second))
			if err != nil {
				return false, err
			}
			o.Queue = append(o.Queue, list...)
		}
		o.Last = now
		return true, nil
	})
}

// Latest returns how things stand, and as of when that was found; from then on it is kept up to
// date for a while. It is made when it is first asked for, and never for who asks later.
func (s *Service) Latest(ctx context.Context) (news.Standing, time.Time, error) {
	s.mu.Lock()
	s.asked = s.Now()
	have, at := s.latest, s.made
	s.mu.Unlock()
	if have == nil {
		if err := s.look(ctx); err != nil {
			return news.Standing{}, at, err
		}
		s.mu.Lock()
		have, at = s.latest, s.made
		s.mu.Unlock()
	}
	if have == nil {
		return news.Standing{}, at, fault.New(fault.NotFound, "there is nothing to assess yet").Next("candor attack import FILE")
	}
	return *have, at, nil
}

// Peek returns what Latest does, and false where nothing is known yet: it makes nothing.
func (s *Service) Peek() (news.Standing, time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = s.Now()
	if s.latest == nil {
		return news.Standing{}, time.Time{}, false
	}
	return *s.latest, s.made, true
}

// due returns the letter that a hook is sent next, if it is time: one after the other, so
// that none overtakes another.
func (s *Service) due(hook string) (l Letter, due bool) {
	_ = s.within(func(o *outbox) (bool, error) {
		i := slices.IndexFunc(o.Queue, func(l Letter) bool { return l.Hook == hook })
		if i >= 0 && !s.Now().Before(o.Queue[i].Next) {
			l, due = o.Queue[i], true
		}
		return false, nil
	})
	return l, due
}

// The waits between tries: each three times as long as the one before.
const (
	firstWait = 5 * time.Second
	mostWait  = time.Hour
)

// wait is how long is waited after so many tries in vain, the last of which ended with err.
func wait(tries int, err error) time.Duration {
	d := firstWait
	for range tries - 1 {
		d = min(3*d, mostWait)
	}
	var later *deliver.ErrLater
	if errors.As(err, &later) {
		d = max(d, later.Wait)
	}
	return d + rand.N(d/10+1) // those that fail together are not tried together for ever
}

// send sends a hook all that is due, until it does not take one.
func (s *Service) send(ctx context.Context, h Hook) error {
	for ctx.Err() == nil {
		l, due := s.due(h.Name)
		if !due {
			return nil
		}
		err := s.post(ctx, &h, l.ID, l.Body)
		if ctx.Err() != nil && err != nil {
			return nil // it is sent when the next one runs
		}
		if bad := s.sent(&h, l.ID, err); bad != nil {
			return bad
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// post sends a hook a body. What is signed has the time of this try: receivers refuse old ones.
func (s *Service) post(ctx context.Context, h *Hook, id string, body []byte) error {
	secret, err := h.read(s.Getenv)
	if err != nil {
		return err
	}
	return deliver.Send(ctx, h.Place, deliver.Message{ID: id, Time: s.Now(), JSON: body}, secret)
}

// sent notes what came of a try. What nobody took for too long is put aside.
func (s *Service) sent(h *Hook, id string, failed error) error {
	return s.within(func(o *outbox) (bool, error) {
		i := slices.IndexFunc(o.Queue, func(l Letter) bool { return l.ID == id })
		if i < 0 {
			return false, nil
		}
		l, now := &o.Queue[i], s.Now()
		if failed == nil {
			o.Took[h.Name] = now.UTC()
			o.Queue = slices.Delete(o.Queue, i, i+1)
			return true, nil
		}
		l.Tries, l.Failed = l.Tries+1, failed.Error()
		l.Next = now.Add(wait(l.Tries, failed)).UTC()
		if now.Sub(l.Made) < h.GiveUp {
			return true, nil
		}
		if err := s.bury(l); err != nil {
			return false, err
		}
		o.Queue = slices.Delete(o.Queue, i, i+1)
		return true, nil
	})
}

// Check sends a hook a message that says nothing, so that people see whether it takes one.
func (s *Service) Check(ctx context.Context, h Hook) error {
	body, err := json.Marshal(told{"candor.test", s.Now().UTC().Truncate(time.Second), struct {
		Text string `json:"text"`
	}{"candor hooks check sent this; nothing changed"}})
	if err != nil {
		return err
	}
	return s.post(ctx, &h, newID(), body)
}

// Resent is what came of sending again what nobody took.
type Resent struct {
	// Found is how many there were, and Taken how many were taken at once; the others are
	// tried again as if they were new.
	Found int `json:"found"`
	Taken int `json:"taken"`
}

// Resend takes up letters that nobody took, all where none is named, and sends them. One that
// is not there is fault.NotFound.
func (s *Service) Resend(ctx context.Context, c Config, ids []string) (Resent, error) {
	dead, err := s.Dead()
	if err != nil {
		return Resent{}, err
	}
	again := map[string]bool{}
	for _, l := range dead {
		again[l.ID] = len(ids) == 0 || slices.Contains(ids, l.ID)
	}
	for _, id := range ids {
		if !again[id] {
			return Resent{}, fault.New(fault.NotFound, "no message %q was put aside", id).Next("candor hooks dead lists those that were")
		}
	}
	dead = slices.DeleteFunc(dead, func(l Letter) bool { return !again[l.ID] })
	if len(dead) == 0 {
		return Resent{}, nil
	}
	if err := s.requeue(dead); err != nil {
		return Resent{}, err
	}
	if err := s.unbury(again); err != nil {
		return Resent{}, err
	}
	for _, h := range c.Hooks {
		if name := "hook " + h.Name; s.take(name) {
			_ = s.send(ctx, h) // what it met is said where the letters are listed
			s.release(name)
		}
	}
	r := Resent{Found: len(dead), Taken: len(dead)}
	err = s.within(func(o *outbox) (bool, error) {
		for _, l := range o.Queue {
			if again[l.ID] {
				r.Taken--
			}
		}
		return false, nil
	})
	return r, err
}

// requeue puts letters into the queue as if they were new, under the ids that they had.
func (s *Service) requeue(list []Letter) error {
	return s.within(func(o *outbox) (bool, error) {
		for _, l := range list {
			l.Made, l.Tries, l.Next, l.Failed = s.Now().UTC(), 0, time.Time{}, ""
			if !slices.ContainsFunc(o.Queue, func(o Letter) bool { return o.ID == l.ID }) {
				o.Queue = append(o.Queue, l)
			}
		}
		return true, nil
	})
}
