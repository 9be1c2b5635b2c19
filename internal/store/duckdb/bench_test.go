//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"bufio"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/bulk"
	"candor/internal/alert/jsonl"
	"candor/internal/evidence"
	"candor/internal/store"
	"candor/internal/store/batches"
)

// numMade returns how many alerts the benchmarks make: a million, or what
// CANDOR_BENCH_ALERTS says.
func numMade(b *testing.B) int {
	text := os.Getenv("CANDOR_BENCH_ALERTS")
	if text == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// benchDir returns a folder for big files, in CANDOR_BENCH_DIR if that is set.
func benchDir(b *testing.B) string {
	dir, err := os.MkdirTemp(os.Getenv("CANDOR_BENCH_DIR"), "candor-duckdb-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// made yields n alerts of 70 rules on 2,000 hosts over 30 days. Some hosts raise
// far more than others, each is the place of four rules, and three alerts of ten
// are labelled. Ids are random, which is the hardest for a look-up.
func made(n int) iter.Seq2[*alert.Alert, error] {
	start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	return func(yield func(*alert.Alert, error) bool) {
		r := rand.New(rand.NewPCG(1, 2))
		for i := range n {
			at := start.Add(time.Duration(i) * 30 * 24 * time.Hour / time.Duration(n))
			host := int(2000 * r.Float64() * r.Float64() * r.Float64())
			rule := "rule-" + strconv.Itoa((7*host+r.IntN(4))%70)
			score := float64(r.IntN(100))
			a := &alert.Alert{
				ID: fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), RuleID: rule, RuleName: "Name of " + rule, Time: at,
				Site: "site-" + strconv.Itoa(host%3), Entity: "host-" + strconv.Itoa(host), Severity: "high", Score: &score, Source: "edr",
				Fields: map[string]string{"ip": "192.0.2." + strconv.Itoa(r.IntN(250))},
			}
			if r.IntN(10) < 3 {
				class := alert.Classes()[r.IntN(4)]
				a.Disposition = &alert.Disposition{AlertID: a.ID, Class: class, Time: at.Add(time.Hour), By: "ann", Provenance: alert.Analyst}
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

// writeLines writes alerts as Candor's JSON Lines.
func writeLines(b *testing.B, path string, alerts iter.Seq2[*alert.Alert, error]) {
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	var line []byte
	for a := range alerts {
		line = fmt.Appendf(line[:0], `{"id":%q,"rule_id":%q,"rule_name":%q,"time":%q,"site":%q,"entity":%q,"severity":%q,"score":%v,"source":%q,"fields":{"ip":%q}`,
			a.ID, a.RuleID, a.RuleName, a.Time.Format(time.RFC3339Nano), a.Site, a.Entity, a.Severity, *a.Score, a.Source, a.Fields["ip"])
		if d := a.Disposition; d != nil {
			line = fmt.Appendf(line, `,"disposition":%q,"disposition_time":%q,"disposition_by":%q,"provenance":%q`,
				d.Class, d.Time.Format(time.RFC3339Nano), d.By, d.Provenance)
		}
		w.Write(append(line, "}\n"...))
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
}

// peak returns the most memory that the process has had since forgetPeak, in
// MiB, or 0 where the system does not say.
func peak() int {
	text, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	kib, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(strings.SplitN(after, "\n", 2)[0]), "kB")))
	return kib / 1024
}

func forgetPeak() { os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// step is one thing that is measured.
type step struct {
	name string
	do   func() error
}

// measure runs steps and prints what each took, beside the first of them.
func measure(b *testing.B, n int, steps ...step) {
	var first float64
	for _, s := range steps {
		forgetPeak()
		start, busy := time.Now(), processorTime()
		if err := s.do(); err != nil {
			b.Fatal(s.name, ": ", err)
		}
		took := time.Since(start).Seconds()
		if first == 0 {
			first = took
		}
		fmt.Printf("%-52s %9.3f s %9.3f s busy %11.0f rows/s %6.2f of the first %6d MiB\n",
			s.name, took, processorTime()-busy, float64(n)/took, took/first, peak())
	}
}

// bare loads a file into a new database as DuckDB itself does.
func bare(path, file string) error {
	db, err := sql.Open("duckdb", path)
	if err != nil {
		return err
	}
	defer db.Close()
	read := "read_json"
	if strings.HasSuffix(file, ".csv") {
		read = "read_csv"
	}
	if _, err := db.Exec(`CREATE TABLE alert AS SELECT * FROM ` + read + `('` + file + `')`); err != nil {
		return err
	}
	return db.Close()
}

var (
	bareFile = flag.String("bare", "", "load this file with DuckDB alone, as CSV or JSON by its ending")
	bareInto = flag.String("bare-into", "", "the database for that")
	counted  = flag.String("counted", "", "count the alerts of this store by rule and day, with SQL alone")
)

// TestBareLoad loads a file as DuckDB itself does, for command bench to measure.
func TestBareLoad(t *testing.T) {
	if *bareFile == "" {
		t.Skip("no file is named with -bare")
	}
	if err := bare(*bareInto, *bareFile); err != nil {
		t.Fatal(err)
	}
}

// TestBareCount counts the alerts of a store by rule and day as DuckDB itself does,
// for command bench to measure.
func TestBareCount(t *testing.T) {
	if *counted == "" {
		t.Skip("no store is named with -counted")
	}
	db, err := sql.Open("duckdb", *counted+"?access_mode=READ_ONLY") // the index
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT "rule", "time" // 86400000000000, count(*) FROM known WHERE counts AND NOT many GROUP BY ALL`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if rows.Err() != nil || n == 0 {
		t.Fatalf("%d counts, error %v", n, rows.Err())
	}
}

// decoder is what jsonl.Alerts and bulk.Alerts are.
type decoder func(jsonl.Input) iter.Seq2[*alert.Alert, error]

// decoded reads a file with a decoder.
func decoded(b *testing.B, file string, decode decoder) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		f, err := os.Open(file)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		in := jsonl.Input{File: file, Text: f, Reject: func(r evidence.Reject) { b.Error(r) }, Warn: func(string) {}}
		decode(in)(yield)
	}
}

// drain reads alerts and keeps none.
func drain(alerts iter.Seq2[*alert.Alert, error]) func() error {
	return func() error {
		for range alerts {
		}
		return nil
	}
}

// BenchmarkLoad loads the same alerts bare, from a file through a decoder, and
// from memory, and asks the store that it has filled about them.
func BenchmarkLoad(b *testing.B) {
	n, dir := numMade(b), benchDir(b)
	file := filepath.Join(dir, "alerts.jsonl")
	writeLines(b, file, made(n))
	var s *batches.Store
	load := func(alerts iter.Seq2[*alert.Alert, error]) func() error {
		return func() (err error) {
			if s != nil {
				return errors.New("a store is open")
			}
			s = open(b, dir)
			_, _, err = s.Append(b.Context(), store.Batch{ID: "b", Hash: "b"}, alerts)
			return err
		}
	}
	remove := func() {
		s.Close()
		s = nil
		os.RemoveAll(filepath.Join(dir, "alerts"))
		os.Remove(filepath.Join(dir, "alerts.index"))
	}
	measure(b, n,
		step{"bare: CREATE TABLE AS SELECT * FROM read_json", func() error { return bare(filepath.Join(dir, "bare"), file) }},
		step{"make alerts, and nothing else", drain(made(n))},
		step{"Append, made in memory", load(made(n))},
	)
	remove()
	measure(b, n,
		step{"bare: CREATE TABLE AS SELECT * FROM read_json, again", func() error { return bare(filepath.Join(dir, "bare2"), file) }},
		step{"decode the file with alert/jsonl, and nothing else", drain(decoded(b, file, jsonl.Alerts))},
		step{"decode the file with alert/bulk, and nothing else", drain(decoded(b, file, bulk.Alerts))},
		step{"Append, decoded with alert/bulk", load(decoded(b, file, bulk.Alerts))},
	)
	questions(b, s, n)
	remove()
}

// questions measures what is asked of a store of made's n alerts.
func questions(b *testing.B, s *batches.Store, n int) {
	var again []*alert.Alert
	for a := range judged(n, min(n, 100_000)) {
		again = append(again, a)
	}
	tallies := func() error {
		_, err := s.Tallies(b.Context(), &alert.Question{})
		return err
	}
	appendAgain := func(id string) func() error {
		return func() error {
			_, _, err := s.Append(b.Context(), store.Batch{ID: id, Hash: id}, all(again))
			return err
		}
	}
	measure(b, n,
		step{"Tallies, cold", tallies}, step{"Tallies", tallies},
		step{"Rules", func() error { _, err := s.Rules(b.Context()); return err }},
		step{"Dispositions", func() error { _, err := s.Dispositions(b.Context(), again[0].Identity()); return err }},
		step{"Append, 100,000 dispositions", appendAgain("again")},
		step{"Append, the same as another batch", appendAgain("once more")},
		step{"Tallies, after that", tallies},
		step{"Withdraw, the 100,000 dispositions", func() error {
			return s.Withdraw(b.Context(), "again", store.Withdrawal{Reason: "to measure it"})
		}},
		step{"Audit", func() error {
			found, err := s.Audit(b.Context(), true)
			if len(found.Amiss) > 0 {
				b.Error(found.Amiss)
			}
			return err
		}},
	)
}

// judged yields some of made's n alerts again, spread evenly, each with a new
// disposition and nothing else that is new.
func judged(n, some int) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		i := 0
		for a := range made(n) {
			if i++; i%(n/some) != 0 {
				continue
			}
			a.Disposition = &alert.Disposition{AlertID: a.ID, Class: alert.Test, Time: a.Time.Add(48 * time.Hour), By: "bob", Provenance: alert.Analyst}
			if !yield(a, nil) {
				return
			}
		}
	}
}

// BenchmarkAppendOne appends batches of one alert, as a stream does.
func BenchmarkAppendOne(b *testing.B) {
	s := open(b, benchDir(b))
	n := 0
	for b.Loop() {
		n++
		one := func(yield func(*alert.Alert, error) bool) {
			for a := range made(1) {
				a.ID = strconv.Itoa(n)
				yield(a, nil)
			}
		}
		if _, _, err := s.Append(b.Context(), store.Batch{ID: strconv.Itoa(n), Hash: strconv.Itoa(n)}, one); err != nil {
			b.Fatal(err)
		}
	}
}

// all yields alerts.
func all(alerts []*alert.Alert) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		for _, a := range alerts {
			if !yield(a, nil) {
				return
			}
		}
	}
}
