package app

import (
	"net/http"
	"os"
	"time"

	"candor/internal/fault"
	"candor/internal/scratch"
	"candor/internal/store/sqlite"
)

// scratchPrefix begins the names of folders, among the temporary files, for copies of
// what cannot be read where it is.
const scratchPrefix = "candor-read-"

// eitherWay opens a store: as any is opened or, where that fails and this process only
// reads, without writing anything to its folder.
func eitherWay[S any](s *stores, open func() (S, error), read func(sqlite.Reading) (S, error)) (S, error) {
	got, err := open()
	if err == nil || s.hold != nil || fault.KindOf(err) != fault.Unavailable {
		return got, err
	}
	if got, err = read(sqlite.Reading{Scratch: s.scratchFolder, Frozen: s.freeze}); err == nil {
		s.noteReadOnly()
	}
	return got, err
}

// noteReadOnly says once that the folder is read without being written.
func (s *stores) noteReadOnly() {
	s.noted.Do(func() {
		if s.mode.Note != nil {
			s.mode.Note("data folder " + s.dir + " cannot be written: it is read as it is, and nothing is changed")
		}
	})
}

// scratchFolder returns a folder for copies, which goes when the stores are closed.
func (s *stores) scratchFolder() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scratch == nil {
		f, err := scratch.Make(os.TempDir(), scratchPrefix)
		if err != nil {
			return "", err
		}
		s.scratch = f
	}
	return s.scratch.Path(), nil
}

// frozen is a file that is read as if nobody changed it.
type frozen struct {
	path string
	size int64
	at   time.Time
}

// freeze notes what a file is like. It is called while the file is opened.
func (s *stores) freeze(path string) {
	f := frozen{path: path}
	if info, err := os.Stat(path); err == nil {
		f.size, f.at = info.Size(), info.ModTime()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = append(s.frozen, f)
}

// unchanged is fault.Unavailable once somebody has written to what is read as if nobody
// did, which a process with more rights can: what was read since may be of two moments.
func (s *stores) unchanged() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.frozen {
		info, err := os.Stat(f.path)
		log, bad := os.Stat(f.path + "-wal")
		if err != nil || info.Size() != f.size || !info.ModTime().Equal(f.at) || bad == nil && log.Size() > 0 {
			return fault.New(fault.Unavailable, "another process has written to the data folder, which this one can only read, and what it has read may not fit together").
				At("%s", f.path).Next("run the command again; a server that only reads has to be started again")
		}
	}
	return nil
}

// steady answers requests while nobody has written to what is read.
func (s *stores) steady(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.unchanged(); err != nil {
			http.Error(w, err.Error()+"\n"+fault.HintOf(err), http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	})
}
