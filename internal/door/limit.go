package door

import (
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"candor/internal/identity"
)

// Limits bound what one asker, whoever that is, has a server do: one that asks without end
// starves nobody else. The zero Limits bound nothing.
type Limits struct {
	// Rate is how many requests of one asker a second are answered in the long run, and
	// Burst how many at once after a pause.
	Rate  float64
	Burst int
	// Together is how many requests of one asker are answered at the same time.
	Together int
}

// mostAskers bounds of how many askers it is remembered what they asked: of more, those
// that asked longest ago are forgotten, who may then ask as after a pause.
const mostAskers = 10_000

// queues are those who ask, by what is known of them.
type queues struct {
	mu sync.Mutex
	of map[string]*queue
}

// queue is one asker.
type queue struct {
	bucket *rate.Limiter
	now    int // under way
	last   time.Time
}

// askerOf tells askers apart: by name where it is known, else by address. The owner's
// processes are nobody's to bound.
func askerOf(r *http.Request, who identity.Who) (key string, bounded bool) {
	if who.Owner {
		return "", false
	}
	if who.Name != "" {
		return "name " + who.Author(), true
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return "address " + host, true
}

// admit lets a request in, if its asker has not asked for too much; leave is called when it
// was answered. Else wait is after how long another one is let in.
func (d *Door) admit(r *http.Request, who identity.Who) (leave func(), wait time.Duration) {
	key, bounded := askerOf(r, who)
	if !bounded || d.Limits == (Limits{}) {
		return func() {}, 0
	}
	now := d.Now()
	d.queues.mu.Lock()
	defer d.queues.mu.Unlock()
	q := d.queues.queue(key, d.Limits, now)
	if d.Limits.Together > 0 && q.now >= d.Limits.Together {
		return nil, time.Second
	}
	if d.Limits.Rate > 0 && !q.bucket.AllowN(now, 1) {
		return nil, max(time.Second, time.Duration(float64(time.Second)/d.Limits.Rate))
	}
	q.now++
	return func() {
		d.queues.mu.Lock()
		defer d.queues.mu.Unlock()
		q.now--
	}, 0
}

// queue returns that of an asker.
func (s *queues) queue(key string, l Limits, now time.Time) *queue {
	q := s.of[key]
	if q == nil {
		if s.of == nil {
			s.of = map[string]*queue{}
		}
		if len(s.of) >= mostAskers {
			s.forget()
		}
		q = &queue{bucket: rate.NewLimiter(rate.Limit(l.Rate), l.Burst)}
		s.of[key] = q
	}
	q.last = now
	return q
}

// forget forgets the half of the askers that asked longest ago and of whom nothing is under way.
func (s *queues) forget() {
	var sum time.Duration
	var first time.Time
	for _, q := range s.of {
		if first.IsZero() || q.last.Before(first) {
			first = q.last
		}
	}
	for _, q := range s.of {
		sum += q.last.Sub(first) / time.Duration(len(s.of))
	}
	for key, q := range s.of {
		if q.now == 0 && !q.last.After(first.Add(sum)) {
			delete(s.of, key)
		}
	}
}

// hurry answers whoever asked for too much (RFC 6585).
func hurry(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	http.Error(w, "Too many requests at once or in too short a time: ask again later. The header Retry-After says after how many seconds.", http.StatusTooManyRequests)
}
