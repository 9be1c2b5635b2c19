package pull

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"candor/internal/crew"
	"candor/internal/fault"
)

// Status is how the pulls of a source stand.
type Status struct {
	Name    string   `json:"name"`
	Product string   `json:"product"`
	Address string   `json:"address"`
	Parts   []string `json:"parts"`
	Every   string   `json:"every"`
	// State is one of States.
	State string `json:"state"`
	// Tried and Succeeded are the times of the last pull, and of the last one that
	// collected all it asked for.
	Tried     time.Time `json:"tried,omitzero"`
	Succeeded time.Time `json:"succeeded,omitzero"`
	// Next is the earliest time of the next pull by a server.
	Next time.Time `json:"next,omitzero"`
	// Failed says what the last pull met, and Failing since when none succeeded.
	Failed  string    `json:"failed,omitempty"`
	Failing time.Time `json:"failing,omitzero"`
	// Records is how many records pulls of it brought or changed in all.
	Records int64 `json:"records"`
	// Collected is up to when each part was collected.
	Collected map[string]time.Time `json:"collected,omitempty"`
}

// The states of a source.
const (
	Never   = "never pulled"
	Works   = "answers"
	Partly  = "incomplete" // the last pull did not collect all
	Stopped = "stopped"    // none succeeded for a day, and for three times the time between two
)

// States lists the states of a source.
func States() []string { return []string{Never, Works, Partly, Stopped} }

// Status says how the pulls of a source stand.
func (s *Service) Status(of *Source) (Status, error) {
	st, err := s.State(of)
	if err != nil {
		return Status{}, err
	}
	out := Status{Name: of.Name, Product: of.Product.Name, Address: of.Addresses[""], Every: shown(of.Every), State: Never, Parts: []string{},
		Tried: st.Tried, Succeeded: st.Succeeded, Failed: st.Failed, Failing: st.Failing, Records: st.Records, Collected: map[string]time.Time{}}
	for _, p := range of.Parts {
		out.Parts = append(out.Parts, p.Name)
		if c := st.Parts[p.Name]; c != nil {
			out.Collected[p.Name] = c.To
		}
	}
	switch {
	case st.Tried.IsZero():
	case st.Failed == "":
		out.State = Works
	case s.Now().Sub(st.Failing) > max(3*of.Every, 24*time.Hour):
		out.State = Stopped
	default:
		out.State = Partly
	}
	if !st.Tried.IsZero() {
		out.Next = due(st, of)
	}
	return out, nil
}

// due is when a source is to be asked again: the zero time for one that never was.
func due(st *State, of *Source) time.Time {
	if st.Tried.IsZero() {
		return time.Time{}
	}
	next := st.Tried.Add(of.Every)
	if st.Later.After(next) {
		return st.Later
	}
	return next
}

// Watch pulls every source so often as its configuration says, until ctx ends. Two pulls
// of one source never run at once, and what lands goes through in. Tell is told what
// went wrong.
func (s *Service) Watch(ctx context.Context, sources []Source, in Adder, tell func(name string, err error)) {
	s.watched.Store(&sources)
	defer s.watched.Store(nil)
	var all crew.Workers
	for i := range sources {
		all.Go(func() { s.watch(ctx, &sources[i], in, tell) })
	}
	all.Wait()
}

// Watched says how the pulls of the sources stand that are being watched.
func (s *Service) Watched() (list []Status, err error) {
	sources := s.watched.Load()
	if sources == nil {
		return nil, nil
	}
	for i := range *sources {
		one, err := s.Status(&(*sources)[i])
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// pause is how long is waited at least between two pulls of a source, whatever it says.
const pause = 10 * time.Second

func (s *Service) watch(ctx context.Context, of *Source, in Adder, tell func(name string, err error)) {
	for ctx.Err() == nil {
		at := time.Time{}
		st, err := s.State(of)
		if err == nil {
			at = due(st, of)
		}
		// Sources that were begun together are not asked together for ever.
		jitter := time.Duration(rand.Int64N(int64(of.Every)/10 + 1))
		if at.IsZero() {
			jitter = 0
		}
		left := max(at.Add(jitter).Sub(s.Now()), 0)
		if err != nil {
			left = of.Every
			tell(of.Name, err)
		}
		if s.Wait(ctx, left) != nil {
			return
		}
		if err == nil {
			err = crew.Do(func() error { _, err := s.Pull(ctx, of, in, Options{}); return err })
			if err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) && fault.KindOf(err) != fault.Conflict {
				tell(of.Name, err)
			}
		}
		if s.Wait(ctx, pause) != nil {
			return
		}
	}
}
