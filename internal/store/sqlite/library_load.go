package sqlite

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/crew"
)

// Load returns the view of a release with objects of the given STIX types, or
// of all types.
func (l *Library) Load(ctx context.Context, r attack.Release, types ...string) (*attack.Library, error) {
	v, err := l.viewOf(ctx, r)
	if err != nil {
		return nil, err
	}
	var wanted []int32
	for i := range v.cards {
		if len(types) == 0 || slices.Contains(types, v.cards[i].Type) {
			wanted = append(wanted, int32(i))
		}
	}
	objects := make([]*attack.Object, len(v.cards))
	decoders := sync.Pool{New: func() any { return &stix.Decoder{} }}
	err = l.visit(ctx, v, wanted, func(p *pack, wanted []int32) error {
		d := decoders.Get().(*stix.Decoder)
		defer decoders.Put(d)
		for _, n := range wanted {
			var err error
			if objects[n], err = d.Object(p.object(v.ids[n])); err != nil {
				return l.damaged("%s: %v", v.cards[n].StixID, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	objects = slices.DeleteFunc(objects, func(o *attack.Object) bool { return o == nil })
	return attack.NewLibrary(v.release, objects), nil
}

// viewOf returns the view of the release that r names.
func (l *Library) viewOf(ctx context.Context, r attack.Release) (*view, error) {
	e, err := l.edition(ctx, r)
	if err != nil {
		return nil, err
	}
	return l.view(ctx, e)
}

// bySnapshot orders ordinals by where their bytes are stored.
func (v *view) bySnapshot(ns []int32) {
	slices.SortFunc(ns, func(a, b int32) int { return int(v.ids[a]) - int(v.ids[b]) })
}

// visiting is one pack and the ordinals wanted out of it.
type visiting struct {
	row    storedPack
	cached *pack // nil if row has yet to be unpacked
	wanted []int32
}

// visit calls fn, on several cores at once, with each pack that holds some of
// the wanted ordinals, and those. It reorders wanted.
func (l *Library) visit(ctx context.Context, v *view, wanted []int32, fn func(p *pack, wanted []int32) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	v.bySnapshot(wanted)
	work := make(chan visiting, 2)
	var wg crew.Workers
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for w := range work {
				if err := crew.Do(func() error { return l.visitOne(w, fn) }); err != nil {
					cancel(err)
				}
			}
		})
	}
	err := l.feed(ctx, v, wanted, work)
	close(work)
	wg.Wait()
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return err
}

// feed finds the packs that hold the wanted ordinals and sends each on.
func (l *Library) feed(ctx context.Context, v *view, wanted []int32, work chan<- visiting) error {
	for len(wanted) > 0 {
		w := visiting{}
		first := v.ids[wanted[0]]
		end := uint32(0)
		if p, ok := l.cachedPack(first); ok {
			w.cached, end = p, p.first+uint32(len(p.ends))
		} else {
			row, err := l.storedPack(ctx, first, true)
			if err != nil {
				return err
			}
			w.row, end = row, row.first+row.count
		}
		n, _ := slices.BinarySearchFunc(wanted, end, func(n int32, end uint32) int { return int(v.ids[n]) - int(end) })
		w.wanted, wanted = wanted[:n], wanted[n:]
		select {
		case work <- w:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (l *Library) visitOne(w visiting, fn func(p *pack, wanted []int32) error) error {
	p := w.cached
	if p == nil {
		var err error
		if p, err = l.unpack(w.row); err != nil {
			return err
		}
	}
	return fn(p, w.wanted)
}
