package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"candor/internal/correlate"
	"candor/internal/correlate/definition"
)

// rivalEvents is how many events both engines are shown, over half as many hosts.
const rivalEvents = 200_000

// rivalRule is the definition that both read.
const rivalRule = `title: two stages in order
id: 33333333-3333-4333-8333-333333333333
name: two-stages
correlation:
  type: temporal_ordered
  rules: [rule-0, rule-1]
  group-by: [entity]
  timespan: 1d
level: high
`

// beside shows the same events under the same definition to Candor's engine and to rsigma,
// both from the same lines of JSON, and prints what each takes of the processor, the ratio,
// and of which hosts one found a chain and the other did not.
func beside(rsigma string) error {
	dir, err := os.MkdirTemp("", "candor-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	events := rivalLines()
	rules := "title: zero\nid: 11111111-1111-4111-8111-111111111111\nname: rule-0\nlogsource: {category: test}\ndetection: {selection: {rule: rule-0}, condition: selection}\n---\n" +
		"title: one\nid: 22222222-2222-4222-8222-222222222222\nname: rule-1\nlogsource: {category: test}\ndetection: {selection: {rule: rule-1}, condition: selection}\n---\n" + rivalRule
	if err := os.WriteFile(filepath.Join(dir, "rules.yml"), []byte(rules), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "events.ndjson"), events, 0o600); err != nil {
		return err
	}
	ours, took, err := rivalOurs(events)
	if err != nil {
		return err
	}
	c := exec.Command(rsigma, "engine", "eval", "-r", filepath.Join(dir, "rules.yml"), "-e", "@"+filepath.Join(dir, "events.ndjson"),
		"--no-detections", "--max-state-entries", strconv.Itoa(10*rivalEvents), "--timestamp-field", "time", "--output-format", "ndjson")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return fmt.Errorf("run %s: %w", rsigma, err)
	}
	theirs := map[string]bool{}
	for _, host := range regexp.MustCompile(`host-[0-9]+`).FindAllString(string(out), -1) {
		theirs[host] = true
	}
	long := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	fmt.Printf("%d events of %d hosts, temporal_ordered, two stages, one day, decoded from JSON, processor time\n", rivalEvents, rivalEvents/2)
	fmt.Printf("candor  %8.2f s  %9.0f events/s  %d hosts with a chain\n", took.Seconds(), rivalEvents/took.Seconds(), len(ours))
	fmt.Printf("rsigma  %8.2f s  %9.0f events/s  %d hosts with a chain\n", long.Seconds(), rivalEvents/long.Seconds(), len(theirs))
	fmt.Printf("rsigma takes %.2f times what candor takes\n", long.Seconds()/took.Seconds())
	fmt.Printf("found by candor alone: %s\nfound by rsigma alone: %s\n", apart(ours, theirs), apart(theirs, ours))
	return nil
}

// apart tells how many of one are not in the other, and the first of them.
func apart(a, b map[string]bool) string {
	list := slices.DeleteFunc(slices.Sorted(maps.Keys(a)), func(h string) bool { return b[h] })
	return fmt.Sprintf("%d %s", len(list), strings.Join(list[:min(len(list), 5)], " "))
}

// rivalLines are the events, in the order of time over two days.
func rivalLines() []byte {
	var b bytes.Buffer
	x, start := uint64(1), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range rivalEvents {
		x = x*6364136223846793005 + 1442695040888963407
		at := start.Add(time.Duration(i) * (48 * time.Hour / rivalEvents))
		fmt.Fprintf(&b, `{"id":"%d","time":%q,"rule":"rule-%d","entity":"host-%06d"}`+"\n", i, at.Format(time.RFC3339Nano), x>>40%2, x>>20%(rivalEvents/2))
	}
	return b.Bytes()
}

// rivalOurs returns the hosts of which Candor's engine finds a chain, and the processor
// time that it took, decoding included.
func rivalOurs(events []byte) (hosts map[string]bool, took time.Duration, err error) {
	d := definition.Decode("rival.yml", []byte(rivalRule))
	plan, rejects := correlate.Compile(d.Set)
	if len(rejects) > 0 {
		return nil, 0, fmt.Errorf("%s", rejects[0].Reason)
	}
	sorts := map[string]*correlate.Sort{"rule-0": {Rule: "rule-0"}, "rule-1": {Rule: "rule-1"}}
	begun := processor()
	st := correlate.NewState(plan, correlate.Limits{})
	hosts = map[string]bool{}
	see := func(of []correlate.Finding) {
		for i := range of {
			hosts[of[i].Group["entity"]] = true
		}
	}
	for lines := bufio.NewScanner(bytes.NewReader(events)); lines.Scan(); {
		var e struct {
			ID, Rule, Entity string
			Time             time.Time
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, 0, err
		}
		see(correlate.Step(st, &correlate.Observation{ID: e.ID, Time: e.Time, Sort: sorts[e.Rule], Entity: e.Entity}))
	}
	see(st.Flush())
	return hosts, processor() - begun, nil
}

// processor is the processor time of this process.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
