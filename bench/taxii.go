package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// feedTarget is how fast all of Enterprise is to be read over TAXII, in MB a second.
const feedTarget = 20

// feed measures how fast a server of its own process serves all of Enterprise over TAXII.
func feed(data string, times int) error {
	if data == "" {
		return errors.New("name the input with -data or CANDOR_TEST_DATA")
	}
	dir, err := os.MkdirTemp("", "candor-taxii-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &pageServer{binary: filepath.Join(dir, "candor"), data: filepath.Join(dir, "data")}
	if err := build(s.binary); err != nil {
		return err
	}
	if err := s.candor("attack", "import", filepath.Join(data, "attack", "enterprise-attack-18.1.json.gz")); err != nil {
		return err
	}
	if err := s.start(); err != nil {
		return err
	}
	defer s.cmd.Process.Kill()
	var rates []float64
	for i := range times {
		began := time.Now()
		n, err := whole(s.url + "taxii2/attack/collections/enterprise-latest/objects/")
		if err != nil {
			return err
		}
		rate := float64(n) / 1e6 / time.Since(began).Seconds()
		if i == 0 {
			fmt.Printf("%-44s %9.1f\n%-44s %9.0f\n", "all of Enterprise over TAXII, MB", float64(n)/1e6, "the first of a server, MB/s", rate)
		}
		rates = append(rates, rate)
	}
	slices.Sort(rates)
	fmt.Printf("%-44s %9.0f   target %d\n", "the median of all, MB/s", rates[len(rates)/2], feedTarget)
	return s.stop()
}

// whole reads an answer to its end, and returns how many bytes it had.
func whole(url string) (int64, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept", "application/taxii+json;version=2.1")
	w, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer w.Body.Close()
	if w.StatusCode != http.StatusOK {
		return 0, errors.New(w.Status)
	}
	return io.Copy(io.Discard, w.Body)
}
