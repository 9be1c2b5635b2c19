package hook

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"candor/internal/deliver"
	"candor/internal/ledger"
)

// HeadTold is what a webhook is told of a head.
type HeadTold struct {
	Head string `json:"head"`
	ledger.Root
}

// heads sends the head to each place that has another one and is due.
func (s *Service) heads(ctx context.Context, list []HeadsTo, tell func(who string, err error)) {
	size, err := s.Size(ctx)
	s.tell(ctx, "heads", err, tell)
	if err != nil || size == 0 {
		return
	}
	var due []HeadsTo
	for _, to := range list {
		if s.headDue(&to, size) {
			due = append(due, to)
		}
	}
	if len(due) == 0 {
		return
	}
	text, root, err := s.Head(ctx)
	s.tell(ctx, "heads", err, tell)
	if err != nil {
		for i := range due {
			_ = s.headSent(&due[i], 0, err)
		}
		return
	}
	for i := range due {
		err := s.SendHead(ctx, &due[i], text, root)
		if ctx.Err() != nil && err != nil {
			return
		}
		s.tell(ctx, "heads to "+due[i].Place.String(), err, tell)
		s.tell(ctx, "heads", s.headSent(&due[i], root.Size, err), tell)
	}
}

func (s *Service) headDue(to *HeadsTo, size int64) (due bool) {
	_ = s.within(func(o *outbox) (bool, error) {
		st, now := o.Heads[to.Written], s.Now()
		due = st == nil || st.Size != size && !now.Before(st.At.Add(to.Every)) && !now.Before(st.Next)
		return false, nil
	})
	return due
}

// headSent notes what came of a head.
func (s *Service) headSent(to *HeadsTo, size int64, failed error) error {
	return s.within(func(o *outbox) (bool, error) {
		st, now := o.Heads[to.Written], s.Now().UTC()
		if st == nil {
			st = &HeadsSent{}
			o.Heads[to.Written] = st
		}
		if failed == nil {
			*st = HeadsSent{Size: size, At: now}
			return true, nil
		}
		st.Tries, st.Failed = st.Tries+1, failed.Error()
		st.Next = now.Add(wait(st.Tries, failed))
		return true, nil
	})
}

// SendHead sends a signed head to a place, once.
func (s *Service) SendHead(ctx context.Context, to *HeadsTo, text string, root ledger.Root) error {
	secret, err := to.read(s.Getenv)
	if err != nil {
		return err
	}
	now := s.Now()
	body, err := json.Marshal(told{"candor.head", now.UTC().Truncate(time.Second), HeadTold{text, root}})
	if err != nil {
		return err
	}
	return deliver.Send(ctx, to.Place, deliver.Message{ID: newID(), Time: now, Subject: fmt.Sprintf("Candor: head of the ledger, %d entries", root.Size), Text: text, JSON: body}, secret)
}

// HookStatus is how a hook stands.
type HookStatus struct {
	Name  string   `json:"name"`
	To    string   `json:"to"`
	Kinds []string `json:"kinds"`
	// Waiting is how many messages it has not taken yet, and Dead how many were put aside.
	Waiting int `json:"waiting"`
	Dead    int `json:"dead"`
	// Took is when it took one last; Tries, Next and Failed are of the message that it is
	// to take next.
	Took   time.Time `json:"took,omitzero"`
	Tries  int       `json:"tries,omitempty"`
	Next   time.Time `json:"next,omitzero"`
	Failed string    `json:"failed,omitempty"`
}

// HeadsStatus is how a place of heads stands.
type HeadsStatus struct {
	To    string `json:"to"`
	Every string `json:"every"`
	HeadsSent
}

// Status is how everything stands.
type Status struct {
	Hooks []HookStatus  `json:"hooks"`
	Heads []HeadsStatus `json:"heads"`
	// Orphans is how many messages wait for hooks that the configuration does not have.
	Orphans int `json:"orphans,omitempty"`
}

// Status says how everything stands.
func (s *Service) Status(c Config) (Status, error) {
	out := Status{Hooks: []HookStatus{}, Heads: []HeadsStatus{}}
	dead, err := s.Dead()
	if err != nil {
		return out, err
	}
	return out, s.within(func(o *outbox) (bool, error) {
		at := map[string]int{}
		for i, h := range c.Hooks {
			at[h.Name] = i
			out.Hooks = append(out.Hooks, HookStatus{Name: h.Name, To: h.Place.String(), Kinds: h.Kinds, Took: o.Took[h.Name]})
		}
		for _, l := range o.Queue {
			i, ok := at[l.Hook]
			if !ok {
				out.Orphans++
				continue
			}
			h := &out.Hooks[i]
			if h.Waiting++; h.Waiting == 1 {
				h.Tries, h.Next, h.Failed = l.Tries, l.Next, l.Failed
			}
		}
		for _, l := range dead {
			if i, ok := at[l.Hook]; ok {
				out.Hooks[i].Dead++
			}
		}
		for _, h := range c.Heads {
			one := HeadsStatus{To: h.Place.String(), Every: h.Every.String()}
			if st := o.Heads[h.Written]; st != nil {
				one.HeadsSent = *st
			}
			out.Heads = append(out.Heads, one)
		}
		return false, nil
	})
}

// Places says how the places stand that the server sends heads to now.
func (s *Service) Places() ([]HeadsStatus, error) {
	s.mu.Lock()
	c := Config{Heads: s.where}
	s.mu.Unlock()
	st, err := s.Status(c)
	return st.Heads, err
}

// Depths are how many messages wait, and how many were put aside.
func (s *Service) Depths() (waiting, dead int) {
	list, _ := s.Dead() // of what cannot be read nothing is known
	_ = s.within(func(o *outbox) (bool, error) { waiting = len(o.Queue); return false, nil })
	return waiting, len(list)
}

// Busy reports whether anything is being looked at or sent.
func (s *Service) Busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.busy) > 0
}
