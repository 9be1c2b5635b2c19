package stix

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/attack"
	"candor/internal/crew"
	"candor/internal/fault"
)

// batchSize is how many bytes of objects are decoded as one piece of work, and
// ahead is how many such pieces may wait for fn.
const (
	batchSize = 256 << 10
	ahead     = 4
)

// ErrNotBundle is the cause of refusing JSON that is something else than a STIX
// bundle.
var ErrNotBundle = errors.New("this is not a STIX bundle")

// batch is some consecutive objects of a bundle.
type batch struct {
	raw   []byte
	ends  []int   // where each object ends in raw
	at    []int64 // where each object begins in the file
	snaps []*attack.Snapshot
	stix  []string // the spec_version that each of snaps states
	odd   []Oddity
	err   error // after snaps
	done  chan struct{}
}

// Read reads a bundle and calls fn with each object in the order of the file.
// Objects are decoded ahead of fn on other cores. fn may keep the snapshot.
//
// An error of fn ends the reading and is returned as it is. Input that is
// refused gives a *fault.Error of kind Invalid whose Where is "NAME: byte N"; fn
// may have been called before that.
func Read(ctx context.Context, src Source, fn func(*attack.Snapshot) error) (Summary, error) {
	src.Limits = src.Limits.orDefault()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &splitter{ctx: ctx, src: src, batches: make(chan *batch, ahead), decoders: make(chan *Decoder, runtime.GOMAXPROCS(0))}
	for range cap(s.decoders) {
		s.decoders <- &Decoder{}
	}
	finished := crew.Go(func() error {
		defer close(s.batches)
		return s.split()
	})
	err := s.deliver(fn)
	cancel()
	for b := range s.batches { // let the splitter end before its reader is closed
		<-b.done
	}
	splitErr := <-finished
	if err = cmp.Or(err, splitErr); err != nil {
		return s.sum, err
	}
	s.conclude()
	return s.sum, nil
}

// splitter cuts a bundle into objects.
type splitter struct {
	ctx      context.Context
	src      Source
	meter    *meter
	json     *jsontext.Decoder
	batches  chan *batch // in the order of the file
	decoders chan *Decoder

	// Of the bundle; set by split, read after it has ended.
	id, typ, stated string
	count           int
	holdsObjects    bool
	fields          map[string][]byte // the value of each key
	repeats         []string          // what is odd about the keys

	// Of the objects; set by deliver.
	sum    Summary
	states map[string]*stating // by spec_version
	seen   map[string]bool
}

// stating is the objects that state a STIX version, and what the first of them are.
type stating struct {
	count int
	first []Oddity
}

// deliver hands the decoded objects to fn, in order.
func (s *splitter) deliver(fn func(*attack.Snapshot) error) error {
	s.sum.Domains = map[string]int{}
	s.seen, s.states = map[string]bool{}, map[string]*stating{}
	for b := range s.batches {
		<-b.done
		if err := s.ctx.Err(); err != nil {
			return fmt.Errorf("read bundle: %w", context.Cause(s.ctx))
		}
		for _, o := range b.odd {
			s.sum.note(o)
		}
		for i, snap := range b.snaps {
			s.take(&snap.Object, b.stix[i])
			if err := fn(snap); err != nil {
				return err
			}
		}
		if b.err != nil {
			return b.err
		}
	}
	return nil
}

// take adds an object, which states a STIX version or none, to the summary.
func (s *splitter) take(o *attack.Object, version string) {
	if s.seen[o.ID] {
		s.sum.note(Oddity{StixID: o.ID, ATTACKID: o.ATTACKID,
			What: "the id occurs more than once in the bundle; the object modified last counts, of equals the last in the file"})
	}
	s.seen[o.ID] = true
	s.sum.add(o)
	if version == "" {
		return
	}
	st := s.states[version]
	if st == nil {
		st = &stating{}
		s.states[version] = st
	}
	if st.count++; st.count <= maxOddities {
		st.first = append(st.first, Oddity{StixID: o.ID, ATTACKID: o.ATTACKID})
	}
}

// conclude completes the summary of a bundle that was read to its end.
func (s *splitter) conclude() {
	s.sum.ID, s.sum.FileHash, s.sum.Size = s.id, s.meter.sum(), s.meter.n
	for _, what := range s.repeats {
		s.sum.note(Oddity{What: what})
	}
	versions := slices.Sorted(maps.Keys(s.states))
	by := "the bundle states"
	if s.sum.STIX = s.stated; s.sum.STIX == "" && len(versions) > 0 {
		s.sum.STIX, by = versions[len(versions)-1], "other objects state"
	}
	if s.sum.STIX == "" {
		s.sum.STIX = "2.0"
		s.sum.note(Oddity{What: "neither the bundle nor its objects state a STIX version; taken for 2.0"})
	}
	for _, v := range versions {
		if v == s.sum.STIX {
			continue
		}
		for _, o := range s.states[v].first {
			o.What = fmt.Sprintf("the object states STIX %s where %s %s, which counts", v, by, s.sum.STIX)
			s.sum.note(o)
		}
		s.sum.MoreOddities += s.states[v].count - len(s.states[v].first)
	}
}

// split reads the file to its end and cuts it into batches.
func (s *splitter) split() error {
	var err error
	if s.meter, err = newMeter(s.src); err != nil {
		return err
	}
	s.json, s.fields = jsontext.NewDecoder(s.meter, jsontext.AllowDuplicateNames(true)), map[string][]byte{}
	if s.json.PeekKind() != '{' {
		if _, err := s.json.ReadToken(); err != nil {
			return s.explain(err)
		}
		return s.refuse(0, "the file does not begin with {").Because(ErrNotBundle)
	}
	if err := s.bundle(); err != nil {
		return err
	}
	s.meter.allow(s.json.InputOffset() + int64(s.src.Limits.Object))
	s.json.PeekKind()
	end := s.next()
	if _, err := s.json.ReadToken(); err == nil {
		return s.refuse(end, "something follows the end of the bundle")
	} else if err != io.EOF {
		return s.explain(err)
	}
	if s.typ != "bundle" {
		return s.refuse(0, "the file has no \"type\"").Because(ErrNotBundle)
	}
	if !s.holdsObjects {
		return s.refuse(0, "the file has no \"objects\"").Because(ErrNotBundle)
	}
	return nil
}

// next returns the offset of the value that PeekKind has just seen.
func (s *splitter) next() int64 {
	ahead := s.json.UnreadBuffer()
	return s.json.InputOffset() + int64(len(ahead)-len(bytes.TrimLeft(ahead, " \t\r\n,:")))
}

// bundle reads the outermost object.
func (s *splitter) bundle() error {
	if _, err := s.json.ReadToken(); err != nil {
		return s.explain(err)
	}
	for s.json.PeekKind() == '"' {
		at := s.next()
		key, err := s.json.ReadToken()
		if err != nil {
			return s.explain(err)
		}
		if key.String() == "objects" && s.holdsObjects {
			return s.refuse(at, "the bundle has \"objects\" twice, and which of them is meant cannot be told")
		}
		if err := s.bundleField(key.String()); err != nil {
			return err
		}
	}
	if _, err := s.json.ReadToken(); err != nil {
		return s.explain(err)
	}
	return nil
}

func (s *splitter) bundleField(key string) error {
	if key == "objects" {
		return s.objects()
	}
	s.json.PeekKind()
	at := s.next()
	s.meter.allow(at + int64(s.src.Limits.Object))
	v, err := s.json.ReadValue()
	if err != nil {
		return s.explain(err)
	}
	plain, depth, repeats := compact(nil, v, &keys{})
	if depth > s.src.Limits.Depth {
		return s.refuse(at, "%q nests %d deep; at most %d is read", key, depth, s.src.Limits.Depth)
	}
	if repeats {
		plain = s.dedupe(key, plain)
	}
	if had, ok := s.fields[key]; ok {
		s.repeats = append(s.repeats, repeat{path: "the bundle", key: key, times: 2, equal: sameJSON(had, plain)}.String())
	}
	s.fields[key] = plain
	var text string
	if v.Kind() == '"' {
		b, _ := jsontext.AppendUnquote(nil, v) // ReadValue has checked it
		text = string(b)
	}
	switch key {
	case "type":
		s.typ = text
		if text != "bundle" {
			return s.refuse(at, "the file's \"type\" is %q", text).Because(ErrNotBundle)
		}
	case "id":
		s.id = text
	case "spec_version":
		s.stated = text
	}
	return nil
}

// dedupe drops what is repeated inside a field of the bundle, and notes it.
func (s *splitter) dedupe(key string, value []byte) []byte {
	clean, repeats := distinct(value)
	for _, r := range repeats {
		r.path = strings.TrimSuffix(key+"/"+r.path, "/")
		s.repeats = append(s.repeats, r.String())
	}
	return clean
}

// objects reads the array of objects.
func (s *splitter) objects() error {
	if s.json.PeekKind() != '[' {
		return s.refuse(s.next(), "\"objects\" is not an array").Because(ErrNotBundle)
	}
	if _, err := s.json.ReadToken(); err != nil {
		return s.explain(err)
	}
	s.holdsObjects = true
	b := &batch{}
	for {
		s.meter.allow(s.json.InputOffset() + int64(s.src.Limits.Object))
		if k := s.json.PeekKind(); k == ']' || k <= 0 {
			break
		}
		if err := s.object(b); err != nil {
			return s.flush(b, err)
		}
		if len(b.raw) >= batchSize {
			if err := s.flush(b, nil); err != nil {
				return err
			}
			b = &batch{}
		}
	}
	if err := s.flush(b, nil); err != nil {
		return err
	}
	if _, err := s.json.ReadToken(); err != nil {
		return s.explain(err)
	}
	return nil
}

// object reads one element of the array of objects into b.
func (s *splitter) object(b *batch) error {
	if k := s.json.PeekKind(); k != '{' {
		return s.refuse(s.next(), "an element of \"objects\" is %s, not an object", kindName(k))
	}
	v, err := s.json.ReadValue()
	if err != nil {
		return s.explain(err)
	}
	at := s.json.InputOffset() - int64(len(v))
	if len(v) > s.src.Limits.Object {
		return s.tooLarge(at)
	}
	if s.count++; s.count > s.src.Limits.Objects {
		return s.refuse(at, "the bundle holds more than %d objects", s.src.Limits.Objects)
	}
	if b.raw == nil {
		b.raw = make([]byte, 0, max(len(v), batchSize+batchSize/8))
	}
	b.raw = append(b.raw, v...)
	b.ends = append(b.ends, len(b.raw))
	b.at = append(b.at, at)
	return nil
}

// flush sends a batch on its way, so that what came before an error is still
// looked at first, and returns that error.
func (s *splitter) flush(b *batch, after error) error {
	if len(b.ends) == 0 {
		return after
	}
	if err := s.ctx.Err(); err != nil {
		return fmt.Errorf("read bundle: %w", err)
	}
	b.done = make(chan struct{})
	select {
	case s.batches <- b:
	case <-s.ctx.Done():
		return fmt.Errorf("read bundle: %w", s.ctx.Err())
	}
	crew.Go(func() error { s.decode(b); return nil })
	return after
}

// decode decodes the objects of a batch.
func (s *splitter) decode(b *batch) {
	defer close(b.done)
	d := <-s.decoders
	defer func() { s.decoders <- d }()
	if err := crew.Do(func() error { return s.decodeBy(d, b) }); err != nil {
		b.err = err
	}
}

// decodeBy decodes the objects of a batch with a decoder.
func (s *splitter) decodeBy(d *Decoder, b *batch) error {
	b.snaps = make([]*attack.Snapshot, 0, len(b.ends))
	start := 0
	for i, end := range b.ends {
		snap := &attack.Snapshot{Raw: b.raw[start:end:end]}
		start = end
		depth, err := d.decode(snap)
		if err != nil {
			return s.locate(err, b.at[i])
		}
		if depth > s.src.Limits.Depth {
			return s.refuse(b.at[i], "an object nests %d deep; at most %d is read", depth, s.src.Limits.Depth)
		}
		b.odd = append(b.odd, d.odd...)
		b.stix = append(b.stix, d.stix)
		b.snaps = append(b.snaps, snap)
	}
	return nil
}

// locate gives a fault of one object its place in the file.
func (s *splitter) locate(err error, at int64) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.At("%s", s.where(at))
	}
	return fault.New(fault.Invalid, "an object cannot be decoded").Because(err).At("%s", s.where(at))
}
