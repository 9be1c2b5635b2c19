package assessment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/crew"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/standing"
	"candor/internal/take"
)

// Take returns the analyst context of the object that id, an ATT&CK ID or a STIX id,
// names in the release that r selects. It fails as Assess does, with
// fault.NotFound when the release has no such object and with fault.Usage when
// it is of a kind of which no take is written.
func (s *Service) Take(ctx context.Context, r Request, id string) (take.Take, error) {
	d, err := s.desk(ctx, r)
	if err != nil {
		return take.Take{}, err
	}
	o, err := meant(d, id)
	if err != nil {
		return take.Take{}, err
	}
	if err := Takeable(*o); err != nil {
		return take.Take{}, err
	}
	notes, err := s.said(ctx)
	if err != nil {
		return take.Take{}, err
	}
	t, _ := d.Write(o.ID)
	return noting(t, readNotes(d.Library, notes), r), nil
}

// readNotes adds the notes about objects that are not in force to those of what a person
// decided that their IDs are read as.
func readNotes(lib *attack.Library, all map[string][]take.Said) map[string][]take.Said {
	if !lib.Deciding() {
		return all
	}
	read := maps.Clone(all)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		h, of := attack.Holder{Kind: attack.OfNote, ID: id}, all[id][0].Object.ATTACKID
		if lib.Decided(h, of) == nil {
			continue
		}
		for _, to := range assure.Decides(lib, h, of) {
			if os := lib.ByATTACKID(to); len(os) > 0 {
				read[os[0].ID] = append(slices.Clone(read[os[0].ID]), all[id]...)
			}
		}
	}
	return read
}

// noting returns a take with the notes about its object that are in force.
func noting(t take.Take, all map[string][]take.Said, r Request) take.Take {
	return t.With(take.Current(take.History(all[t.Object.StixID], t.Hash, day.Of(r.AsOf))))
}

// Takeable is fault.Usage for an object of a kind of which no take is written. The
// release that a take is made from does not hold those.
func Takeable(o attack.Object) error {
	if take.Written(o.Kind) {
		return nil
	}
	name := o.ATTACKID
	if name == "" {
		name = o.ID
	}
	return fault.New(fault.Usage, "%s is of kind %s, and no take is written of one", name, o.Kind).Next("name one of: %s", kindList())
}

// Takes writes the takes of all live objects of the release that r selects and of
// which takes are written, in the order of the bundle. Several are rendered at a
// time; out gets what render made of each, one after the other.
func (s *Service) Takes(ctx context.Context, r Request, render func(take.Take) ([]byte, error), out func([]byte) error) error {
	d, err := s.desk(ctx, r)
	if err != nil {
		return err
	}
	notes, err := s.said(ctx)
	if err != nil {
		return err
	}
	notes = readNotes(d.Library, notes)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ahead := make(chan chan rendered, 2*runtime.GOMAXPROCS(0))
	g, ctx := crew.WithContext(ctx)
	g.Go(func() error {
		defer close(ahead)
		for _, o := range d.Library.Objects() {
			if !o.Live() || !take.Written(o.Kind) {
				continue
			}
			one := make(chan rendered, 1)
			select {
			case ahead <- one:
			case <-ctx.Done():
				return ctx.Err()
			}
			g.Go(func() error {
				var text []byte
				err := crew.Do(func() (err error) {
					t, _ := d.Write(o.ID)
					text, err = render(noting(t, notes, r))
					return err
				})
				one <- rendered{text, err}
				return nil
			})
		}
		return nil
	})
	for one := range ahead {
		p := <-one
		if p.err == nil {
			p.err = out(p.text)
		}
		if p.err != nil {
			cancel()
			return errors.Join(p.err, drain(ahead))
		}
	}
	return g.Wait()
}

// rendered is what became of a take.
type rendered struct {
	text []byte
	err  error
}

// drain lets those finish who still render.
func drain(ahead chan chan rendered) error {
	for one := range ahead {
		<-one
	}
	return nil
}

// Standing returns how the techniques stand that the object named is about.
func (s *Service) Standing(ctx context.Context, r Request, id string) (standing.Standing, error) {
	d, err := s.desk(ctx, r)
	if err != nil {
		return standing.Standing{}, err
	}
	o, err := meant(d, id)
	if err != nil {
		return standing.Standing{}, err
	}
	return d.Board().Of(o), nil
}

// Board returns how everything in the release that r selects stands.
func (s *Service) Board(ctx context.Context, r Request) (*standing.Board, error) {
	d, err := s.desk(ctx, r)
	if err != nil {
		return nil, err
	}
	return d.Board(), nil
}

// meant returns the object that an id means: a live one before a dead one, and a
// technique before the mitigation that shares its id.
func meant(d *take.Desk, id string) (*attack.Object, error) {
	if o, ok := d.Library.Object(id); ok {
		return o, nil
	}
	found := slices.Clone(d.Library.ByATTACKID(attack.SpellID(id)))
	slices.SortStableFunc(found, func(a, b *attack.Object) int { return precedence(a) - precedence(b) })
	if len(found) == 0 {
		return nil, fault.New(fault.NotFound, "%s has no object %s", d.Library.Release, attack.SpellID(id)).
			Next("candor attack search finds objects by their words")
	}
	return found[0], nil
}

func precedence(o *attack.Object) int {
	n := 0
	if !o.Live() {
		n += 2
	}
	if !o.Kind.Technique() {
		n++
	}
	return n
}

func kindList() string {
	var names []string
	for _, k := range take.Kinds() {
		names = append(names, string(k))
	}
	return attack.Listed(names)
}

// desk returns the desk of the release and the evidence that r selects, made once
// for the same ones.
func (s *Service) desk(ctx context.Context, r Request) (*take.Desk, error) {
	r.Platform = ""
	if r.AsOf.IsZero() {
		return nil, fault.New(fault.Usage, "the day of judgement is not stated")
	}
	rel, err := s.release(ctx, r.Release.Or(r.Policy.Release))
	if err != nil {
		return nil, err
	}
	g, err := s.generation(ctx)
	if err != nil {
		return nil, err
	}
	key := join(libraryKey(rel), g.evidence, g.alerts, string(day.Of(r.AsOf)), r.Site, fmt.Sprintf("%+v", r.Policy))
	if d, ok := s.desks.Get(key); ok {
		return d, nil
	}
	return s.desking.Do(ctx, key, func(ctx context.Context) (*take.Desk, error) {
		a, err := s.whole(ctx, r)
		if err != nil {
			return nil, err
		}
		lib, err := s.library(ctx, rel)
		if err != nil {
			return nil, err
		}
		fixed, err := s.lasting(ctx, rel)
		if err != nil {
			return nil, err
		}
		ev, err := s.read(ctx, g, r)
		if err != nil {
			return nil, err
		}
		chains, err := s.creditable(ctx, r, &ev)
		if err != nil {
			return nil, err
		}
		d := take.NewDesk(take.Input{Library: lib, Hashes: fixed.hashes, Near: fixed.near, Assessment: &a, Policy: r.Policy, Local: says(&ev), Chains: chains})
		s.desks.Put(key, d)
		return d, nil
	})
}

// says reports whether the evidence says anything that verdicts can rest on.
func says(ev *assure.Evidence) bool {
	t := &ev.Telemetry
	return len(t.Scope)+len(t.Sources)+len(t.Externals)+len(t.Observations)+len(ev.Rules)+len(ev.Exercises)+
		len(ev.Runbooks)+len(ev.Tunings)+len(ev.Cases)+len(ev.AlertRules)+len(ev.Waivers)+len(ev.Runs) > 0
}
