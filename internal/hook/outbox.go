package hook

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"candor/internal/deliver"
	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/news"
)

// Letter is something that a hook is told.
type Letter struct {
	ID   string    `json:"id"`
	Hook string    `json:"hook"`
	Made time.Time `json:"made"`
	// Changes is how many it tells.
	Changes int             `json:"changes"`
	Body    json.RawMessage `json:"body"`
	// Tries is how often it was sent in vain, Next when it is sent again, and Failed what the
	// last try met.
	Tries  int       `json:"tries"`
	Next   time.Time `json:"next,omitzero"`
	Failed string    `json:"failed,omitempty"`
}

// outbox is what is on the disk: what everyone was told of last, and what has not been taken.
// Both lie in one file, so that nothing is told of twice under two ids, or not at all.
type outbox struct {
	Version int            `json:"version"`
	Last    *news.Standing `json:"last,omitempty"`
	Queue   []Letter       `json:"queue"`
	// Took is when a hook took something last.
	Took map[string]time.Time `json:"took"`
	// Heads says what each place got last, by how the configuration names it.
	Heads map[string]*HeadsSent `json:"heads"`
}

// HeadsSent is how a place of heads stands.
type HeadsSent struct {
	// Size is of the last head that it took, at the time At.
	Size int64     `json:"size"`
	At   time.Time `json:"at,omitzero"`
	// Failing says since when it takes none, Tries how often it was tried, and Failed why.
	Tries  int       `json:"tries,omitempty"`
	Next   time.Time `json:"next,omitzero"`
	Failed string    `json:"failed,omitempty"`
}

const outboxVersion = 1

func (s *Service) path() string { return filepath.Join(s.Dir, "outbox.json") }

// DeadFile is where letters lie that nobody took.
func (s *Service) DeadFile() string { return filepath.Join(s.Dir, "dead.jsonl") }

// load reads what is on the disk. A file that cannot be read is said, and never written over.
func (s *Service) load() (*outbox, error) {
	o := &outbox{Version: outboxVersion}
	data, err := os.ReadFile(s.path())
	if err == nil {
		err = json.Unmarshal(data, o)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil || o.Version > outboxVersion:
		return nil, fault.New(fault.Unavailable, "what is to be told cannot be read").At("%s", s.path()).Because(err).Next("move the file away to begin anew: what it had is not told then")
	}
	if o.Took == nil {
		o.Took = map[string]time.Time{}
	}
	if o.Heads == nil {
		o.Heads = map[string]*HeadsSent{}
	}
	return o, nil
}

// save writes what is on the disk, whole.
func (s *Service) save(o *outbox) error {
	data, err := json.Marshal(o)
	if err == nil {
		err = os.MkdirAll(s.Dir, 0o700)
	}
	if err == nil {
		err = durable.Write(s.path(), append(data, '\n'), 0o600)
	}
	if err != nil {
		return fault.New(fault.Unavailable, "what is to be told cannot be written").At("%s", s.path()).Because(err).Next("make room, or check the rights of the data folder; it is told when that is done")
	}
	return nil
}

// newID returns an id of a message.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // cannot fail
	return "msg_" + hex.EncodeToString(b[:])
}

// mostTold is how many changes one letter tells.
const mostTold = 500

// told is the body of a letter.
type told struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// ChangesTold is what a letter on changes says.
type ChangesTold struct {
	Release string `json:"release"`
	AsOf    string `json:"as_of"`
	Policy  string `json:"policy"`
	Hash    string `json:"policy_sha256"`
	// Applicable is how many analytics apply, of All.
	Applicable int           `json:"applicable"`
	All        int           `json:"all"`
	Changes    []news.Change `json:"changes"`
	Limits     []string      `json:"limits"`
}

// letters are what a hook is told of changes; none where it is told none of them.
func letters(h *Hook, changes []news.Change, now *news.Standing, at time.Time) (list []Letter, err error) {
	mine := slices.DeleteFunc(slices.Clone(changes), func(c news.Change) bool { return !slices.Contains(h.Kinds, c.Kind) })
	for part := range slices.Chunk(mine, mostTold) {
		l := Letter{ID: newID(), Hook: h.Name, Made: at, Changes: len(part)}
		l.Body, err = json.Marshal(told{"candor.changes", at, ChangesTold{now.Release, string(now.AsOf), now.Policy, now.PolicyHash, len(now.Analytics), now.All, part, now.Limits}})
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

// Dead returns the letters that nobody took, each once.
func (s *Service) Dead() ([]Letter, error) {
	data, err := os.ReadFile(s.DeadFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "what nobody took cannot be read").At("%s", s.DeadFile()).Because(err).Next("check that you may read it")
	}
	var list []Letter
	for line := range bytes.Lines(data) {
		var l Letter
		if json.Unmarshal(line, &l) != nil || slices.ContainsFunc(list, func(o Letter) bool { return o.ID == l.ID }) {
			continue // torn by a kill, and then still in the queue; or put aside twice by one
		}
		list = append(list, l)
	}
	return list, nil
}

// bury puts a letter aside that nobody took.
func (s *Service) bury(l *Letter) error {
	line, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return deliver.Append(s.DeadFile(), string(line)+"\n", 0o600)
}

// unbury takes letters from those that nobody took.
func (s *Service) unbury(ids map[string]bool) error {
	list, err := s.Dead()
	if err != nil {
		return err
	}
	var left []byte
	for i := range list {
		if ids[list[i].ID] {
			continue
		}
		line, err := json.Marshal(&list[i])
		if err != nil {
			return err
		}
		left = append(append(left, line...), '\n')
	}
	return durable.Write(s.DeadFile(), left, 0o600)
}
