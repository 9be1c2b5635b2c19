package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pairs is a definition that finds a chain wherever a host raises one of each sensor.
const pairs = `title: Two sensors on one host
name: pair
level: high
correlation:
  type: temporal_ordered
  rules: [first, second]
  group-by: [site, entity]
  timespan: 10m
`

// chained is what of a finding is the same whichever way it was found.
type chained struct {
	ID     string            `json:"id"`
	RuleID string            `json:"rule_id"`
	Time   time.Time         `json:"time"`
	Site   string            `json:"site"`
	Entity string            `json:"entity"`
	Fields map[string]string `json:"fields"`
}

// kept lists the alerts that findings of pair were kept as, by their ids.
func (p place) kept() map[string]chained {
	p.t.Helper()
	s := p.run("label", "sample", "chain:pair", "-n", "5000", "--json")
	if s.code != 0 {
		return nil // there is no such rule yet
	}
	var list struct{ Alerts []chained }
	if err := json.Unmarshal([]byte(s.out), &list); err != nil {
		p.t.Fatal(err)
	}
	byID := map[string]chained{}
	for _, a := range list.Alerts {
		if _, twice := byID[a.ID]; twice {
			p.t.Errorf("%s is kept twice", a.ID)
		}
		byID[a.ID] = a
	}
	return byID
}

// exported is what candor correlate run finds, as it writes it.
func (p place) exported(name string) map[string]chained {
	p.t.Helper()
	p.ok("correlate", "run", "--export", name)
	byID := map[string]chained{}
	text, err := os.ReadFile(p.path(name))
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var a chained
		if err := json.Unmarshal(line, &a); err != nil {
			p.t.Fatal(err)
		}
		byID[a.ID] = a
	}
	return byID
}

// TestAServerThatIsKilledFindsTheSameChains kills the real server while it is pushed to
// and finds chains in what arrives. In the end it has kept what one command finds in all
// that was acknowledged, each once.
func TestAServerThatIsKilledFindsTheSameChains(t *testing.T) {
	t.Parallel()
	f := newPushPlace(newPlace(t))
	f.write("chains.yml", pairs)
	f.ok("correlate", "set", "chains.yml", "--by", "Ann Lee")
	began := time.Now().UTC().Add(-48 * time.Hour).Truncate(time.Second)
	for round := range kills(3) {
		s := f.serve()
		var once sync.Once
		kill := func() {
			once.Do(func() { time.AfterFunc(rand.N(1500*time.Millisecond), func() { s.Process.Kill() }) })
		}
		for n := 0; n < 60 && f.pushPairs(s.address, began.Add(time.Duration(round)*30*time.Minute), fmt.Sprintf("%d-%d", round, n)); n++ {
			kill()
		}
		kill()
		s.Wait()
	}
	f.settle()
	s := f.serve()
	want := f.exported("all.jsonl")
	if len(want) == 0 {
		t.Fatal("there is no chain")
	}
	var got map[string]chained
	for range 100 {
		if got = f.kept(); len(got) >= len(want) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.stop(t)
	if want = f.exported("end.jsonl"); !cmp.Equal(got, want) {
		t.Errorf("kept and found differ:\n%s", cmp.Diff(got, want))
	}
	f.ok("ledger", "verify")
}

// pushPairs pushes a chain of a new host: the first sensor's alert, and then the second's.
func (f *pushPlace) pushPairs(address string, at time.Time, host string) bool {
	for i, rule := range []string{"first", "second"} {
		line := fmt.Sprintf(`{"id":"%s-%d","rule_id":%q,"time":%q,"site":"s","entity":"h%s"}`+"\n", host, i, rule, at.Add(time.Duration(i)*time.Minute).Format(time.RFC3339), host)
		if status, _ := f.post(address, "alerts", bytes.NewBufferString(line)); status != http.StatusAccepted && status != http.StatusOK {
			return false
		}
	}
	return true
}
