package pull

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"candor/internal/evidence"
	"candor/internal/fault"
)

// Book is a configuration in a file that people change while its sources are watched. It
// says what its file said when that was last right. It is safe for concurrent use.
type Book struct {
	path string
	now  func() time.Time

	mu sync.Mutex
	// mark is of the bytes that were looked at last.
	mark    string
	sources []Source
	read    time.Time
	wrong   error
}

// Open reads the configuration in a file; where it may be missing and is, the book is
// empty. Faults: those of Read.
func Open(path string, may bool, now func() time.Time) (*Book, error) {
	b := &Book{path: path, now: now}
	_, err := b.Look()
	if may && fault.KindOf(err) == fault.NotFound {
		b.wrong, err = nil, nil
	}
	return b, err
}

// Look reads the file again where it changed, and tells whether another configuration
// holds since. A file that is wrong changes nothing that holds; its fault is returned once.
func (b *Book) Look() (fresh bool, err error) {
	data, err := os.ReadFile(b.path)
	mark := hashed(string(data))
	if err != nil {
		mark = err.Error()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if mark == b.mark {
		return false, nil
	}
	b.mark = mark
	if err != nil {
		b.wrong = unread(b.path, err)
		return false, b.wrong
	}
	list, err := Decode(b.path, data, b.now())
	if b.wrong = err; err != nil {
		return false, err
	}
	b.sources, b.read = list, b.now().UTC().Truncate(time.Second)
	return true, nil
}

// Sources are what the book says now. They are not to be changed.
func (b *Book) Sources() []Source {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sources
}

// find returns the source of a name; nil where the book has none.
func (b *Book) find(name string) *Source {
	list := b.Sources()
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// unread says why the file of a configuration was not read.
func unread(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "there is no configuration of pulls").At("%s", path).
			Next("write one (doc/pull.md has an example for each product; candor pull products lists their settings), or name another with --pulls or %s", Variable)
	}
	return fault.New(fault.Unavailable, "the configuration of pulls cannot be read").At("%s", path).Because(err).Next("check that you may read it")
}

// Standing is how the pulls of a server stand, as those may read it who reach the server.
type Standing struct {
	// File is the configuration, without its folder, and Read when what holds was read
	// from it; both are empty where a server pulls nothing.
	File string    `json:"file,omitempty"`
	Read time.Time `json:"read,omitzero"`
	// Wrong says why the file as it is now does not hold, so that what it said before does.
	Wrong string `json:"wrong,omitempty"`
	// Pulls are the sources, in the order of the configuration.
	Pulls []Status `json:"pulls" nullable:"false"`
}

// Standing says how the pulls stand that are being watched.
func (s *Service) Standing() Standing {
	out := Standing{Pulls: []Status{}}
	b := s.book.Load()
	if b == nil {
		return out
	}
	b.mu.Lock()
	sources, wrong := b.sources, b.wrong
	out.File, out.Read = evidence.FileName(b.path), b.read
	b.mu.Unlock()
	if wrong != nil {
		out.Wrong = strings.ReplaceAll(wrong.Error(), b.path, out.File)
		if hint := fault.HintOf(wrong); hint != "" {
			out.Wrong += ": " + hint
		}
	}
	for i := range sources {
		of := &sources[i]
		one := s.Status(of)
		one.Failed = s.outside(of, one.Failed)
		for j := range one.Last {
			one.Last[j].Failed = s.outside(of, one.Last[j].Failed)
		}
		out.Pulls = append(out.Pulls, one)
	}
	return out
}

// outside is a text without the folders of files: they are their owner's business.
func (s *Service) outside(of *Source, text string) string {
	for _, path := range []string{of.SecretFile, of.CAFile, of.Mapping, s.statePath(of.Name)} {
		if path != "" {
			text = strings.ReplaceAll(text, path, evidence.FileName(path))
		}
	}
	return text
}

// look is how often is looked whether the configuration changed.
const look = 15 * time.Second

// Watch pulls every source of a book so often as it says, until ctx ends, and reads the
// book again where its file changed: what was being asked then is asked to its end. Two
// pulls of one source never run at once, and what lands goes through in. Tell is told what
// went wrong, of the book itself under no name.
func (s *Service) Watch(ctx context.Context, b *Book, in Adder, tell func(name string, err error)) {
	s.book.Store(b)
	defer s.book.Store(nil)
	w := &watching{Service: s, book: b, in: in, tell: tell, running: map[string]bool{}}
	w.renew(ctx)
	for s.Wait(ctx, look) == nil {
		fresh, err := b.Look()
		if err != nil {
			tell("", err)
		}
		if fresh {
			w.renew(ctx)
		}
	}
	w.all.Wait()
}
