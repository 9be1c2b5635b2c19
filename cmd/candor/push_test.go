package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	killPushers = 4
	killPerPush = 20
)

// pushFolder is a data folder that alerts are pushed to until its server is killed.
type pushFolder struct {
	t            *testing.T
	data, secret string
	mu           sync.Mutex
	alerts       map[string]bool // requests of alerts that were acknowledged
	labels       map[string]bool // requests of dispositions that were acknowledged
}

// TestWhatIsAcknowledgedSurvivesKill kills the real server while it is pushed to.
// Every request has a rule of its own, so that the alerts of a rule are those of a
// request: all of one that was acknowledged, once.
func TestWhatIsAcknowledgedSurvivesKill(t *testing.T) {
	rounds := 10
	if os.Getenv("CANDOR_TEST_LONG") == "1" {
		rounds = 60
	}
	f := &pushFolder{t: t, data: filepath.Join(t.TempDir(), "data"), alerts: map[string]bool{}, labels: map[string]bool{}}
	var made struct{ Secret string }
	f.run(&made, "token", "create", "edr", "--scope", "alerts,dispositions", "--json")
	f.secret = made.Secret
	for round := range rounds {
		f.untilKilled(round)
	}
	f.settle()
	f.check()
}

// command returns the real program, which is this binary under another name.
func (f *pushFolder) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Args = append([]string{"candor", "--data", f.data}, args...)
	cmd.Stderr = os.Stderr
	return cmd
}

func (f *pushFolder) run(into any, args ...string) {
	f.t.Helper()
	out, err := f.command(args...).Output()
	if err == nil {
		err = json.Unmarshal(out, into)
	}
	if err != nil {
		f.t.Fatalf("candor %v: %v\n%s", args, err, out)
	}
}

// serve starts a server and returns it with its address.
func (f *pushFolder) serve() (*exec.Cmd, string) {
	f.t.Helper()
	cmd := f.command("serve", "--addr", "127.0.0.1:0", "--json", "--fold", "100ms")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { cmd.Process.Kill() })
	line, err := bufio.NewReader(pipe).ReadString('\n')
	var ready struct{ Serving string }
	if err == nil {
		err = json.Unmarshal([]byte(line), &ready)
	}
	if err != nil {
		f.t.Fatalf("the server said %q: %v", line, err)
	}
	return cmd, ready.Serving
}

// settle starts and stops servers until nothing is left in the journal. One that
// stops makes batches for some seconds only.
func (f *pushFolder) settle() {
	f.t.Helper()
	for range 10 {
		cmd, _ := f.serve()
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			f.t.Fatalf("the last server: %v", err)
		}
		if left, err := filepath.Glob(filepath.Join(f.data, "push", "*")); err != nil || len(left) == 0 {
			return
		}
	}
	f.t.Fatal("something is left in the journal")
}

// untilKilled pushes to a server, and kills it some time after the first request
// was acknowledged.
func (f *pushFolder) untilKilled(round int) {
	cmd, at := f.serve()
	var once sync.Once
	first := func() {
		once.Do(func() {
			time.AfterFunc(time.Duration(rand.Int64N(int64(400*time.Millisecond))), func() { cmd.Process.Kill() })
		})
	}
	var wg sync.WaitGroup
	for p := range killPushers {
		wg.Go(func() {
			defer first() // a server that answers nothing is killed, too
			for n := 0; f.pushOnce(at, fmt.Sprintf("%d-%d-%d", round, p, n)); n++ {
				first()
			}
		})
	}
	wg.Wait()
	if cmd.Wait(); cmd.ProcessState.Exited() {
		f.t.Fatalf("round %d: the server ended by itself", round)
	}
}

// pushOnce pushes the alerts of a request and dispositions of them. It notes what
// was acknowledged and returns whether all was.
func (f *pushFolder) pushOnce(at, request string) bool {
	var alerts, labels bytes.Buffer
	now := time.Now().UTC().Format(time.RFC3339)
	for i := range killPerPush {
		fmt.Fprintf(&alerts, `{"id":"%s-%d","rule_id":%q,"time":%q,"entity":"h%d"}`+"\n", request, i, request, now, i)
		fmt.Fprintf(&labels, `{"id":"%s-%d","disposition":"true_positive","disposition_time":%q}`+"\n", request, i, now)
	}
	return f.post(at, "alerts", &alerts, f.alerts, request) && f.post(at, "dispositions", &labels, f.labels, request)
}

func (f *pushFolder) post(at, kind string, body io.Reader, acknowledged map[string]bool, request string) bool {
	r, err := http.NewRequest(http.MethodPost, at+"api/v1/"+kind, body)
	if err != nil {
		f.t.Error(err)
		return false
	}
	r.Header.Set("Authorization", "Bearer "+f.secret)
	r.Header.Set("Content-Type", "application/x-ndjson")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false // killed
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		f.t.Errorf("%s: %s %s", kind, answer.Status, text)
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	acknowledged[request] = true
	return true
}

// check holds what is stored against what was acknowledged.
func (f *pushFolder) check() {
	var report struct {
		OK    bool
		Found []any `json:"findings"`
	}
	f.run(&report, "ledger", "verify", "--json")
	if !report.OK || len(report.Found) > 0 {
		f.t.Errorf("the ledger does not verify: %+v", report)
	}
	var measured struct {
		Rules []struct {
			ID     string `json:"rule_id"`
			Alerts int64  `json:"alerts"`
			True   int64  `json:"true_positive"`
		}
	}
	f.run(&measured, "measure", "--json")
	stored := map[string]int64{}
	for _, m := range measured.Rules {
		stored[m.ID] = m.Alerts
		if f.labels[m.ID] && m.True != killPerPush {
			f.t.Errorf("request %s: %d dispositions were acknowledged and %d are stored", m.ID, killPerPush, m.True)
		}
		if !strings.Contains(m.ID, "-") || m.Alerts > killPerPush {
			f.t.Errorf("request %s has %d alerts", m.ID, m.Alerts)
		}
	}
	for request := range f.alerts {
		if stored[request] != killPerPush {
			f.t.Errorf("request %s: %d alerts were acknowledged and %d are stored", request, killPerPush, stored[request])
		}
	}
	f.t.Logf("%d requests of alerts and %d of dispositions were acknowledged; %d requests are stored", len(f.alerts), len(f.labels), len(stored))
	if len(f.alerts) == 0 || len(f.labels) == 0 {
		f.t.Error("nothing was acknowledged")
	}
}
