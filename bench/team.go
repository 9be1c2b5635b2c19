package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// What a team is measured with, and what it is to reach.
const (
	teamSize   = 200 // people, each with as many connections as readers
	pause      = time.Second
	teamSlow   = 250  // milliseconds, of 99 %
	teamMemory = 1000 // MB
	teamCost   = 1.02 // of a cached page, signed in by open
	password   = "three grey herons at the weir"
	costRounds = 10
)

// team measures people who have signed in and read the pages of the README's walk, each over
// several connections that ask again a pause after an answer; and before, what a cached page
// costs a server that asks people to sign in beside one that does not.
func team(data string, length time.Duration) error {
	if data == "" {
		return errors.New("name the input with -data or CANDOR_TEST_DATA")
	}
	dir, err := os.MkdirTemp("", "candor-team-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	open := &pageServer{binary: filepath.Join(dir, "candor"), data: filepath.Join(dir, "open")}
	asks := &pageServer{binary: open.binary, data: filepath.Join(dir, "asks")}
	if err := build(open.binary); err != nil {
		return err
	}
	for _, s := range []*pageServer{open, asks} {
		if err := s.walk(data); err != nil {
			return err
		}
	}
	if err := asks.accounts(); err != nil {
		return err
	}
	for _, s := range []*pageServer{open, asks} {
		if err := s.start("--limit", "1000000"); err != nil { // one person asks for a cached page as often as they can
			return err
		}
		defer s.cmd.Process.Kill()
	}
	cookies, err := asks.signIn()
	if err != nil {
		return err
	}
	if err := cost(open, asks, cookies[0]); err != nil {
		return err
	}
	if err := open.cmd.Process.Kill(); err != nil {
		return err
	}
	for _, page := range pagesOf { // so that they are there
		if _, err := asks.get(http.DefaultClient, asks.address(page), cookies[0]); err != nil {
			return err
		}
	}
	if err := asks.read(cookies, length); err != nil {
		return err
	}
	fmt.Printf("%-60s %9d MB are the most\n", "", teamMemory)
	return asks.stop()
}

func personOf(i int) string { return fmt.Sprintf("reader-%03d", i) }

// accounts makes an account for everyone, with the password.
func (s *pageServer) accounts() error {
	for i := range teamSize {
		if err := s.candor("account", "add", personOf(i), "--role", "reader", "--by", "bench"); err != nil {
			return err
		}
		cmd := exec.Command(s.binary, "--data", s.data, "account", "password", personOf(i), "--by", "bench")
		cmd.Stdin = strings.NewReader(password + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("candor account password: %w: %s", err, out)
		}
	}
	return nil
}

// signIn signs everyone in, and returns their cookies.
func (s *pageServer) signIn() ([]*http.Cookie, error) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	cookies := make([]*http.Cookie, teamSize)
	began := time.Now()
	for i := range cookies {
		form := url.Values{"name": {personOf(i)}, "password": {password}}
		r, err := http.NewRequest(http.MethodPost, s.url+"sign-in", strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", strings.TrimSuffix(s.url, "/"))
		answer, err := client.Do(r)
		if err != nil {
			return nil, err
		}
		answer.Body.Close()
		if len(answer.Cookies()) == 0 {
			return nil, fmt.Errorf("sign in as %s: %s", personOf(i), answer.Status)
		}
		cookies[i] = answer.Cookies()[0]
	}
	fmt.Printf("%-60s %9.0f ms each, one after the other\n", fmt.Sprintf("%d people sign in", teamSize), ms(time.Since(began))/teamSize)
	return cookies, nil
}

// spent is the processor time of the server until now.
func (s *pageServer) spent() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0, err
	}
	return time.Duration(user+system) * 10 * time.Millisecond, nil // of USER_HZ 100
}

// cost compares the processor time that a cached page takes the two servers, in turn.
func cost(open, asks *pageServer, cookie *http.Cookie) error {
	const requests = 4000
	var each [2][]float64
	for range costRounds {
		for i, s := range []*pageServer{open, asks} {
			c := cookie
			if s == open {
				c = nil
			}
			before, err := s.spent()
			if err != nil {
				return err
			}
			client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
			for range requests {
				if _, err := s.get(client, s.address("objects/AN1989"), c); err != nil {
					return err
				}
			}
			client.CloseIdleConnections()
			after, err := s.spent()
			if err != nil {
				return err
			}
			each[i] = append(each[i], float64((after-before).Microseconds())/requests)
		}
	}
	for i := range each {
		slices.Sort(each[i])
	}
	a, b := each[0][costRounds/2], each[1][costRounds/2]
	fmt.Printf("%-60s %9.1f µs open, %.1f signed in: %.3f   target %.2f\n", "processor time of a cached page, median of rounds", a, b, b/a, teamCost)
	return nil
}

func (s *pageServer) get(client *http.Client, address string, cookie *http.Cookie) (time.Duration, error) {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	took, _, err := do(client, r)
	return took, err
}

// read has everyone read for a time.
func (s *pageServer) read(cookies []*http.Cookie, length time.Duration) error {
	var mu sync.Mutex
	took := make([][]time.Duration, len(cookies))
	var errs []error
	var wg sync.WaitGroup
	began := time.Now()
	for i := range cookies {
		for range readers {
			wg.Go(func() {
				list, err := s.reader(cookies[i], began.Add(length))
				mu.Lock()
				defer mu.Unlock()
				took[i] = append(took[i], list...)
				if err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", personOf(i), err))
				}
			})
		}
	}
	wg.Wait()
	var all, worst []time.Duration
	var counts []int
	for _, list := range took {
		slices.Sort(list)
		if all = append(all, list...); len(list) > 0 {
			worst = append(worst, list[len(list)*99/100])
		}
		counts = append(counts, len(list))
	}
	if len(all) == 0 {
		return errors.Join(errs...)
	}
	slices.Sort(all)
	fmt.Printf("%-60s %9.1f and %.1f ms, 50 and 99 %%; the person with the slowest 99 %%: %.1f   target %d\n",
		fmt.Sprintf("%d people, %d connections each, %.0f answers a second", teamSize, readers, float64(len(all))/time.Since(began).Seconds()),
		ms(all[len(all)/2]), ms(all[len(all)*99/100]), ms(slices.Max(worst)), teamSlow)
	fmt.Printf("%-60s %9d to %d\n", "answers to each person", slices.Min(counts), slices.Max(counts))
	return errors.Join(errs...)
}

// reader reads pages over one connection until a time, a pause after each.
func (s *pageServer) reader(cookie *http.Cookie, until time.Time) (took []time.Duration, err error) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	time.Sleep(rand.N(pause))
	for time.Now().Before(until) {
		d, err := s.get(client, s.address(pagesOf[rand.IntN(len(pagesOf))]), cookie)
		if err != nil {
			return took, err
		}
		took = append(took, d)
		time.Sleep(pause/2 + rand.N(pause))
	}
	return took, nil
}
