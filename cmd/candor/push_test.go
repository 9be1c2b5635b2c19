package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
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

// pushPlace is a place whose server is pushed to.
type pushPlace struct {
	place
	secret string
	mu     sync.Mutex
	alerts map[string]bool // requests of alerts that were acknowledged
	labels map[string]bool // requests of dispositions that were acknowledged
}

func newPushPlace(p place) *pushPlace {
	f := &pushPlace{place: p, alerts: map[string]bool{}, labels: map[string]bool{}}
	var made struct{ Secret string }
	f.json(&made, "token", "create", "edr", "--scope", "alerts,dispositions", "--json")
	f.secret = made.Secret
	return f
}

// TestWhatIsAcknowledgedSurvivesKill kills the real server while it is pushed to.
// Every request has a rule of its own, so that the alerts of a rule are those of a
// request: all of one that was acknowledged, once.
func TestWhatIsAcknowledgedSurvivesKill(t *testing.T) {
	t.Parallel()
	f := newPushPlace(newPlace(t))
	for round := range kills(10) {
		f.untilKilled(round)
	}
	f.settle()
	f.check()
}

// TestABackupHasWhatWasAcknowledged backs up a folder through its server, and
// restores it.
func TestABackupHasWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	f := newPushPlace(newPlace(t))
	s := f.place.serve("--fold", "1h")
	if !f.pushOnce(s.address, "0-0-0") {
		t.Fatal("nothing was acknowledged")
	}
	f.ok("backup", "b.tar.gz")
	f.ok("restore", "b.tar.gz", "--data", "restored")
	for id, b := range f.batches() {
		if b.New+b.Updated != killPerPush {
			t.Errorf("%s: %+v", id, b)
		}
	}
	if list := f.ok("evidence", "list", "--data", "restored"); strings.Count(list, "token:edr") != 2 {
		t.Errorf("restored:\n%s", list)
	}
	if _, err := os.Stat(f.path("restored/tokens")); !os.IsNotExist(err) {
		t.Errorf("the backup has tokens: %v", err)
	}
}

// json runs candor, which must succeed, and decodes its output.
func (f *pushPlace) json(into any, args ...string) {
	f.t.Helper()
	if err := json.Unmarshal([]byte(f.ok(args...)), into); err != nil {
		f.t.Fatalf("candor %v: %v", args, err)
	}
}

func (f *pushPlace) serve() *server { return f.place.serve("--fold", "100ms") }

// settle starts and stops servers until nothing is left in the journal. One that
// stops makes batches for some seconds only.
func (f *pushPlace) settle() {
	f.t.Helper()
	for range 10 {
		f.serve().stop(f.t)
		if left, err := filepath.Glob(f.path("data/push/*")); err != nil || len(left) == 0 {
			return
		}
	}
	f.t.Fatal("something is left in the journal")
}

// untilKilled pushes to a server, and kills it some time after the first request
// was acknowledged.
func (f *pushPlace) untilKilled(round int) {
	s := f.serve()
	var once sync.Once
	first := func() {
		once.Do(func() {
			time.AfterFunc(time.Duration(rand.Int64N(int64(400*time.Millisecond))), func() { s.Process.Kill() })
		})
	}
	f.pushAll(s.address, round, first)
	first() // a server that answers nothing is killed, too
	if s.Wait(); s.ProcessState.Exited() {
		f.t.Fatalf("round %d: the server ended by itself\n%s", round, s.errs)
	}
	f.ok("ledger", "verify")
}

// pushAll pushes to a server until it is gone, and tells acknowledged of each request.
func (f *pushPlace) pushAll(address string, round int, acknowledged func()) {
	var wg sync.WaitGroup
	for p := range killPushers {
		wg.Go(func() {
			for n := 0; f.pushOnce(address, fmt.Sprintf("%d-%d-%d", round, p, n)); n++ {
				acknowledged()
			}
		})
	}
	wg.Wait()
}

// pushOnce pushes the alerts of a request and dispositions of them. It notes what
// was acknowledged and returns whether all was.
func (f *pushPlace) pushOnce(at, request string) bool {
	var alerts, labels bytes.Buffer
	now := time.Now().UTC().Format(time.RFC3339)
	for i := range killPerPush {
		fmt.Fprintf(&alerts, `{"id":"%s-%d","rule_id":%q,"time":%q,"entity":"h%d"}`+"\n", request, i, request, now, i)
		fmt.Fprintf(&labels, `{"id":"%s-%d","disposition":"true_positive","disposition_time":%q}`+"\n", request, i, now)
	}
	return f.taken(at, "alerts", &alerts, f.alerts, request) && f.taken(at, "dispositions", &labels, f.labels, request)
}

// taken pushes a body, notes when it was acknowledged, and returns whether it was.
// The only other answer that there may be is that of a server that is killed.
func (f *pushPlace) taken(at, kind string, body io.Reader, acknowledged map[string]bool, request string) bool {
	status, text := f.post(at, kind, body)
	if status != http.StatusOK {
		if status != 0 {
			f.t.Errorf("%s: %d %s", kind, status, text)
		}
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	acknowledged[request] = true
	return true
}

// post pushes a body and returns the answer; the status is 0 when there is none.
func (f *pushPlace) post(at, kind string, body io.Reader) (status int, text string) {
	r, err := http.NewRequest(http.MethodPost, at+"api/v1/"+kind, body)
	if err != nil {
		f.t.Error(err)
		return 0, ""
	}
	r.Header.Set("Authorization", "Bearer "+f.secret)
	r.Header.Set("Content-Type", "application/x-ndjson")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	all, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(all)
}

// check holds what is stored against what was acknowledged.
func (f *pushPlace) check() {
	var report struct {
		OK    bool
		Found []any `json:"findings"`
	}
	f.json(&report, "ledger", "verify", "--json")
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
	f.json(&measured, "measure", "--json")
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
