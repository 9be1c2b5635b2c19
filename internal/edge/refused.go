package edge

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// What the edge refuses, as the log calls it.
const (
	unknownProxy = "through a proxy that is not named"
	unknownName  = "under a name that is not ours"
	otherSite    = "for a page of another site"
	otherOrigin  = "to write, from another origin"
)

// tellEvery is how long a refusal of one kind is told no more after it was told: whoever asks
// all day fills no disk.
const tellEvery = time.Minute

// refusals tells the log what was refused before anything was asked who it is. The zero
// refusals tell nobody.
type refusals struct {
	log *slog.Logger
	mu  sync.Mutex
	// told is when a kind was told last, and more how many were not told since.
	told map[string]time.Time
	more map[string]int
}

// tell tells of a request that is refused.
func (f *refusals) tell(r *http.Request, kind string) {
	if f.log == nil {
		return
	}
	now := time.Now()
	f.mu.Lock()
	if f.told == nil {
		f.told, f.more = map[string]time.Time{}, map[string]int{}
	}
	if at, told := f.told[kind]; told && now.Sub(at) < tellEvery {
		f.more[kind]++
		f.mu.Unlock()
		return
	}
	since := f.more[kind]
	f.told[kind], f.more[kind] = now, 0
	f.mu.Unlock()
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		from = r.RemoteAddr
	}
	f.log.WarnContext(r.Context(), "a request was refused: it came "+kind, "from", from, "host", short(r.Host), "origin", short(r.Header.Get("Origin")), "method", short(r.Method), "path", short(r.URL.Path), "untold_before", since)
}

// short is a text that somebody sent, as far as a log has room for it.
func short(text string) string { return text[:min(len(text), 200)] }
