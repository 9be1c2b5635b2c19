// Package answer keeps what a server answered and answers it again for as long as all
// that it was made from is as it was: the stores, the policy, the day, what is asked and
// what for. An answer that is kept is compressed once, and one that a client has already
// is not sent.
//
// It asks which state everything is in before an answer is made and again afterwards,
// so that nothing is kept which was made while something changed. Whether someone may
// have an answer is asked before it comes here, each time. The package refuses to keep
// what is no whole answer: errors, redirects, and what says no-store.
package answer

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"candor/internal/cache"
	"candor/internal/day"
	"candor/internal/door"
	"candor/internal/identity"
)

// Config is what a keeper of answers is made from. Every field is needed.
type Config struct {
	// Most is how many bytes all answers together may take. None of more than a quarter
	// of that is kept.
	Most int64
	// State names the state of all that answers are made from, but for the day. It is not
	// ok when it cannot be told; then nothing is kept.
	State func(ctx context.Context) (name string, ok bool)
	// Now gives the day, and until when answers hold that are of a moment of it.
	Now func() time.Time
}

// Cache keeps answers. It is safe for concurrent use.
type Cache struct {
	Config
	kept cache.Cache[*reply]
	pack packer
}

// overhead is about what keeping an answer takes beside its body: key, headers, places.
const overhead = 2048

// New returns a cache without answers.
func New(c Config) *Cache {
	return &Cache{Config: c, kept: cache.Cache[*reply]{
		Most: c.Most,
		Cost: func(r *reply) int64 { return int64(len(r.body)) + overhead },
		Keep: func(r *reply) bool {
			return r.lasts && int64(len(r.body))+overhead <= c.Most/4 && (r.until.IsZero() || c.Now().Before(r.until))
		},
	}}
}

// Handler answers as h does, whose answers depend on nothing of a request but its
// address and on nobody who asks. What h says of when an answer was made may be of
// earlier that day.
func (c *Cache) Handler(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h(w, r)
			return
		}
		state, ok := c.state(r.Context())
		if !ok {
			h(w, r)
			return
		}
		answer, err := c.of(r, asked{h: h, state: state, form: preferred(r.Header.Get("Accept-Encoding")), header: w.Header()})
		switch {
		case err == nil:
			answer.write(w, r)
		case r.Context().Err() == nil:
			panic(err) // of h, told by whoever recovers what h would have panicked with
		}
	}
}

// asked is what is asked of one handler.
type asked struct {
	h     http.HandlerFunc
	state string // before
	form  form
	// header is what the answer has so far.
	header http.Header
}

// state names the state of everything, and the day.
func (c *Cache) state(ctx context.Context) (string, bool) {
	name, ok := c.State(ctx)
	return string(day.Of(c.Now())) + "\x1f" + name, ok
}

// of returns the answer to a request in the form that the client prefers.
func (c *Cache) of(r *http.Request, a asked) (*reply, error) {
	key := strings.Join([]string{a.state, role(r), r.URL.EscapedPath(), r.URL.RawQuery}, "\x1f")
	if have, ok := c.kept.Get(key + "\x1f" + string(a.form)); ok {
		return have, nil
	}
	a.header = a.header.Clone() // the request may end before the work does
	plain := r.Clone(r.Context())
	plain.Method, plain.Body = http.MethodGet, http.NoBody
	for _, name := range []string{"Accept-Encoding", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range", "Range"} {
		plain.Header.Del(name)
	}
	whole := func(ctx context.Context) (*reply, error) {
		return c.kept.Of(ctx, key+"\x1f", func(ctx context.Context) (*reply, error) { return c.make(plain.WithContext(ctx), a), nil })
	}
	if a.form == asIs {
		return whole(r.Context())
	}
	return c.kept.Of(r.Context(), key+"\x1f"+string(a.form), func(ctx context.Context) (*reply, error) {
		from, err := whole(ctx)
		if err != nil {
			return nil, err
		}
		return c.pack.pack(from, a.form)
	})
}

// make has the handler answer, and says whether and until when the answer holds.
func (c *Cache) make(r *http.Request, a asked) *reply {
	ctx, until := cache.WithHorizon(r.Context())
	rec := recorder{header: a.header}
	a.h(&rec, r.WithContext(ctx))
	made := rec.reply()
	after, ok := c.state(ctx)
	made.until = until()
	made.lasts = made.whole() && ok && after == a.state && ctx.Err() == nil
	return made
}

// role is what someone is let in as, which nothing is answered differently for today.
func role(r *http.Request) string {
	who := door.Who(r.Context())
	scopes := slices.Sorted(slices.Values(who.Scopes))
	if who.Owner {
		scopes = append(scopes, string(identity.Run))
	}
	return strings.Join(scopes, ",")
}
