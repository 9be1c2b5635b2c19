//go:build unix

package main

import (
	"bufio"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// demonstration returns a place whose data folder holds the demo's organisation,
// beside its input files.
func demonstration(t *testing.T, env ...string) place {
	t.Helper()
	p := newPlace(t, env...)
	p.ok("demo", "--once", "--keep", "demo")
	return p.in("demo")
}

// TestCommandsAreTheSameThroughAServer runs commands without and with a server that
// has their folder, in places that are alike.
func TestCommandsAreTheSameThroughAServer(t *testing.T) {
	t.Parallel()
	alone, served := demonstration(t), demonstration(t)
	served.serve()
	feeds := "date,source,channel,events,hosts\n2026-01-02,a,b,1,1\n2026-01-xx,a,b,1,1\n"
	for _, p := range []place{alone, served} {
		p.write("input/more.csv", feeds)
		p.write("input/bad.csv", "nothing\n")
		p.alerts("input/alerts-more.jsonl", 0, 20)
		p.write("input/note.md", "Looked *at*.\n")
		p.ok("note", "add", "AN1989", "--author", "Ann", "--file", "input/note.md")
		if err := os.MkdirAll(p.path("work"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range []string{
		"version", "", "nonsense", "attack releases", "attack show AN0001 --json", "attack show nothing", "attack stats", "attack search employee",
		"evidence list --quiet --nonsense", "evidence formats", "evidence template feeds", "evidence check feeds ../input/more.csv",
		"assess --summary", "assess --json", "assess --explain AN0001", "assess --policy nowhere.yaml", "next --limit 3",
		"note list AN1989", "take AN1989", "note add AN1989 --author Ann --file nowhere.md", "note retire AN1989 none --by Ann --reason x",
		"measure", "measure --json", "label sample --help", "gate AN0001 --for automation", "policy show",
		"evidence add feeds ../input/more.csv", "evidence add feeds ../input/more.csv", "evidence add feeds ../input/bad.csv",
		"evidence add feeds nowhere.csv", "evidence add alerts ../input/alerts-more.jsonl --by bob", "evidence history a-3",
		"evidence show alerts-", "policy set ../input/more.csv", "attack import ../input/miniature.json", "attack import nowhere.json",
		"assess --keep monday --summary", "assess list --json --nonsense", "assess compare monday", "evidence withdraw feeds-nothing --reason x",
		"attack sync --index nowhere.json", "backup ../input/more.csv", "restore ../input/more.csv", "ledger proof --from 99",
	} {
		args := append(strings.Fields(line), "--data", "../data")
		want, got := alone.in("work").run(args...), served.in("work").run(args...)
		// A place's own path is the only difference that there may be.
		for _, s := range []*string{&got.out, &got.err} {
			*s = strings.ReplaceAll(*s, served.dir+"/work/../", "../")
			*s = strings.ReplaceAll(*s, served.dir+"/work/", "")
			*s = strings.ReplaceAll(*s, served.dir+"/", "../")
		}
		clock := func(s said) said { return said{timeless(s.out), timeless(s.err), s.code} }
		if diff := cmp.Diff(clock(want), clock(got), cmp.AllowUnexported(said{})); diff != "" {
			t.Errorf("candor %s, without and with a server:\n%s", line, diff)
		}
	}
	alone.ok("ledger", "verify")
	served.ok("ledger", "verify")
	if _, err := os.Stat(served.path("data/rejects")); err != nil {
		t.Errorf("the rejects file of a relayed import: %v", err)
	}
}

// TestAServerReadsWhatANoteIsGiven gives the words of a note on standard input, of which
// the process that is given them must not read any when a server has the folder.
func TestAServerReadsWhatANoteIsGiven(t *testing.T) {
	t.Parallel()
	p := demonstration(t)
	p.serve()
	c := p.command("note", "add", "AN1989", "--author", "Ann", "--file", "-")
	c.Stdin = strings.NewReader("Asked the *provider*.\n")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out := p.ok("take", "AN1989"); !strings.Contains(out, "Asked the *provider*.") {
		t.Errorf("the take does not have the note:\n%s", out)
	}
}

// TestAShellCompletesWhatAServerHas completes with and without a server.
func TestAShellCompletesWhatAServerHas(t *testing.T) {
	t.Parallel()
	p := demonstration(t)
	args := []string{"__complete", "--data", "data", "gate", "AN0"}
	alone := p.run(args...)
	p.serve()
	if served := p.run(args...); served != alone || !strings.HasPrefix(alone.out, "AN0") {
		t.Errorf("without a server %+v, with one %+v", alone, served)
	}
}

// timeless blanks what two runs differ in: times of day, and hashes over them.
func timeless(s string) string {
	return regexp.MustCompile(`[0-9a-f]{8,}|[0-9]+`).ReplaceAllString(s, "0")
}

func TestAFolderIsServedOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	first := p.serve()
	p.fails([]string{"served already", first.address}, "serve", "--addr", "127.0.0.1:0")
	first.stop(t)
	if left, _ := filepath.Glob(p.path("data/*.sock")); len(left) > 0 {
		t.Errorf("a server that was stopped left %v", left)
	}
	killed := p.serve()
	killed.Process.Kill()
	killed.Wait()
	if out := p.ok("evidence", "list"); !strings.Contains(out, "No evidence") {
		t.Errorf("after a server was killed: %s", out)
	}
	p.alerts("a.jsonl", 0, 10)
	p.ok("evidence", "add", "alerts", "a.jsonl")
	p.serve()
	p.ok("evidence", "show", "alerts-")
}

func TestADataFolderWithALongPathIsServed(t *testing.T) {
	t.Parallel()
	p := newPlace(t).in(strings.Repeat("long/", 30))
	p.serve()
	p.alerts("a.jsonl", 0, 10)
	p.ok("evidence", "add", "alerts", "a.jsonl")
	p.ok("ledger", "verify")
}

func TestPagesShowWhatRelayedCommandsAdd(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.serve()
	p.alerts("a.jsonl", 0, 10)
	p.ok("evidence", "add", "alerts", "a.jsonl")
	if status, body := s.get(t, "api/v1/batches"); !strings.Contains(body, "alerts-") {
		t.Errorf("%d: %s", status, body)
	}
}

// get asks a server for a page.
func (s *server) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(s.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestAServerJudgesByThePolicyInForce changes the policy under a server, to another
// one and to what is none.
func TestAServerJudgesByThePolicyInForce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("ours.yaml", "name: ours\nversion: \"7\"\nwindow_days: 77\n")
	s := p.serve()
	p.ok("policy", "set", "ours.yaml", "--reason", "agreed")
	for _, page := range []string{"policy", "api/v1/policy"} {
		if status, body := s.get(t, page); status != http.StatusOK || !strings.Contains(body, "77") {
			t.Errorf("/%s answers %d by another policy:\n%s", page, status, body)
		}
	}
	p.write("data/policy.yaml", "version: \"8\"\nwindow_days: never\n")
	for _, page := range []string{"policy", "verdicts", "api/v1/policy", "api/v1/verdicts", "api/v1/gates/AN1?for=reporting", "api/v1/reviews"} {
		if status, body := s.get(t, page); status != http.StatusServiceUnavailable || !strings.Contains(body, "policy.yaml:2") {
			t.Errorf("/%s answers %d though the policy in force cannot be read:\n%s", page, status, body)
		}
	}
}

// TestAServerKeepsToThePolicyThatItWasTold sets another policy meanwhile.
func TestAServerKeepsToThePolicyThatItWasTold(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("ours.yaml", "name: ours\nversion: \"7\"\nwindow_days: 77\n")
	p.write("theirs.yaml", "name: theirs\nversion: \"8\"\nwindow_days: 88\n")
	s := p.serve("--policy", "ours.yaml")
	p.ok("policy", "set", "theirs.yaml")
	if status, body := s.get(t, "api/v1/policy"); status != http.StatusOK || !strings.Contains(body, "77") || strings.Contains(body, "88") {
		t.Errorf("%d: %s", status, body)
	}
}

// slow is a command in the middle of its work: it imports from a server that does
// not answer.
type slow struct {
	*exec.Cmd
	answer func()
	ended  chan struct{}
	err    error // once it has ended
}

// slow starts a command, and returns once it asks the server, and so has its turn.
func (p place) slow() *slow {
	p.t.Helper()
	asked, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		select {
		case <-answer:
		case <-r.Context().Done():
		}
		http.NotFound(w, r)
	}))
	s := &slow{Cmd: p.command("attack", "import", server.URL+"/enterprise-attack-18.1.json"), ended: make(chan struct{})}
	s.answer = sync.OnceFunc(func() { close(answer) })
	p.t.Cleanup(func() { s.answer(); server.Close() })
	if err := s.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		s.err = s.Wait()
		close(s.ended)
	}()
	select {
	case <-asked:
	case <-s.ended:
		p.t.Fatalf("the command ended before it asked: %v", s.err)
	}
	return s
}

// finish has the server say that there is no such file, and returns what the
// command came to.
func (s *slow) finish() error {
	s.answer()
	<-s.ended
	return s.err
}

// waiting starts a command and returns when it says that it waits.
func (p place) waiting(args ...string) *exec.Cmd {
	p.t.Helper()
	c := p.command(args...)
	errs, err := c.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	lines := bufio.NewReader(errs)
	line, err := lines.ReadString('\n')
	if !strings.Contains(line, "waiting for") || !strings.Contains(line, "candor attack import") {
		p.t.Errorf("candor %s says %q, %v; want whom it waits for", strings.Join(args, " "), line, err)
	}
	go io.Copy(io.Discard, lines)
	return c
}

// TestWritersTakeTurns has one command wait in the middle, and others behind it:
// without a server, and within one.
func TestWritersTakeTurns(t *testing.T) {
	t.Parallel()
	for _, within := range []bool{false, true} {
		p := newPlace(t)
		p.ok("evidence", "add", "feeds", p.feeds("first.csv"))
		if within {
			p.serve()
		}
		slow := p.slow()
		p.alerts("a.jsonl", 0, 100)
		p.alerts("b.jsonl", 50, 100)
		interrupted := p.waiting("evidence", "add", "alerts", "a.jsonl")
		if err := interrupted.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := interrupted.Wait(); err == nil {
			t.Error("a command that was interrupted succeeded")
		}
		one, two := p.waiting("evidence", "add", "alerts", "a.jsonl"), p.waiting("evidence", "add", "alerts", "b.jsonl")
		if within { // readers of the server never wait
			if n := len(p.batches()); n != 1 {
				t.Errorf("%d batches while a command writes", n)
			}
		}
		if slow.finish() == nil {
			t.Error("what is not there was taken in")
		}
		for _, c := range []*exec.Cmd{one, two} {
			if err := c.Wait(); err != nil {
				t.Errorf("a command that waited: %v", err)
			}
		}
		var known int64
		for _, b := range p.batches() {
			if strings.HasPrefix(b.ID, "alerts-") {
				known += b.New
			}
		}
		if known != 150 {
			t.Errorf("%d alerts are known, want 150", known)
		}
		p.ok("ledger", "verify")
	}
}

// TestTheEndOfAServerIsClean stops and kills servers while commands run in them.
func TestTheEndOfAServerIsClean(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.env = append(p.env, "TMPDIR="+p.dir) // for the download that is killed
	p.alerts("a.jsonl", 0, 100)
	s := p.serve()
	slow := p.slow()
	waits := p.waiting("evidence", "add", "alerts", "a.jsonl")
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := waits.Wait(); err == nil {
		t.Error("a command whose server was stopped succeeded")
	}
	if slow.finish() == nil {
		t.Error("a command whose server was stopped succeeded")
	}
	if err := s.Wait(); err != nil {
		t.Errorf("the server ended with %v\n%s", err, s.errs)
	}
	p.ok("ledger", "verify")

	s = p.serve()
	slow = p.slow()
	waits = p.waiting("evidence", "add", "alerts", "a.jsonl")
	s.Process.Kill()
	if err := waits.Wait(); err == nil || waits.ProcessState.ExitCode() != 1 {
		t.Errorf("a command whose server was killed: %v", err)
	}
	<-slow.ended
	p.ok("evidence", "add", "alerts", "a.jsonl")
	p.ok("ledger", "verify")
}

func TestAClientThatIsKilledLeavesItsTurn(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.alerts("a.jsonl", 0, 60_000)
	p.serve()
	for range 3 {
		c := p.command("evidence", "add", "alerts", "a.jsonl")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		c.Process.Kill()
		c.Wait()
	}
	p.ok("evidence", "add", "alerts", "a.jsonl")
	if b := p.batches(); len(b) != 1 {
		t.Errorf("batches %v", b)
	}
	p.ok("ledger", "verify")
}

func TestAnotherVersionReadsAndDoesNotWrite(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.serve()
	lock, err := os.ReadFile(p.path("data/writer.lock"))
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Replace(string(lock), `"version":"`, `"version":"v0.0.0-other-`, 1)
	p.write("data/writer.lock", said)
	if s := p.run("evidence", "list"); s.code != 0 || !strings.Contains(s.err, "v0.0.0-other") {
		t.Errorf("reading: %+v", s)
	}
	p.fails([]string{"v0.0.0-other", "next:"}, "evidence", "add", "feeds", p.feeds("f.csv"))
	if len(p.batches()) > 0 {
		t.Error("another version wrote")
	}
}

// TestReadersWaitForAWriter reads while others write, without a server.
func TestReadersWaitForAWriter(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.alerts("0.jsonl", 0, 100)
	p.ok("evidence", "add", "alerts", "0.jsonl")
	var work sync.WaitGroup
	for _, name := range []string{"1.jsonl", "2.jsonl"} {
		p.alerts(name, 0, 20_000)
		f, err := os.OpenFile(p.path(name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(`{"id":"` + name + `","rule_id":"r","time":"2026-05-04T00:00:00Z"}` + "\n")
		f.Close()
		work.Go(func() {
			if s := p.run("evidence", "add", "alerts", name); s.code != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
	for range 3 {
		work.Go(func() {
			for range 3 {
				if s := p.run("evidence", "show", "alerts-", "--json"); s.code != 0 && !strings.Contains(s.err, "batches begin with") {
					t.Errorf("%+v", s)
				}
			}
		})
	}
	work.Wait()
	if b := p.batches(); len(b) != 3 {
		t.Errorf("batches %v", b)
	}
	p.ok("ledger", "verify")
}

// TestABackupIsOfOneMoment makes backups through a server while others import.
func TestABackupIsOfOneMoment(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"duckdb", "scan"} {
		t.Run(engine, func(t *testing.T) {
			p := engined(t, engine)
			p.alerts("0.jsonl", 0, 100)
			p.ok("evidence", "add", "alerts", "0.jsonl")
			p.serve()
			var work sync.WaitGroup
			for i, name := range []string{"1.jsonl", "2.jsonl", "3.jsonl"} {
				p.alerts(name, i*1000, 2000)
				work.Go(func() {
					if s := p.run("evidence", "add", "alerts", name); s.code != 0 {
						t.Errorf("%+v", s)
					}
				})
			}
			for _, name := range []string{"a.tgz", "b.tgz"} {
				work.Go(func() {
					if s := p.run("backup", name); s.code != 0 {
						t.Errorf("%+v", s)
					}
				})
			}
			work.Wait()
			p.ok("backup", "all.tgz")
			for _, name := range []string{"a.tgz", "b.tgz", "all.tgz"} {
				p.ok("restore", name, "--data", "r-"+name)
				p.ok("ledger", "verify", "--data", "r-"+name)
			}
			want, got := p.ok("evidence", "list", "--json"), p.ok("evidence", "list", "--json", "--data", "r-all.tgz")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("a restored folder:\n%s", diff)
			}
		})
	}
}

// TestACopyOfAServedFolderIsAFolderOfItsOwn copies the folder of a server that runs:
// its lock file names that server, and no process holds the copy.
func TestACopyOfAServedFolderIsAFolderOfItsOwn(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.serve()
	p.ok("evidence", "add", "feeds", p.feeds("first.csv"))
	if err := os.CopyFS(p.path("copy"), withoutSockets{os.DirFS(p.path("data"))}); err != nil {
		t.Fatal(err)
	}
	p.ok("evidence", "add", "feeds", p.feeds("second.csv"), "--data", "copy")
	p.ok("ledger", "verify", "--data", "copy")
	if n := len(p.batches()); n != 1 {
		t.Errorf("the folder that is served has %d batches", n)
	}
	other := p.serve("--data", "copy")
	if other.address == s.address {
		t.Errorf("both are served at %s", s.address)
	}
	p.ok("evidence", "list", "--data", "copy")
}

// withoutSockets is a file system without what cannot be copied.
type withoutSockets struct{ fs.FS }

func (w withoutSockets) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(w.FS, name)
	return slices.DeleteFunc(all, func(e fs.DirEntry) bool { return e.Type()&fs.ModeSocket != 0 }), err
}

// TestAClientThatIsKilledEndsItsCommand kills a client whose command has the turn and
// waits for something that never comes: the server gives the command up, nothing of it
// is there, and the next one has its turn.
func TestAClientThatIsKilledEndsItsCommand(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.alerts("a.jsonl", 0, 10)
	p.serve()
	s := p.slow()
	if err := s.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	p.ok("evidence", "add", "alerts", "a.jsonl")
	p.fails([]string{"no ATT&CK release is imported"}, "attack", "list")
	p.ok("ledger", "verify")
}
