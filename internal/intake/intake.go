// Package intake takes evidence that is pushed: requests are checked, written to
// a journal, and acknowledged once the journal is on the disk. A folder turns the
// journal into batches through the door that files come in by.
//
// The journal is segments of JSON Lines, one open at a time for each kind and
// token, so that a batch has one author. It holds what has not landed yet and
// nothing else. The package refuses to acknowledge what a crash could lose, to
// hold more than its limits, and to know what a record means: the decoders of
// files say what is wrong with one.
package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/ingest"
	"candor/internal/pseudonym"
	"candor/internal/veil"
)

// Author begins the author of every batch that was pushed; the name of the token
// follows.
const Author = identity.OfToken

// Limits bound what an intake holds.
type Limits struct {
	// Body is the longest body of a request, unpacked, in bytes.
	Body int64
	// Waiting is how many bytes of the journal may wait to become batches.
	Waiting int64
	// Segment is the size in bytes at which a segment becomes a batch before its
	// time.
	Segment int64
	// Requests is how many requests may be under way.
	Requests int
}

// Usual returns the limits that a server has. Memory is bounded by Body times
// Requests.
func Usual() Limits {
	return Limits{Body: 8 << 20, Waiting: 256 << 20, Segment: 16 << 20, Requests: 32}
}

// Adder lands a batch. The same input again must change nothing.
type Adder interface {
	Add(ctx context.Context, r ingest.Request) (ingest.Result, error)
}

// Config is what an intake is made from.
type Config struct {
	// Dir is the folder of the journal, and RejectsDir that of the rejects files.
	// Neither need exist.
	Dir, RejectsDir string
	Limits          Limits
	Now             func() time.Time
	// Compact, if set, merges small batches that were made of what was pushed; see Merging.
	Compact func(ctx context.Context) error
	// Veil, if set, returns the key by which names are kept; nil keeps them as they are.
	Veil func() (*pseudonym.Key, error)
}

// Service is the intake of one data folder, whose writer this process must be. It
// is safe for concurrent use.
type Service struct {
	Config
	in Adder

	flight chan struct{} // one element for each request under way
	wake   chan struct{} // a segment is full

	mu      sync.Mutex
	taking  bool
	open    map[stream]*segment
	ready   []*segment // to become batches
	waiting int64      // bytes of open and ready
	counted map[string]Counted
	last    time.Time // stamp of the newest segment

	folding sync.Mutex // held while segments become batches
	// folded is how many batches were made since Compact was called last, and due at how
	// many it is called.
	folded, due int
	log         *slog.Logger
	every       time.Duration
}

// stream is what a segment is of: a kind of evidence and the token that brings it.
type stream struct{ kind, token string }

// New returns an intake that takes nothing until it is started.
func New(c Config, in Adder) *Service {
	return &Service{Config: c, in: in, flight: make(chan struct{}, c.Limits.Requests), wake: make(chan struct{}, 1), open: map[stream]*segment{}}
}

// Post is one request.
type Post struct {
	// Kind is one of Kinds, and Token the name of who pushes.
	Kind, Token string
	// Account says that Token is the name of an account, in whose browser it was said.
	Account bool
	// Format is the product whose alerts the body has, as Hooks names it; empty for
	// Candor's own records.
	Format string
	// Body is the request's body; Gzip says that it is packed, and Lines that it is
	// JSON Lines and not one record.
	Body        io.Reader
	Gzip, Lines bool
}

// Receipt is what came of a request. What is accepted is on the disk.
type Receipt struct {
	// Received = Accepted + Rejected.
	Received int `json:"received" doc:"Records in the body; empty lines do not count"`
	Accepted int `json:"accepted" doc:"Records that are on the disk and will be in a batch"`
	Rejected int `json:"rejected" doc:"Records that say something wrong; the batch's rejects file names them, too, unless every record is wrong"`
	// Rejects are the first twenty.
	Rejects []Rejected `json:"rejected_records" doc:"The first twenty of the rejected"`
}

// Rejected is a record that was refused.
type Rejected struct {
	Line   int    `json:"line" doc:"The line of the body, from 1"`
	Field  string `json:"field,omitempty" doc:"The field at fault, if one is"`
	Value  string `json:"value,omitempty" doc:"What the field says, cut after 200 bytes"`
	Reason string `json:"reason"`
}

// Busy is the cause of refusing a request because too much waits already.
type Busy struct {
	// After is when to try again.
	After time.Duration
}

// Error says what waits.
func (Busy) Error() string { return "too much is waiting" }

// ErrTooLarge is the cause of refusing a body that is over its limit.
var ErrTooLarge = errors.New("over the limit")

// Receive takes a request. When it returns without an error, the records that
// the receipt calls accepted are durable. Where every record is wrong, nothing is
// kept. Faults: Invalid for a body that is not what it should be, with ErrTooLarge
// as cause if it is too long; Unavailable with Busy as cause when too much waits;
// Unavailable when the journal cannot be written.
func (s *Service) Receive(ctx context.Context, p Post) (Receipt, error) {
	return s.receive(ctx, p, s.journal)
}

// stream is what is pushed belongs to.
func (p Post) stream() stream {
	if p.Account {
		return stream{p.Kind, accountMark + p.Token}
	}
	return stream{p.Kind, p.Token}
}

// accountMark begins the names of accounts among those of tokens, which cannot.
const accountMark = "@"

// author returns the author of the batches of a stream.
func (of stream) author() string {
	if name, is := strings.CutPrefix(of.token, accountMark); is {
		return identity.OfAccount + name
	}
	return identity.OfToken + of.token
}

// Land takes a request as Receive does, and makes one batch of it and of nothing else
// before it returns. When it fails after a receipt, the records are durable and the batch
// is made later; where none can be made of them, as when their alerts are not known, it
// is fault.Invalid, and they are put aside.
func (s *Service) Land(ctx context.Context, p Post) (Receipt, ingest.Result, error) {
	var own *segment
	r, err := s.receive(ctx, p, func(of stream, lines []byte) (err error) {
		own, err = s.apart(of, lines)
		return err
	})
	if err != nil || own == nil {
		return r, ingest.Result{}, err
	}
	if err := s.Fold(ctx); err != nil {
		return r, ingest.Result{}, err
	}
	return r, own.landed, own.refused
}

// apart makes lines durable in a segment of their own.
func (s *Service) apart(of stream, lines []byte) (*segment, error) {
	s.mu.Lock()
	if err := s.roomLocked(int64(len(lines))); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	s.last = later(s.Now(), s.last)
	name := nameOf(of, s.last)
	s.waiting += int64(len(lines))
	s.mu.Unlock()
	g, err := newSegment(s.Dir, name)
	if err == nil {
		if err = g.append(lines); err != nil {
			_, failed := g.seal()
			err = errors.Join(err, failed, g.remove())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.waiting -= int64(len(lines))
		return nil, unwritten(fileIn(s.Dir, name), err)
	}
	s.ready = append(s.ready, g)
	return g, nil
}

func (s *Service) receive(ctx context.Context, p Post, keep func(of stream, lines []byte) error) (Receipt, error) {
	select {
	case s.flight <- struct{}{}:
		defer func() { <-s.flight }()
	default:
		return Receipt{}, busy("as many requests as may be are under way", time.Second)
	}
	if err := s.room(0); err != nil {
		return Receipt{}, err
	}
	body, err := read(p, s.Limits.Body)
	if err != nil {
		return Receipt{}, err
	}
	if p.Format != "" {
		return s.hook(ctx, p, body)
	}
	r, wrong, err := check(p.Kind, body)
	if err != nil || r.Accepted == 0 {
		s.count(p.Kind, r)
		return r, err
	}
	if err := ctx.Err(); err != nil {
		return Receipt{}, err
	}
	if body, err = s.veiled(body, wrong); err != nil {
		return Receipt{}, err
	}
	if err := keep(p.stream(), joined(body, r.Received)); err != nil {
		return Receipt{}, err
	}
	s.count(p.Kind, r)
	return r, nil
}

// veiled returns lines, of which some are wrong, with pseudonyms in the place of names,
// where they are kept so.
func (s *Service) veiled(lines []byte, wrong map[int]bool) ([]byte, error) {
	if s.Veil == nil {
		return lines, nil
	}
	k, err := s.Veil()
	switch {
	case err != nil:
		return nil, fault.New(fault.Unavailable, "the server cannot keep names as its policy asks").Because(err).
			Next("%s; nothing of it was kept", fault.HintOf(err))
	case k == nil:
		return lines, nil
	}
	return veil.Lines(k, bytes.TrimPrefix(lines, []byte(bom)), wrong), nil
}

func busy(what string, after time.Duration) error {
	return fault.New(fault.Unavailable, "%s", what).Because(Busy{After: after}).Next("send it again after the time that Retry-After names; nothing of it was kept")
}

// room returns an error unless n more bytes may wait.
func (s *Service) room(n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roomLocked(n)
}

func (s *Service) roomLocked(n int64) error {
	switch {
	case !s.taking:
		return fault.New(fault.Unavailable, "the server is not taking evidence now").Next("send it again when the server has started; nothing of it was kept")
	case s.waiting+n > s.Limits.Waiting:
		return busy("as much pushed evidence as may be is waiting to become batches", min(s.every, 5*time.Second))
	}
	return nil
}

// bom is the UTF-8 byte-order mark, which some programs put first.
const bom = "\ufeff"

// joined returns the lines of a body that are not empty, each with one line end.
func joined(body []byte, lines int) []byte {
	out := make([]byte, 0, len(body)+lines)
	for line := range bytes.Lines(bytes.TrimPrefix(body, []byte(bom))) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			out = append(append(out, line...), '\n')
		}
	}
	return out
}

// journal makes lines durable. All of them are in one segment.
func (s *Service) journal(of stream, lines []byte) error {
	for {
		g, err := s.reserve(of, int64(len(lines)))
		if err != nil {
			return err
		}
		err = g.append(lines)
		if err == nil {
			return nil
		}
		s.mu.Lock()
		s.waiting -= int64(len(lines))
		s.mu.Unlock()
		if !errors.Is(err, errSealed) { // otherwise it became a batch meanwhile
			return unwritten(g.path, err)
		}
	}
}

func unwritten(path string, err error) error {
	return fault.New(fault.Unavailable, "the journal cannot be written").At("%s", path).Because(err).
		Next("make room on the server's disk and send it again; nothing of it was acknowledged")
}

// reserve returns the segment that n more bytes of a stream go to.
func (s *Service) reserve(of stream, n int64) (*segment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.roomLocked(n); err != nil {
		return nil, err
	}
	g := s.open[of]
	if g != nil && g.full(s.Limits.Segment) {
		s.ready = append(s.ready, g)
		delete(s.open, of)
		g = nil
		s.hurry()
	}
	if g == nil {
		var err error
		s.last = later(s.Now(), s.last)
		if g, err = newSegment(s.Dir, nameOf(of, s.last)); err != nil {
			return nil, unwritten(filepath.Join(s.Dir, nameOf(of, s.last)), err)
		}
		s.open[of] = g
	}
	s.waiting += n
	return g, nil
}

// later returns now, or the first moment after last: two segments never have one
// name, and their order is that in which they were begun.
func later(now, last time.Time) time.Time {
	if now = now.UTC(); now.After(last) {
		return now
	}
	return last.Add(time.Nanosecond)
}

// hurry wakes whoever makes batches.
func (s *Service) hurry() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// shown returns what a receipt says of a reject.
func shown(r evidence.Reject) Rejected {
	const most = 200
	if len(r.Value) > most {
		r.Value = strings.ToValidUTF8(r.Value[:most], "") + "..."
	}
	return Rejected{Line: r.Line, Field: r.Field, Value: r.Value, Reason: r.Reason}
}

// kindOrder is the place of a kind in the order in which segments become batches:
// a disposition speaks of alerts that came before.
func kindOrder(kind string) int { return slices.Index(Kinds(), kind) }
