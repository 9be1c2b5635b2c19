package hook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/assure"
	"candor/internal/crew"
	"candor/internal/deliver"
	"candor/internal/fault"
	"candor/internal/hook"
	"candor/internal/ledger"
	"candor/internal/news"
)

// office is a service whose clock and standing a test turns, with a receiver that answers as
// it is told.
type office struct {
	t      *testing.T
	dir    string
	config hook.Config

	mu     sync.Mutex
	now    time.Time
	rung   assure.Rung
	answer int
	got    []string // ids
	bodies []string
}

func newOffice(t *testing.T) *office {
	o := &office{t: t, dir: t.TempDir(), now: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), rung: assure.Blind, answer: 200}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		o.mu.Lock()
		defer o.mu.Unlock()
		at := o.now
		if r.Header.Get("webhook-signature") != deliver.Signature("s3cret", r.Header.Get("webhook-id"), at, body) {
			t.Errorf("the signature is wrong: %v", r.Header)
		}
		o.got, o.bodies = append(o.got, r.Header.Get("webhook-id")), append(o.bodies, string(body))
		w.WriteHeader(o.answer)
	}))
	t.Cleanup(s.Close)
	file := filepath.Join(o.dir, "d.hooks.yaml")
	text := fmt.Sprintf("kind: candor-hooks\nversion: \"1\"\nhooks:\n  - name: soc\n    url: %s/hidden\n    secret_env: SECRET\n    give_up: 1h\n", s.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if o.config, err = hook.Read(file); err != nil {
		t.Fatal(err)
	}
	return o
}

// service is one process.
func (o *office) service() *hook.Service {
	at := func() time.Time { o.mu.Lock(); defer o.mu.Unlock(); return o.now }
	rung := func() assure.Rung { o.mu.Lock(); defer o.mu.Unlock(); return o.rung }
	return &hook.Service{
		Dir: filepath.Join(o.dir, "hooks"), Now: at, Getenv: func(string) string { return "s3cret" },
		Generation: func(context.Context) (string, error) { return string(rung()), nil },
		Standing: func(context.Context) (news.Standing, error) {
			return news.Standing{Release: "r", AsOf: "2026-03-10", Analytics: map[string]news.Stands{"AN1": {Name: "One", Rung: rung()}}, All: 1}, nil
		},
		Size: func(context.Context) (int64, error) { return 3, nil },
		Head: func(context.Context) (string, ledger.Root, error) {
			return "candor/x\n3\n", ledger.Root{Size: 3}, nil
		},
	}
}

func (o *office) set(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f()
}

// run has a process look and send n times.
func (o *office) run(s *hook.Service, n int) (told []string) {
	ctx, stop := context.WithCancel(o.t.Context())
	wake := make(chan time.Time)
	var mu sync.Mutex
	done := crew.Go(func() error {
		s.Run(ctx, func() hook.Config { return o.config }, wake, func(who string, err error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, who+": "+err.Error())
		})
		return nil
	})
	for range n + 2 { // what is begun is seen to be under way when the next wake is taken
		wake <- time.Time{}
		o.await(s)
	}
	stop()
	if err := <-done; err != nil {
		o.t.Error(err)
	}
	return told
}

// await waits until nothing is under way.
func (o *office) await(s *hook.Service) {
	for s.Busy() {
		time.Sleep(time.Millisecond)
	}
}

func TestWhatIsNotTakenIsSentAgainUnderItsID(t *testing.T) {
	o := newOffice(t)
	first := o.service()
	o.run(first, 1)
	if len(o.got) != 0 {
		t.Fatalf("the first standing is no news: %v", o.bodies)
	}
	o.set(func() { o.rung, o.answer = assure.Reliable, 500 })
	told := o.run(first, 2)
	if len(o.got) != 1 || len(told) != 1 || strings.Contains(strings.Join(told, ""), "hidden") || strings.Contains(strings.Join(told, ""), "s3cret") {
		t.Fatalf("%v, %v", o.got, told)
	}
	// Another process goes on where that one was killed.
	o.set(func() { o.answer, o.now = 200, o.now.Add(time.Minute) })
	second := o.service()
	o.run(second, 2)
	if len(o.got) != 2 || o.got[0] != o.got[1] {
		t.Fatalf("%v", o.got)
	}
	var body struct {
		Type string
		Data hook.ChangesTold
	}
	if err := json.Unmarshal([]byte(o.bodies[1]), &body); err != nil || body.Type != "candor.changes" || body.Data.All != 1 || len(body.Data.Changes) != 1 || body.Data.Changes[0].To != "reliable" {
		t.Errorf("%+v, %v", body, err)
	}
	o.run(o.service(), 2)
	if st, err := second.Status(o.config); len(o.got) != 2 || err != nil || st.Hooks[0].Waiting != 0 || st.Hooks[0].Took.IsZero() || strings.Contains(st.Hooks[0].To, "hidden") {
		t.Errorf("%v, %+v, %v", o.got, st, err)
	}
}

func TestWhatNobodyTakesIsPutAsideAndSentAgainWhenAPersonSaysSo(t *testing.T) {
	o := newOffice(t)
	s := o.service()
	o.run(s, 1)
	o.set(func() { o.rung, o.answer = assure.Reliable, 500 })
	for range 12 {
		o.run(s, 2)
		o.set(func() { o.now = o.now.Add(20 * time.Minute) })
	}
	dead, err := s.Dead()
	if err != nil || len(dead) != 1 || dead[0].Tries < 3 || dead[0].Failed == "" {
		t.Fatalf("%+v, %v", dead, err)
	}
	if waiting, aside := s.Depths(); waiting != 0 || aside != 1 {
		t.Errorf("%d wait, %d are put aside", waiting, aside)
	}
	if _, err := s.Resend(t.Context(), o.config, []string{"msg_none"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
	o.set(func() { o.answer = 204 })
	again := o.service() // a command without a server
	r, err := again.Resend(t.Context(), o.config, nil)
	if err != nil || r != (hook.Resent{Found: 1, Taken: 1}) || o.got[len(o.got)-1] != dead[0].ID {
		t.Errorf("%+v, %v", r, err)
	}
	if left, err := again.Dead(); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestHeadsGoWhereTheUserSays(t *testing.T) {
	o := newOffice(t)
	file := filepath.Join(o.dir, "heads")
	p, err := deliver.Parse("file:" + file)
	if err != nil {
		t.Fatal(err)
	}
	o.config = hook.Config{Heads: []hook.HeadsTo{{Written: "file:heads", Place: p, Every: time.Minute}}}
	s := o.service()
	size := int64(3)
	s.Size = func(context.Context) (int64, error) { return size, nil }
	lines := func() int { b, _ := os.ReadFile(file); return strings.Count(string(b), "candor/x\n") }
	o.run(s, 2)
	if lines() != 1 {
		t.Errorf("%d heads", lines())
	}
	size = 4
	o.run(s, 1)
	if lines() != 1 {
		t.Errorf("%d heads within the minute", lines())
	}
	o.set(func() { o.now = o.now.Add(2 * time.Minute) })
	s.Head = func(context.Context) (string, ledger.Root, error) { return "", ledger.Root{}, errors.New("no key") }
	if told := o.run(s, 1); len(told) != 1 {
		t.Errorf("%v", told)
	}
	s.Head = o.service().Head
	o.set(func() { o.now = o.now.Add(2 * time.Minute) })
	o.run(s, 1)
	if lines() != 2 {
		t.Errorf("%d heads after the failure", lines())
	}
}

func TestAConfigurationWithASecretInItIsRefused(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"hooks:\n  - name: a\n    url: https://x/\n    secret: s3cret\n":                    "a secret does not stand in the configuration",
		"hooks:\n  - name: a\n    url: https://x/\n":                                        "is missing: what a hook gets is signed",
		"hooks:\n  - name: a\n    url: http://x.example/s3cret\n    secret_env: A\n":        "use https",
		"hooks:\n  - name: a\n    url: https://x/\n    secret_env: A\n    kinds: [rungs]\n": "is no kind of news",
		"hooks:\n  - name: a\n    url: https://x/\n    secret_env: A\n    give_up: 1y\n":    "is no time",
		"heads:\n  - to: ftp:x\n":                "is no place",
		"heads:\n  - to: file:x\n    evry: 1m\n": "is no setting here",
		"hooks:\n  - {name: a, url: 'https://x/', secret_env: A}\n  - {name: a, url: 'https://y/', secret_env: A}\n": "two hooks",
	} {
		file := filepath.Join(dir, "h.yaml")
		if err := os.WriteFile(file, []byte("kind: candor-hooks\nversion: \"1\"\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := hook.Read(file); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := hook.Read(filepath.Join(dir, "none")); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}
