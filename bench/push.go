package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What pushing is measured with.
const (
	pushers  = 8   // connections, each with one request under way
	perPush  = 100 // alerts in a request
	pushRate = 20_000
)

// push measures how many alerts a second a server of its own process acknowledges,
// and how long it takes until all of them are in batches.
func push(length time.Duration) error {
	dir, err := os.MkdirTemp("", "candor-push-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := startServer(dir)
	if err != nil {
		return err
	}
	defer s.cmd.Process.Kill()
	start := time.Now()
	took, err := s.pushAll(start.Add(length))
	if err != nil {
		return err
	}
	wall := time.Since(start)
	alerts := len(took) * perPush
	slices.Sort(took)
	rate := float64(alerts) / wall.Seconds()
	fmt.Printf("%d connections, requests of %d alerts, %.1f s, %d requests answered 429\n", pushers, perPush, wall.Seconds(), s.busy)
	fmt.Printf("%-40s %12.0f  target %d\n", "alerts acknowledged a second", rate, pushRate)
	fmt.Printf("%-40s %12.1f  median; %.1f of 99 %%\n", "milliseconds to the acknowledgement", ms(took[len(took)/2]), ms(took[len(took)*99/100]))
	lag, err := s.folded()
	if err != nil {
		return err
	}
	fmt.Printf("%-40s %12.1f\n", "seconds more until all are in batches", lag.Seconds())
	fmt.Printf("%-40s %12.0f\n", "alerts made batches of a second", float64(alerts)/(wall+lag).Seconds())
	return s.check(alerts)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// pushServer is a server in a process of its own.
type pushServer struct {
	binary, data, url, secret string
	cmd                       *exec.Cmd

	mu   sync.Mutex
	busy int
}

func startServer(dir string) (*pushServer, error) {
	s := &pushServer{binary: filepath.Join(dir, "candor"), data: filepath.Join(dir, "data")}
	if err := build(s.binary); err != nil {
		return nil, err
	}
	out, err := exec.Command(s.binary, "--data", s.data, "token", "create", "bench", "--scope", "alerts", "--json").Output()
	if err != nil {
		return nil, err
	}
	var made struct{ Secret string }
	if err := json.Unmarshal(out, &made); err != nil {
		return nil, err
	}
	s.secret = made.Secret
	s.cmd = exec.Command(s.binary, "--data", s.data, "serve", "--addr", "127.0.0.1:0", "--json")
	s.cmd.Stderr = os.Stderr
	pipe, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		return nil, err
	}
	var ready struct{ Serving string }
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		return nil, err
	}
	s.url = ready.Serving + "api/v1/alerts"
	return s, nil
}

// pushAll pushes on all connections until a time and returns how long each
// acknowledged request took.
func (s *pushServer) pushAll(until time.Time) ([]time.Duration, error) {
	var all []time.Duration
	var errs []error
	var wg sync.WaitGroup
	for c := range pushers {
		wg.Go(func() {
			took, err := s.pushOne(c, until)
			s.mu.Lock()
			defer s.mu.Unlock()
			all, errs = append(all, took...), append(errs, err)
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
}

func (s *pushServer) pushOne(connection int, until time.Time) ([]time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var took []time.Duration
	var body bytes.Buffer
	for n := 0; time.Now().Before(until); n++ {
		body.Reset()
		for i := range perPush {
			writeAlert(&body, connection, n*perPush+i)
		}
		start := time.Now()
		status, err := s.post(client, bytes.NewReader(body.Bytes()))
		switch {
		case err != nil:
			return nil, err
		case status == http.StatusTooManyRequests:
			n--
			s.mu.Lock()
			s.busy++
			s.mu.Unlock()
			time.Sleep(time.Second)
		default:
			took = append(took, time.Since(start))
		}
	}
	return took, nil
}

func writeAlert(w io.Writer, connection, n int) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
	fmt.Fprintf(w, `{"id":"c%d-%d","rule_id":"rule-%d","time":%q,"entity":"host-%d","severity":"high","score":%d,"source":"edr","techniques":["T1059.001"],"fields":{"user":"u%d","process":"powershell.exe"}}`+"\n",
		connection, n, n%500, at.Format(time.RFC3339), n%2000, n%100, n%300)
}

func (s *pushServer) post(client *http.Client, body io.Reader) (int, error) {
	r, err := http.NewRequest(http.MethodPost, s.url, body)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+s.secret)
	r.Header.Set("Content-Type", "application/x-ndjson")
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusTooManyRequests {
		err = fmt.Errorf("%s: %s", answer.Status, text)
	}
	return answer.StatusCode, err
}

// folded returns how long it takes until the journal is empty.
func (s *pushServer) folded() (time.Duration, error) {
	start := time.Now()
	for {
		left, err := filepath.Glob(filepath.Join(s.data, "push", "alerts-*"))
		if err != nil || len(left) == 0 {
			return time.Since(start), err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// check stops the server, and counts what it stored.
func (s *pushServer) check(alerts int) error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := s.cmd.Wait(); err != nil {
		return err
	}
	if usage, ok := s.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		fmt.Printf("%-40s %12.0f\n", "peak memory of the server, MB", float64(usage.Maxrss)*1024/1e6)
	}
	out, err := exec.Command(s.binary, "--data", s.data, "evidence", "list", "--json").Output()
	if err != nil {
		return err
	}
	var list []struct{ New int }
	if err := json.Unmarshal(out, &list); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out[:min(200, len(out))])))
	}
	stored := 0
	for _, b := range list {
		stored += b.New
	}
	fmt.Printf("%-40s %12d\n", "batches", len(list))
	if stored != alerts {
		return fmt.Errorf("%d alerts were acknowledged and %d are stored", alerts, stored)
	}
	return nil
}
