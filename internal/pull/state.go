package pull

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/flock"
)

// State is how far the pulls of one source have come. It moves once what was fetched is
// in a batch, so that a process that is killed fetches again and loses nothing.
type State struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	// Of names the source that it is of: another product or address has another state.
	Of    string             `json:"of"`
	Parts map[string]*Cursor `json:"parts"`
	// Tried and Succeeded are the times of the last pull, and of the last one that
	// collected all it asked for.
	Tried     time.Time `json:"tried,omitzero"`
	Succeeded time.Time `json:"succeeded,omitzero"`
	// Failed says what the last pull met, and Failing since when none succeeded.
	Failed  string    `json:"failed,omitempty"`
	Failing time.Time `json:"failing,omitzero"`
	// Later is before when the source asked not to be asked again.
	Later time.Time `json:"later,omitzero"`
	// Ended is when the last pull ended, and Last what came of each part of it.
	Ended time.Time    `json:"ended,omitzero"`
	Last  []PulledPart `json:"last,omitempty"`
	// Records is how many records were landed in all.
	Records int64 `json:"records"`
	// Heard is the last day on which it was said that the source answers, and Silent the
	// last on which it was said that it does not; see heartbeat.
	Heard  string `json:"heard,omitempty"`
	Silent string `json:"silent,omitempty"`
}

// Cursor is how far one part has come.
type Cursor struct {
	// To is up to when all was collected.
	To time.Time `json:"to,omitzero"`
	// Seen are the records that the overlap will bring again: hashes of contents by
	// hashes of names.
	Seen map[string]string `json:"seen,omitempty"`
}

// stateVersion is the version of the file.
const stateVersion = 1

func (s *Service) statePath(name string) string { return filepath.Join(s.Dir, name+".json") }

// State returns the state of a source; a new one where it was never pulled. Fault:
// Conflict where the state under the name is of another source.
func (s *Service) State(of *Source) (*State, error) {
	fresh := &State{Version: stateVersion, Name: of.Name, Of: of.identity(), Parts: map[string]*Cursor{}}
	data, err := os.ReadFile(s.statePath(of.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the state of the pull cannot be read").At("%s", s.statePath(of.Name)).Because(err).Next("check that you may read it")
	}
	var st State
	switch err := json.Unmarshal(data, &st); {
	case err != nil || st.Version > stateVersion || st.Parts == nil:
		return nil, fault.New(fault.Invalid, "the state of the pull is none that this candor reads").At("%s", s.statePath(of.Name)).
			Next("remove the file to begin anew: what comes again changes nothing")
	case st.Of != fresh.Of:
		return nil, fault.New(fault.Conflict, "the state under the name %s is of another source, %s", of.Name, st.Of).At("%s", s.statePath(of.Name)).
			Next("give the source a name of its own, or remove the file to begin anew")
	}
	return &st, nil
}

// identity tells one source from another.
func (of *Source) identity() string { return of.Product.Name + " at " + of.Addresses[""] }

// save writes a state, whole.
func (s *Service) save(st *State) error {
	data, err := json.Marshal(st)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return unsaved(s.Dir, err)
	}
	if err := durable.Write(s.statePath(st.Name), append(data, '\n'), 0o600); err != nil {
		return unsaved(s.statePath(st.Name), err)
	}
	return nil
}

func unsaved(path string, err error) error {
	return fault.New(fault.Unavailable, "the state of the pull cannot be written").At("%s", path).Because(err).
		Next("make room, and pull again: what landed changes nothing when it comes again")
}

// alone keeps others from pulling a source until release is called. Fault: Conflict where
// somebody does.
func (s *Service) alone(name string) (release func(), err error) {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, unsaved(s.Dir, err)
	}
	f, err := os.OpenFile(filepath.Join(s.Dir, name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unsaved(s.Dir, err)
	}
	if err := flock.Try(f); errors.Is(err, flock.ErrHeld) {
		return nil, errors.Join(fault.New(fault.Conflict, "%s is being pulled now", name).Next("wait until that has ended: candor pull list says when it did"), f.Close())
	}
	return func() { f.Close() }, nil
}
