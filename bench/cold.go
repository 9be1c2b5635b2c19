package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// firsts are the pages that are asked for right after a batch, each by itself, and what
// they are to take, in milliseconds.
var firsts = []struct {
	name, page string
	target     int
}{{"overview", "", coldest}, {"matrix", "matrix", 200}}

// coldPages measures the first overview and the first matrix after a batch: another process adds
// a batch of one kind, then one page is asked for, and nothing in between. It prints the
// medians of so many times by the clock and by the time of all processors that the server
// spent, which others on the machine change less.
func coldPages(data string, times int) error {
	if data == "" {
		return errors.New("name the input with -data or CANDOR_TEST_DATA")
	}
	dir, err := os.MkdirTemp("", "candor-cold-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &pageServer{binary: filepath.Join(dir, "candor"), data: filepath.Join(dir, "data")}
	if err := build(s.binary); err != nil {
		return err
	}
	if err := s.walk(data); err != nil {
		return err
	}
	if err := s.start(); err != nil {
		return err
	}
	defer s.cmd.Process.Kill()
	fmt.Printf("%-12s %-10s %9s %9s %9s %7s\n", "batch of", "page", "ms", "least ms", "busy ms", "target")
	for _, f := range firsts {
		if _, _, err := fetch(http.DefaultClient, s.address(f.page)); err != nil {
			return err
		}
	}
	for _, kind := range []string{"alerts", "feeds", "rules"} {
		for _, f := range firsts {
			clock, busy, err := s.firstOf(dir, kind, f.page, times)
			if err != nil {
				return err
			}
			fmt.Printf("%-12s %-10s %9.0f %9.0f %9.0f %7d\n", kind, f.name, clock[times/2], clock[0], busy[times/2], f.target)
		}
	}
	return s.stop()
}

// firstOf asks for a page after each of so many batches, and returns the milliseconds that
// it took and those that the server was busy, both in order.
func (s *pageServer) firstOf(dir, kind, page string, times int) (clock, busy []float64, err error) {
	for range times {
		if err := s.addOne(dir, kind); err != nil {
			return nil, nil, err
		}
		before, err := s.busy()
		if err != nil {
			return nil, nil, err
		}
		took, _, err := fetch(http.DefaultClient, s.address(page))
		if err != nil {
			return nil, nil, err
		}
		time.Sleep(200 * time.Millisecond) // the collector of memory may still be at it
		after, err := s.busy()
		if err != nil {
			return nil, nil, err
		}
		clock, busy = append(clock, ms(took)), append(busy, ms(after-before))
	}
	slices.Sort(clock)
	slices.Sort(busy)
	return clock, busy, nil
}

// addOne adds a batch of one record that no batch had.
func (s *pageServer) addOne(dir, kind string) error {
	s.added++
	one := map[string]struct{ name, text string }{
		"alerts": {"alerts.jsonl", `{"id":"cold-%d","rule_id":"cold","time":"2022-01-20T10:00:00Z","disposition":"false_positive","disposition_time":"2022-01-20T11:00:00Z","disposition_by":"ann","provenance":"analyst"}` + "\n"},
		"feeds":  {"feeds.csv", "date,source,channel,events,hosts\n2022-01-20,cold%d,cold,1,1\n"},
		"rules":  {"rules.csv", "rule_id,name,enabled,techniques,analytics,log_sources,owner\ncold%d,Cold,true,T1059,,,\n"},
	}[kind]
	path := filepath.Join(dir, one.name)
	if err := os.WriteFile(path, fmt.Appendf(nil, one.text, s.added), 0o600); err != nil {
		return err
	}
	return s.candor("evidence", "add", kind, path)
}

// busy is what all processors have spent on the server, as Linux tells it.
func (s *pageServer) busy() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc says %q of the server", b)
	}
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}
