package attack

import (
	"time"

	"candor/internal/fault"
)

// Removal says that a release was removed from the library, since when, and why. The
// same release, or another file for it, may have been imported since.
type Removal struct {
	Release Release   `json:"release"`
	At      time.Time `json:"at"`
	By      string    `json:"by,omitempty"`
	Reason  string    `json:"reason,omitempty"`
}

// String says what was removed, when, by whom and why.
func (rm Removal) String() string {
	s := rm.Release.String() + " was removed from the library on " + rm.At.UTC().Format(time.DateOnly)
	if rm.By != "" {
		s += " by " + rm.By
	}
	if rm.Reason != "" {
		s += ": " + rm.Reason
	}
	return s
}

// Gone returns the last removal of each release that is not in the library in any
// edition, by the release's name. Removals come the latest last.
func Gone(have []Release, removals []Removal) map[string]Removal {
	gone := map[string]Removal{}
	for _, rm := range removals {
		gone[rm.Release.String()] = rm
	}
	for _, r := range have {
		delete(gone, r.String())
	}
	return gone
}

// WasRemoved returns fault.NotFound when the release that ref names was removed and is
// not there now, and nil when it was not, or ref names none.
func WasRemoved(have []Release, removals []Removal, ref ReleaseRef) error {
	if ref.Version == "" || len(Newest(have, ref)) > 0 {
		return nil
	}
	for i := len(removals) - 1; i >= 0; i-- {
		rm := removals[i]
		if len(Newest([]Release{rm.Release}, ref)) > 0 {
			return fault.New(fault.NotFound, "%s", rm).Next("import it again with: candor attack import FILE")
		}
	}
	return nil
}
