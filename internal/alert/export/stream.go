package export

import (
	"strings"
	"sync"

	"candor/internal/alert"
	"candor/internal/crew"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// Shape is how the records of a file may be wrapped.
type Shape struct {
	// Tables says that delimited text is read, too, and Columns what its header must have.
	Tables  bool
	Columns []string
	// Lists and Within are further names under which the list may stand; see Format.
	Lists, Within []string
	// Lines says that the text is JSON Lines, whatever it looks like.
	Lines bool
	// Alone says that one reads the file, since what comes of a record depends on those
	// before it.
	Alone bool
	// Paths are all that is read of a record of JSON, through TextsAt; nil for the whole of
	// it.
	Paths *Paths
}

// Reader reads records in one goroutine.
type Reader[T any] struct {
	// Use reads a record. What it says is wrong with it, through its Fail, is its reject.
	// The record and its objects are valid until it returns; their texts stay.
	Use func(*Record)
	// Take returns what came of the records that were used since it was called last.
	Take func() T
}

// Stream reads the records of a file on all processors. Each goroutine has a reader of its
// own, which open returns: it tells rejects and warnings through the Input that it is given,
// and through say what is said once of a file, as a decode.Once does. Hand is given what
// came of the records, of some after the others in the order of the file, until it returns
// false; rejects and warnings come before what stands beside them. The error is as that of
// Records. The text is read ahead, in goroutines that have ended when Stream returns.
//
// While dates are only looked at, the file is read by one, so that of several the first is
// told.
func Stream[T any](in Input, shape Shape, open func(in Input, say func(string)) Reader[T], hand func(T) bool) error {
	s := newStream(in, shape, open, hand)
	if shape.Alone || in.Dates.Looks() {
		return s.told(s.alone())
	}
	return s.told(s.together())
}

// stream is a reading of a file.
type stream[T any] struct {
	*merger
	in    Input
	shape Shape
	open  func(in Input, say func(string)) Reader[T]
	hand  func(T) bool
	size  int // of a run; see runSize
	// spare has the room of runs that were read, for those to come.
	spare *sync.Pool
}

func newStream[T any](in Input, shape Shape, open func(in Input, say func(string)) Reader[T], hand func(T) bool) *stream[T] {
	return &stream[T]{newMerger(in), in, shape, open, hand, runSize, &sync.Pool{}}
}

// told tells the notes when the reading has ended.
func (s *stream[T]) told(err error) error {
	if err == nil && !s.stopped {
		s.notes.tell(s.in.Warn)
	}
	return err
}

// lane opens a reader, and returns what makes records for it.
func (s *stream[T]) lane(in Input, say func(string)) (*lane, Reader[T]) {
	r := s.open(in, say)
	l := newLane(in, s.notes, say, func(rec *Record) bool { r.Use(rec); return true })
	l.paths, l.again = s.shape.Paths, true
	return l, r
}

// alone reads the file in one goroutine.
func (s *stream[T]) alone() error {
	in := s.in
	in.Warn = s.warn
	l, r := s.lane(in, s.say)
	p := &pump{in: s.in, shape: s.shape, give: func(it item) bool {
		l.read(it)
		s.stopped = !s.hand(r.Take())
		return !s.stopped
	}}
	return p.read()
}

// together reads it in as many as there are processors.
func (s *stream[T]) together() error {
	return crew.InOrder(s.runs, s.worker, func(r *run[T]) bool {
		s.take(&r.notes, r.said)
		for _, j := range r.rejects {
			s.in.Reject(j)
		}
		s.stopped = !s.hand(r.out)
		return !s.stopped
	})
}

// runs cuts the file into runs.
func (s *stream[T]) runs(yield func(*run[T]) bool) error {
	c := &cutter[T]{run: newRun[T](s.spare), size: s.size, yield: yield, spare: s.spare}
	err := (&pump{in: s.in, shape: s.shape, give: c.give}).read()
	if len(c.run.items) > 0 && !c.stopped {
		yield(c.run)
	}
	return err
}

// worker returns what reads runs in a goroutine of its own.
func (s *stream[T]) worker() func(*run[T]) {
	var now *run[T]
	in := s.in
	in.Reject = func(r evidence.Reject) { now.rejects = append(now.rejects, r) }
	in.Warn = func(text string) { now.said = append(now.said, said{text: text}) }
	l, r := s.lane(in, func(text string) { now.said = append(now.said, said{text, true}) })
	return func(work *run[T]) {
		now, l.notes = work, &work.notes
		text := string(work.text)
		for i := range work.items {
			l.read(work.items[i].of(text))
		}
		clear(work.items)
		s.spare.Put(&spare{work.text[:0], work.items[:0]})
		work.text, work.items, work.out = nil, nil, r.Take()
	}
}

// run is some records of a file, one behind the other, and what they come to.
type run[T any] struct {
	text  []byte // of the records, one behind the other
	items []cut

	out     T
	notes   notes
	rejects []evidence.Reject
	said    []said
}

// spare is the room of a run that was read.
type spare struct {
	text  []byte
	items []cut
}

// newRun returns a run without records, in the room of another one where there is some.
func newRun[T any](from *sync.Pool) *run[T] {
	r := &run[T]{notes: notes{all: true}}
	if room, ok := from.Get().(*spare); ok {
		r.text, r.items = room.text, room.items
	}
	return r
}

// said is a warning, or what is said once.
type said struct {
	text string
	once bool
}

// cut is an item whose text lies in that of its run.
type cut struct {
	item
	from, to int
}

func (c *cut) of(text string) item {
	it := c.item
	it.text = text[c.from:c.to]
	return it
}

// runSize is how many bytes of records make a run, about, and runItems how many records.
const (
	runSize  = 256 << 10
	runItems = 1024
)

// cutter makes runs of records.
type cutter[T any] struct {
	run     *run[T]
	size    int
	yield   func(*run[T]) bool
	spare   *sync.Pool
	stopped bool
}

// give puts an item into a run, and yields one that is full.
func (c *cutter[T]) give(it item) bool {
	r := c.run
	if r.text == nil {
		r.text = make([]byte, 0, c.size+c.size/8)
	}
	from := len(r.text)
	r.text = append(r.text, it.raw...)
	it.raw = nil
	r.items = append(r.items, cut{it, from, len(r.text)})
	if len(r.text) < c.size && len(r.items) < runItems {
		return true
	}
	c.run = newRun[T](c.spare)
	c.stopped = !c.yield(r)
	return !c.stopped
}

// merger tells what several readers say of a file as one would.
type merger struct {
	notes   *notes
	out     func(string)
	once    decode.Once
	warned  map[string]bool
	stopped bool
}

func newMerger(in Input) *merger {
	return &merger{notes: &notes{}, out: in.Warn, once: decode.Once{Note: in.Warn}, warned: map[string]bool{}}
}

func (m *merger) say(text string) { m.once.Say("%s", text) }

// warn passes a warning on, once.
func (m *merger) warn(text string) {
	if !m.warned[text] {
		m.warned[strings.Clone(text)] = true
		m.out(text)
	}
}

func (m *merger) take(n *notes, all []said) {
	for _, s := range all {
		if s.once {
			m.say(s.text)
		} else {
			m.warn(s.text)
		}
	}
	m.notes.merge(n)
}

// lane makes records of items, and hands them to whoever reads them.
type lane struct {
	file   string
	reject func(evidence.Reject)
	use    func(*Record) bool
	notes  *notes
	clock  *decode.Clock
	paths  *Paths
	filler filler
	quick  quickReader
	plans  plans
	// again says that a record is valid until the next one alone, and one is the last.
	again bool
	one   Record
	only  [1]alert.Draft
}

func newLane(in Input, n *notes, say func(string), use func(*Record) bool) *lane {
	return &lane{file: in.File, reject: in.Reject, use: use, notes: n, clock: &decode.Clock{Dates: in.Dates, Once: decode.Once{Note: say}}}
}

// item is what stands in a file where a record should: its JSON, its JSON as a row of
// columns, the record itself, or what is wrong with it.
type item struct {
	line    int
	raw     []byte // valid until the next item, or
	text    string // the same
	columns *Columns
	object  Object
	spell   func(name string) string // see Record
	bad     *evidence.Reject
}

// read makes a record of an item and reports whether to go on.
func (l *lane) read(it item) bool {
	if it.bad != nil {
		l.reject(*it.bad)
		return true
	}
	if it.raw != nil {
		it.text = string(it.raw)
	}
	l.clock.Line = it.line
	r := &l.one
	if !l.again {
		r = new(Record)
	}
	*r = Record{Object: it.object, File: l.file, Line: it.line, notes: l.notes, clock: l.clock, reject: l.reject, spell: it.spell, paths: l.paths, plans: &l.plans, quick: &l.quick}
	if l.again {
		r.only = &l.only
	}
	wrong := ""
	switch {
	case it.object != nil:
	case it.columns != nil:
		r.Object, wrong = row(it.text, it.columns)
	case l.paths != nil && l.filler.fill(l.paths, it.text):
		r.slots = l.filler.slots
	default:
		r.Object, wrong = l.object(it.text)
	}
	if wrong != "" {
		l.refuse(it.line, wrong)
		return true
	}
	more := l.use(r)
	r.rejected()
	return more
}

func (l *lane) refuse(line int, reason string) {
	l.reject(evidence.Reject{File: l.file, Line: line, Reason: reason})
}

// object reads the JSON of a record, or says what is wrong with it. It is valid until the
// next one is read.
func (l *lane) object(text string) (Object, string) {
	l.quick.room.again()
	v, some, ok := l.quick.read(text)
	if !ok {
		var err error
		if v, some, err = careful([]byte(text)); err != nil {
			return nil, why(err)
		}
	}
	o, is := v.Object()
	if !is || !some {
		return nil, notObject
	}
	return o, ""
}
