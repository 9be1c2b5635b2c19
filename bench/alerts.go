package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/ingest"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/duckdb"
	"candor/internal/store/sqlite"
)

// The alerts are made: rules, hosts, and over how many days. Some hosts raise far
// more than others, each is the place of four rules, and three of ten alerts are
// labelled. Ids are random, which is the hardest for a look-up.
const (
	madeRules  = 500
	madeHosts  = 2000
	madeDays   = 30
	statements = 100_000 // dispositions that are added afterwards
)

// loads measures loading alerts.
type loads struct {
	n      int
	dir    string
	self   string // this program
	engine string // the test binary that does the bare load
}

func runAlerts(n int, dir, only string) error {
	if dir == "" {
		made, err := os.MkdirTemp("", "candor-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(made)
		dir = made
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	l := &loads{n: n, dir: dir, self: self, engine: filepath.Join(dir, "duckdb.test")}
	files := slices.DeleteFunc([]string{"alerts.jsonl", "alerts.csv"}, func(f string) bool { return only != "" && f != only })
	if len(files) == 0 {
		return fmt.Errorf("there is no file %q: use alerts.jsonl or alerts.csv", only)
	}
	if out, err := exec.Command("go", "test", "-c", "-o", l.engine, "./internal/store/duckdb").CombinedOutput(); err != nil {
		return fmt.Errorf("go test -c: %w: %s", err, out)
	}
	for _, name := range files {
		if err := l.write(name, 1, n, map[string]func(*bufio.Writer, *made) error{"alerts.jsonl": writeLine, "alerts.csv": writeRow}[name]); err != nil {
			return err
		}
	}
	if err := l.write("dispositions.csv", max(1, n/statements), min(n, statements), writeStatement); err != nil {
		return err
	}
	fmt.Printf("%-52s %9s %10s %6s %9s %6s %8s\n", fmt.Sprintf("what, of %d alerts", n), "seconds", "rows/s", "ratio", "busy s", "ratio", "peak MB")
	for _, file := range files {
		if err := l.compare(file); err != nil {
			return err
		}
	}
	return l.after(l.path(files[len(files)-1] + ".data"))
}

// path returns where a file of the measurement lies.
func (l *loads) path(name string) string { return filepath.Join(l.dir, name) }

// part runs a part of the measurement in a process of its own.
func (l *loads) part(name string, paths ...string) (taken, error) {
	return measure(exec.Command(l.self, append([]string{"-part", name}, paths...)...))
}

// row prints what something took, beside what it took first, if that is known.
func (l *loads) row(what string, t taken, rows int, first taken) {
	ratio, busy := "", ""
	if first.wall > 0 {
		ratio, busy = fmt.Sprintf("%.2f", t.wall.Seconds()/first.wall.Seconds()), fmt.Sprintf("%.2f", t.busy.Seconds()/first.busy.Seconds())
	}
	fmt.Printf("%-52s %9.3f %10.0f %6s %9.3f %6s %8.0f\n", what, t.wall.Seconds(), float64(rows)/t.wall.Seconds(), ratio, t.busy.Seconds(), busy, float64(t.peak)/1e6)
}

// compare loads a file with DuckDB alone and with Candor.
func (l *loads) compare(file string) error {
	bare := l.path(file + ".bare")
	defer os.Remove(bare)
	first, err := measure(exec.Command(l.engine, "-test.run", "^TestBareLoad$", "-bare", l.path(file), "-bare-into", bare))
	if err != nil {
		return err
	}
	l.row("bare load of "+file+" by DuckDB", first, l.n, first)
	data := l.path(file + ".data")
	if err := errors.Join(os.RemoveAll(data), os.MkdirAll(data, 0o750)); err != nil {
		return err
	}
	t, err := l.part("alerts", data, l.path(file))
	l.row("Candor adds "+file, t, l.n, first)
	return err
}

// after measures what is asked of the store in a data folder.
func (l *loads) after(data string) error {
	for _, p := range []struct {
		what, part string
		rows       int
		paths      []string
	}{
		{"open the store and nothing else", "open", l.n, nil},
		{"Candor adds dispositions.csv", "dispositions", min(l.n, statements), []string{l.path("dispositions.csv")}},
		{"sums of each rule (Sums)", "sums", l.n, nil},
		{"counts per rule, cluster and day (Tallies)", "tallies", l.n, nil},
		{"times to acknowledge and to close (Durations)", "durations", l.n, nil},
		{"withdraw the dispositions", "withdraw", min(l.n, statements), nil},
		{"audit", "audit", l.n, nil},
		{"audit, deep", "deep", l.n, nil},
	} {
		t, err := l.part(p.part, append([]string{data}, p.paths...)...)
		if err != nil {
			return err
		}
		l.row(p.what, t, p.rows, taken{})
	}
	t, err := measure(exec.Command(l.engine, "-test.run", "^TestBareCount$", "-counted", filepath.Join(data, "alerts.index")))
	if err != nil {
		return err
	}
	l.row("counts per rule and day, by DuckDB alone", t, l.n, taken{})
	return nil
}

// loadPart does one part on the data folder that is named first.
func loadPart(part string, paths []string) error {
	ctx := context.Background()
	folder := filepath.Join(paths[0], "alerts")
	alerts, err := batches.Open(ctx, folder, duckdb.Engine(filepath.Join(paths[0], "alerts.index"), folder), batches.Options{Write: true})
	if err != nil {
		return err
	}
	defer alerts.Close()
	evidence, err := sqlite.OpenEvidence(ctx, filepath.Join(paths[0], "evidence.db"))
	if err != nil {
		return err
	}
	defer evidence.Close()
	switch part {
	case "alerts", "dispositions":
		in := ingest.NewEvidence(evidence, alerts, time.Now)
		res, err := in.Add(ctx, ingest.Request{Kind: part, Paths: paths[1:], RejectsDir: filepath.Join(paths[0], "rejects")})
		if err == nil && (res.Rejected > 0 || res.New+res.Updated != res.Read) {
			err = fmt.Errorf("%+v", res.Batch)
		}
		return errors.Join(err, alerts.Close())
	case "open":
		return nil
	}
	return ask(ctx, alerts, part)
}

// ask asks the store one thing.
func ask(ctx context.Context, alerts *batches.Store, what string) (err error) {
	switch what {
	case "tallies":
		_, err = alerts.Tallies(ctx, &alert.Question{})
	case "sums":
		q := alert.Question{Provenances: alert.Provenances()}
		for i := range madeRules {
			q.Sets = append(q.Sets, alert.SetOf(alert.RuleKey("edr", fmt.Sprint("rule-", i))))
		}
		var sums []alert.Sums
		if sums, err = alerts.Sums(ctx, &q); err == nil && sums[0].Alerts == 0 {
			err = errors.New("no alert of the first rule was counted")
		}
	case "durations":
		_, err = alerts.Durations(ctx, &alert.Waits{Until: time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC)})
	case "withdraw":
		var batches []store.Batch
		if batches, err = alerts.Batches(ctx); err == nil {
			err = alerts.Withdraw(ctx, batches[len(batches)-1].ID, store.Withdrawal{At: time.Now(), Reason: "to measure it"})
		}
	case "audit", "deep":
		var found store.Audit
		if found, err = alerts.Audit(ctx, what == "deep"); err == nil && len(found.Amiss) > 0 {
			err = fmt.Errorf("the audit found %v", found.Amiss)
		}
	default:
		err = fmt.Errorf("there is no part %q", what)
	}
	return err
}
