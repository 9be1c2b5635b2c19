package answer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"candor/internal/answer"
	"candor/internal/cache"
)

// desk is a handler behind a cache, with all that the cache asks.
type desk struct {
	t     *testing.T
	made  atomic.Int64 // answers
	state string
	known bool // the state
	now   time.Time
	do    http.HandlerFunc // what the handler does besides, if anything
	http.HandlerFunc
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, state: "a", known: true, now: time.Date(2026, 5, 4, 12, 0, 30, 0, time.UTC)}
	c := answer.New(answer.Config{Most: 1 << 20, Now: func() time.Time { return d.now },
		State: func(context.Context) (string, bool) { return d.state, d.known }})
	d.HandlerFunc = c.Handler(func(w http.ResponseWriter, r *http.Request) {
		n := d.made.Add(1)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if d.do != nil {
			d.do(w, r)
		}
		fmt.Fprintf(w, "answer %d to %s %s\n%s", n, r.Method, r.URL, strings.Repeat("more of it ", 1000))
	})
	return d
}

// ask asks for a target with headers given as names and values in turn.
func (d *desk) ask(method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// number is which answer the handler gave when it gave this one.
func number(t *testing.T, w *httptest.ResponseRecorder) int {
	t.Helper()
	var n int
	if _, err := fmt.Sscanf(w.Body.String(), "answer %d", &n); err != nil {
		t.Fatalf("%d: %.60q", w.Code, w.Body)
	}
	return n
}

func TestAnAnswerIsMadeOncePerState(t *testing.T) {
	d := newDesk(t)
	for i, step := range []struct {
		change func()
		target string
		want   int
	}{
		{func() {}, "/a", 1},
		{func() {}, "/a", 1},
		{func() {}, "/a?x=1", 2},
		{func() {}, "/a?x=1", 2},
		{func() { d.state = "b" }, "/a", 3},
		{func() {}, "/a", 3},
		{func() { d.now = d.now.Add(11 * time.Hour) }, "/a", 3},
		{func() { d.now = d.now.Add(time.Hour) }, "/a", 4}, // the next day
		{func() { d.known = false }, "/a", 5},
		{func() {}, "/a", 6},
		{func() { d.known = true }, "/a", 4},
		{func() { d.do = func(http.ResponseWriter, *http.Request) { d.state = "c" } }, "/b", 7}, // while it is made
		{func() { d.do, d.state = nil, "b" }, "/b", 8},
		{func() { d.state = "c" }, "/b", 9},
	} {
		step.change()
		if got := number(t, d.ask(http.MethodGet, step.target)); got != step.want {
			t.Errorf("step %d: %s has answer %d, want %d", i, step.target, got, step.want)
		}
	}
}

func TestAnAnswerOfAMomentHoldsUntilItEnds(t *testing.T) {
	d := newDesk(t)
	d.do = func(_ http.ResponseWriter, r *http.Request) {
		cache.Until(r.Context(), d.now.Truncate(time.Minute).Add(time.Minute))
	}
	for i, want := range []int{1, 1, 2, 2, 2, 3} {
		for _, form := range []string{"", "gzip"} {
			if w := d.ask(http.MethodGet, "/", "Accept-Encoding", form); d.made.Load() != int64(want) {
				t.Errorf("step %d: %d answers were made, want %d (%d)", i, d.made.Load(), want, w.Code)
			}
		}
		d.now = d.now.Add(20 * time.Second) // from half past
	}
}

func TestWhatIsNoWholeAnswerIsNotKept(t *testing.T) {
	d := newDesk(t)
	for name, do := range map[string]http.HandlerFunc{
		"an error":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"not found":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"a redirect":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusSeeOther) },
		"no-store":     func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Cache-Control", "no-store") },
		"for one only": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "a=b") },
		"too large":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<18)) },
	} {
		d.do = do
		before := d.made.Load()
		first, second := d.ask(http.MethodGet, "/"+strconv.Itoa(len(name))), d.ask(http.MethodGet, "/"+strconv.Itoa(len(name)))
		if made := d.made.Load() - before; made != 2 || first.Code != second.Code {
			t.Errorf("%s: made %d times, answered %d and %d", name, made, first.Code, second.Code)
		}
		if tag := first.Header().Get("ETag"); (tag != "") != (name == "too large") {
			t.Errorf("%s: has the tag %s", name, tag)
		}
	}
	d.do = nil
	before := d.made.Load()
	for range 2 {
		if w := d.ask(http.MethodPost, "/post"); w.Code != http.StatusOK || w.Header().Get("ETag") != "" {
			t.Errorf("POST: %d, %v", w.Code, w.Header())
		}
	}
	if d.made.Load() != before+2 {
		t.Error("an answer to a POST was kept")
	}
}

// unpacked returns a body as it was before it was compressed.
func unpacked(t *testing.T, w *httptest.ResponseRecorder) []byte {
	t.Helper()
	var r io.Reader = w.Body
	switch form := w.Header().Get("Content-Encoding"); form {
	case "gzip":
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	case "":
	default:
		t.Fatalf("Content-Encoding: %s", form)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnAnswerComesInTheFormThatIsAskedFor(t *testing.T) {
	d := newDesk(t)
	plain := d.ask(http.MethodGet, "/").Body.Bytes()
	tags := map[string]string{}
	for accept, want := range map[string]string{
		"": "", "identity": "", "br": "", "gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd", "gzip, deflate, br, zstd": "zstd",
		"gzip;q=1, zstd;q=0.5": "gzip", "zstd;q=0, gzip;q=0.1": "gzip", "*": "zstd", "*;q=0": "", "gzip;q=0": "",
		"gzip;q=0.5, identity": "", "GZIP": "gzip", "gzip;q=nonsense": "", "zstd ; q=0.2 , gzip ; q=0.3": "gzip", "*;q=0.5, zstd;q=0": "gzip", ",,": "",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := d.ask(method, "/", "Accept-Encoding", accept)
			h := w.Header()
			if h.Get("Content-Encoding") != want || h.Get("Vary") != "Accept-Encoding" || w.Code != http.StatusOK {
				t.Errorf("%s, Accept-Encoding: %s: %d, %v, want %q", method, accept, w.Code, h, want)
			}
			if tag, known := tags[want]; known && tag != h.Get("ETag") {
				t.Errorf("%s: the tag is %s, and was %s", accept, h.Get("ETag"), tag)
			}
			tags[want] = h.Get("ETag")
			if method == http.MethodHead {
				if w.Body.Len() > 0 {
					t.Errorf("HEAD has a body of %d bytes", w.Body.Len())
				}
				continue
			}
			if n := h.Get("Content-Length"); n != strconv.Itoa(w.Body.Len()) {
				t.Errorf("%s: Content-Length %s of %d bytes", accept, n, w.Body.Len())
			}
			if want != "" && w.Body.Len() > len(plain)/4 {
				t.Errorf("%s: %d bytes of %d", want, w.Body.Len(), len(plain))
			}
			if got := unpacked(t, w); !bytes.Equal(got, plain) {
				t.Errorf("%s: another body: %.50q", accept, got)
			}
		}
	}
	if d.made.Load() != 1 || len(tags) != 3 || tags["gzip"] == tags["zstd"] || tags["gzip"] == tags[""] {
		t.Errorf("made %d times, tags %v", d.made.Load(), tags)
	}
}

func TestWhatTheClientHasIsNotSent(t *testing.T) {
	d := newDesk(t)
	tag := d.ask(http.MethodGet, "/").Header().Get("ETag")
	zipped := d.ask(http.MethodGet, "/", "Accept-Encoding", "gzip").Header().Get("ETag")
	for _, c := range []struct {
		have, accept string
		want         int
	}{
		{tag, "", 304}, {`"x", W/` + tag, "", 304}, {"*", "", 304}, {`"x"`, "", 200}, {zipped, "gzip", 304}, {tag, "gzip", 200}, {zipped, "", 200},
	} {
		w := d.ask(http.MethodGet, "/", "If-None-Match", c.have, "Accept-Encoding", c.accept)
		if w.Code != c.want || (c.want == 304) != (w.Body.Len() == 0) || w.Header().Get("ETag") == "" || w.Header().Get("Vary") == "" {
			t.Errorf("%+v: %d, %d bytes, %v", c, w.Code, w.Body.Len(), w.Header())
		}
		if c.want == 304 && (w.Header().Get("Content-Encoding") != "" || w.Header().Get("Content-Length") != "") {
			t.Errorf("%+v: %v", c, w.Header())
		}
	}
	d.state = "b" // and the answer is another one
	if w := d.ask(http.MethodGet, "/", "If-None-Match", tag); w.Code != 200 {
		t.Errorf("after a change: %d", w.Code)
	}
	d.do = func(_ http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"If-None-Match", "Range", "Accept-Encoding"} {
			if r.Header.Get(name) != "" {
				t.Errorf("the handler is told %s", name)
			}
		}
	}
	if w := d.ask(http.MethodGet, "/new", "If-None-Match", tag, "Range", "bytes=1-2"); w.Code != 200 {
		t.Errorf("a part: %d", w.Code)
	}
}

func TestManyAskAndOneAnswerIsMade(t *testing.T) {
	d := newDesk(t)
	begun, release := make(chan struct{}), make(chan struct{})
	d.do = func(http.ResponseWriter, *http.Request) { close(begun); <-release }
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if i > 0 {
				<-begun
			}
			if n := number(t, d.ask(http.MethodGet, "/")); n != 1 {
				t.Errorf("answer %d", n)
			}
		})
	}
	<-begun
	close(release)
	all.Wait()
	if d.made.Load() != 1 {
		t.Errorf("made %d times", d.made.Load())
	}
}

func TestAPanicIsToldToWhoAsked(t *testing.T) {
	d := newDesk(t)
	d.do = func(http.ResponseWriter, *http.Request) { panic("boom") }
	func() {
		defer func() {
			if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "answer_test.go") {
				t.Errorf("%v, want the panic and its stack", err)
			}
		}()
		d.ask(http.MethodGet, "/")
	}()
	d.do = nil
	if n := number(t, d.ask(http.MethodGet, "/")); n != 2 {
		t.Errorf("answer %d", n)
	}
}

func TestSecretsAreCovered(t *testing.T) {
	d := newDesk(t)
	secret := "candor_siem_" + strings.Repeat("a", 52)
	d.do = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Echo", secret)
		_, _ = io.WriteString(w, secret)
	}
	for range 2 {
		if w := d.ask(http.MethodGet, "/"); strings.Contains(w.Body.String(), secret) || w.Header().Get("X-Echo") == secret {
			t.Error("a secret is told")
		}
	}
}

func TestWhoGoesAwayIsNotAnswered(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.do = func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
	if w.Body.Len() > 0 {
		t.Errorf("%.50q", w.Body)
	}
	d.do = nil
	if n := number(t, d.ask(http.MethodGet, "/")); n != 2 {
		t.Errorf("what was made for nobody is kept: answer %d", n)
	}
}

func TestAStateIsThatOfEverySource(t *testing.T) {
	value, fails := 1, error(nil)
	of := answer.StateOf(
		func(context.Context) (string, error) { return "x", nil },
		answer.Value(func() ([]int, error) { return []int{value}, fails }),
	)
	name := func() string {
		s, ok := of(t.Context())
		if !ok {
			return "unknown"
		}
		return s
	}
	first := name()
	if again := name(); again != first {
		t.Errorf("%s, and then %s", first, again)
	}
	value = 2
	second := name()
	fails = errors.New("no")
	if third := name(); second == first || third != "unknown" {
		t.Errorf("%s, %s, %s", first, second, third)
	}
	fails, value = nil, 1
	if name() == second {
		t.Error("another value has the same name")
	}
}
