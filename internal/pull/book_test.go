package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/pull/pulltest"
)

// watchedDesk watches a configuration that a test changes. What is waited for more than an
// hour does not come, and what is waited for less comes at once.
type watchedDesk struct {
	*desk
	elastic *pulltest.Elastic
	path    string
	book    *Book

	mu   sync.Mutex
	told []string
}

func newWatchedDesk(t *testing.T, first string) *watchedDesk {
	d := &watchedDesk{desk: newDesk(t), elastic: newElastic(t)}
	d.Wait = func(ctx context.Context, w time.Duration) error {
		if w > time.Hour {
			<-ctx.Done()
		}
		return wait(ctx, min(w, 2*time.Millisecond))
	}
	d.path = filepath.Join(t.TempDir(), "secret-project", "corp.pulls.yaml")
	if err := os.MkdirAll(filepath.Dir(d.path), 0o755); err != nil {
		t.Fatal(err)
	}
	if first != "" {
		d.says(first)
	}
	var err error
	if d.book, err = Open(d.path, true, d.Now); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan bool)
	go func() {
		d.Watch(ctx, d.book, d.in, func(name string, err error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.told = append(d.told, name+": "+err.Error())
		})
		close(done)
	}()
	t.Cleanup(func() { stop(); <-done })
	return d
}

// says writes the configuration: lines of sources, as name and how often.
func (d *watchedDesk) says(lines ...string) {
	d.t.Helper()
	text := "kind: candor-pulls\nversion: 1\npulls:\n"
	for _, l := range lines {
		name, every, _ := strings.Cut(l, " ")
		text += fmt.Sprintf("  - {name: %s, product: elastic, address: %s, parts: [alerts], secret_env: PULL_SECRET, every: %s}\n", name, d.elastic.URL, every)
	}
	if err := durable.Write(d.path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// comes waits until the standing is as is says.
func (d *watchedDesk) comes(what string, is func(Standing) bool) Standing {
	d.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		switch s := d.Standing(); {
		case is(s):
			return s
		case time.Now().After(end):
			d.t.Fatalf("%s does not come: %+v", what, s)
		}
	}
}

// named is whether a standing is of these sources, each of which answered.
func named(s Standing, names ...string) bool {
	if len(s.Pulls) != len(names) {
		return false
	}
	for i, p := range s.Pulls {
		if p.Name != names[i] || p.State != Works {
			return false
		}
	}
	return true
}

func TestAConfigurationThatChangesHoldsWithoutARestart(t *testing.T) {
	d := newWatchedDesk(t, "corp 7d")
	s := d.comes("the first pull", func(s Standing) bool { return named(s, "corp") && !s.Pulls[0].Pulling })
	if p := s.Pulls[0]; s.File != "corp.pulls.yaml" || s.Read.IsZero() || s.Wrong != "" || p.Every != "7d" || p.Ended.IsZero() || len(p.Last) != 1 || p.Last[0].Came != 0 {
		t.Errorf("%+v", s)
	}
	d.elastic.Put(raised("a-1", d.now.Add(-time.Minute)))
	time.Sleep(20 * time.Millisecond)
	if s := d.Standing(); s.Pulls[0].Records != 0 {
		t.Fatalf("pulled before it was due: %+v", s)
	}
	d.says("corp 5m", "other 7d")
	s = d.comes("the other schedule", func(s Standing) bool { return named(s, "corp", "other") && s.Pulls[0].Records == 1 })
	if s.Pulls[0].Every != "5m" || s.Pulls[0].Collected["alerts"].IsZero() {
		t.Errorf("%+v", s)
	}
	d.says("other 7d")
	d.comes("what is gone", func(s Standing) bool { return named(s, "other") })
	d.elastic.Put(raised("a-2", d.now.Add(-time.Minute)))
	d.says("other 7d", "corp 7d") // it is begun anew, and not before it is due
	d.comes("what is there again", func(s Standing) bool { return named(s, "other", "corp") })
	d.says("other 7d", "corp 1m")
	d.comes("its pull", func(s Standing) bool { return named(s, "other", "corp") && s.Pulls[1].Records == 2 })
	if len(d.told) > 0 {
		t.Error(d.told)
	}
}

func TestAConfigurationThatIsWrongLeavesTheLastOneInForce(t *testing.T) {
	d := newWatchedDesk(t, "corp 7d")
	d.comes("the first pull", func(s Standing) bool { return named(s, "corp") })
	for _, step := range []struct{ every, want string }{
		{"often", `corp.pulls.yaml:4: every: "often"`}, {"9d", `corp.pulls.yaml:4: every: "9d"`}, {"7d, password: hunter2", "a secret does not stand in the configuration"},
	} {
		d.says("corp " + step.every)
		s := d.comes(step.every, func(s Standing) bool { return strings.Contains(s.Wrong, step.want) })
		if !named(s, "corp") || s.Pulls[0].Every != "7d" || strings.Contains(s.Wrong, "secret-project") || strings.Contains(s.Wrong, "hunter2") {
			t.Errorf("%+v", s)
		}
	}
	if err := os.Remove(d.path); err != nil {
		t.Fatal(err)
	}
	if s := d.comes("its end", func(s Standing) bool { return strings.Contains(s.Wrong, "there is no configuration") }); !named(s, "corp") {
		t.Errorf("%+v", s)
	}
	time.Sleep(20 * time.Millisecond)
	d.mu.Lock()
	if len(d.told) != 4 || !strings.HasPrefix(d.told[0], ": "+d.path+":4") {
		t.Errorf("told %q", d.told)
	}
	d.mu.Unlock()
	d.says("corp 6d")
	if s := d.comes("what is right again", func(s Standing) bool { return s.Wrong == "" }); s.Pulls[0].Every != "6d" {
		t.Errorf("%+v", s)
	}
}

func TestAConfigurationMayComeLater(t *testing.T) {
	d := newWatchedDesk(t, "")
	if s := d.Standing(); len(s.Pulls) != 0 || s.Wrong != "" || !s.Read.IsZero() {
		t.Errorf("%+v", s)
	}
	d.says("corp 7d")
	d.comes("the first pull", func(s Standing) bool { return named(s, "corp") })
	if _, err := Open(filepath.Join(t.TempDir(), "none.yaml"), false, d.Now); fault.KindOf(err) != fault.NotFound || fault.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
}

// TestAStandingSaysWhatStoppedAndNoSecret has a state be of another source, a secret be gone
// and a source say the secret back.
func TestAStandingSaysWhatStoppedAndNoSecret(t *testing.T) {
	d := newWatchedDesk(t, "corp 7d")
	d.comes("the first pull", func(s Standing) bool { return named(s, "corp") })
	d.elastic.Wrong("/_pit", pulltest.Echo)
	d.says("corp 1m")
	s := d.comes("what fails", func(s Standing) bool { return s.Pulls[0].State == Partly })
	p := s.Pulls[0]
	if !strings.Contains(p.Failed, "403") || len(p.Last) != 1 || p.Last[0].Failed == "" || p.Failing.IsZero() {
		t.Errorf("%+v", p)
	}
	text := fmt.Sprintf("kind: candor-pulls\nversion: 1\npulls:\n  - {name: corp, product: wazuh, address: %s, user: me, secret_env: PULL_SECRET}\n  - {name: gone, product: wazuh, address: %s, user: me, secret_file: %s}\n", d.elastic.URL, d.elastic.URL, filepath.Join(filepath.Dir(d.path), "none.key"))
	if err := durable.Write(d.path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s = d.comes("what cannot be pulled", func(s Standing) bool {
		return len(s.Pulls) == 2 && s.Pulls[0].State == Refused && s.Pulls[1].State == Partly
	})
	if !strings.Contains(s.Pulls[0].Failed, "of another source, elastic at") || !strings.Contains(s.Pulls[1].Failed, "none.key: the file of the secret cannot be read") {
		t.Errorf("%+v", s)
	}
	whole, err := json.Marshal(s)
	if err != nil || strings.Contains(string(whole), pulltest.Secret) || strings.Contains(string(whole), "secret-project") || strings.Contains(string(whole), d.Dir) {
		t.Errorf("%s %v", whole, err)
	}
}
