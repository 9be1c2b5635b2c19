// Command bench measures Candor on real input and prints each figure beside its
// target, and beside plain encoding/json decoding of the same bytes in the same
// run.
//
// It runs the real binary as a user would, in a temporary data folder, and reads
// wall time and peak memory from the operating system. It judges nothing: the
// machine is shared and noisy, so a figure is for reading, not for failing on.
//
// With -alerts it measures loading that many made alerts, through the same code
// as candor evidence add, beside DuckDB's own load of the same file.
//
//	go run ./bench -data ../shared/data
//	go run ./bench -alerts 10000000
//	go run ./bench -rsigma ~/.cargo/bin/rsigma
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"sort"
	"syscall"
	"time"
)

func main() {
	data := flag.String("data", os.Getenv("CANDOR_TEST_DATA"), "folder with attack/, rules/ and alerts/")
	runs := flag.Int("runs", 3, "runs of each repeatable command; the median is printed")
	alerts := flag.Int("alerts", 0, "instead measure loading so many alerts, beside DuckDB's own load of the same file")
	file := flag.String("file", "", "with -alerts, only this file: alerts.jsonl or alerts.csv")
	dir := flag.String("dir", "", "folder for big files; a temporary one that is removed if empty")
	part := flag.String("part", "", "only one part of -alerts, on the paths that follow; bench runs itself with it")
	yardstick := flag.String("yardstick", "", "only decode this bundle with encoding/json; bench runs itself with it")
	pushing := flag.Duration("push", 0, "only measure pushing alerts to a server, for so long, for example 20s")
	paging := flag.Duration("pages", 0, "only measure reading pages of the README's walk from a server, each for so long, for example 5s")
	reporting := flag.Int("reports", 0, "only measure every kind of report over so many made alerts, for example 10000000")
	teaming := flag.Duration("team", 0, "only measure 200 people who have signed in and read pages, for so long, for example 60s")
	colds := flag.Int("cold", 0, "only measure the first overview and the first matrix after a batch, so many times for each kind of batch")
	feeding := flag.Int("taxii", 0, "only measure reading all of Enterprise from a server over TAXII, so many times")
	parts := flag.Int("batches", 0, "instead measure assessments over alerts in so many batches of 10, beside the same number in 20 batches")
	rsigma := flag.String("rsigma", "", "only show the same chains to Candor's engine and to this rsigma binary (0.23)")
	profile := flag.String("profile", "", "with -part, write a profile of the processor time here")
	flag.Parse()
	err := error(nil)
	switch {
	case *rsigma != "":
		err = beside(*rsigma)
	case *parts > 0:
		err = many(*data, *parts, *runs)
	case *feeding > 0:
		err = feed(*data, *feeding)
	case *reporting > 0:
		err = reports(*data, *reporting, *runs)
	case *teaming > 0:
		err = team(*data, *teaming)
	case *colds > 0:
		err = coldPages(*data, *colds)
	case *paging > 0:
		err = pages(*data, *paging)
	case *yardstick != "":
		err = decode(*yardstick)
	case *pushing > 0:
		err = push(*pushing)
	case *part != "":
		err = profiled(*profile, func() error { return loadPart(*part, flag.Args()) })
	case *alerts > 0:
		err = runAlerts(*alerts, *dir, *file)
	default:
		err = run(*data, *runs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// profiled runs f and writes a profile of the processor time that Go spent, unless path is
// empty.
func profiled(path string, f func() error) error {
	if path == "" {
		return f()
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return f()
}

// bench is one run over real input.
type bench struct {
	data   string // the input
	runs   int
	binary string
	folder string        // temporary
	unit   time.Duration // what the yardstick took
}

func run(data string, runs int) error {
	if data == "" || runs < 1 {
		return errors.New("name the input with -data or CANDOR_TEST_DATA, and run at least once")
	}
	dir, err := os.MkdirTemp("", "candor-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{data: data, runs: runs, folder: dir, binary: filepath.Join(dir, "candor")}
	if err := build(b.binary); err != nil {
		return err
	}
	fmt.Printf("%-62s %10s %10s %8s %8s\n", "what", "seconds", "target", "ratio", "peak MB")
	for _, step := range []func() error{b.yardstick, b.importOne, b.importAll, b.questions, b.evidence, b.assess} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// build builds the program that is measured.
func build(binary string) error {
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/candor").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	return nil
}

// taken is what a command cost.
type taken struct {
	wall time.Duration
	busy time.Duration // of all processors
	peak int64         // bytes
}

// command runs the binary on a data folder.
func (b *bench) command(folder string, args ...string) (taken, error) {
	return measure(exec.Command(b.binary, append([]string{"--data", filepath.Join(b.folder, folder)}, args...)...))
}

func measure(cmd *exec.Cmd) (taken, error) {
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &errs
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return taken{}, fmt.Errorf("%v: %w: %s", cmd.Args, err, errs.String())
	}
	wall := time.Since(start)
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	busy := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return taken{wall: wall, busy: busy, peak: usage.Maxrss * 1024}, nil
}

func (b *bench) row(what string, t taken, target string) {
	fmt.Printf("%-62s %10.3f %10s %8.2f %8.0f\n", what, t.wall.Seconds(), target, t.wall.Seconds()/b.unit.Seconds(), float64(t.peak)/1e6)
}

// median runs f as often as asked and returns the run of median wall time.
func (b *bench) median(f func(i int) (taken, error)) (taken, error) {
	var ts []taken
	for i := range b.runs {
		t, err := f(i)
		if err != nil {
			return t, err
		}
		ts = append(ts, t)
	}
	sort.Slice(ts, func(i, j int) bool { return ts[i].wall < ts[j].wall })
	return ts[len(ts)/2], nil
}

func (b *bench) bundle(name string) string { return filepath.Join(b.data, "attack", name+".json.gz") }

// decode gunzips and decodes a bundle with encoding/json and drops the result.
func decode(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	var v any
	return json.NewDecoder(z).Decode(&v)
}

// yardstick decodes in a process of its own: a child's peak memory begins at its
// parent's, so this process must stay small.
func (b *bench) yardstick() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	t, err := b.median(func(int) (taken, error) {
		return measure(exec.Command(self, "-yardstick", b.bundle("enterprise-attack-18.1")))
	})
	b.unit = t.wall
	b.row("yardstick: gunzip + encoding/json, Enterprise 18.1", t, "")
	return err
}

func (b *bench) importOne() error {
	t, err := b.median(func(i int) (taken, error) {
		return b.command(fmt.Sprintf("one-%d", i), "attack", "import", b.bundle("enterprise-attack-18.1"))
	})
	b.row("import Enterprise 18.1 into an empty library", t, "1.2")
	return err
}

func (b *bench) importAll() error {
	t, err := b.command("all", "attack", "import", filepath.Join(b.data, "attack"))
	if err != nil {
		return err
	}
	b.row("import every bundle of the folder", t, "10")
	unpacked, err := b.unpacked()
	if err != nil {
		return err
	}
	var size int64
	for _, f := range []string{"library.db", "library.db-wal"} {
		if info, err := os.Stat(filepath.Join(b.folder, "all", f)); err == nil {
			size += info.Size()
		}
	}
	fmt.Printf("%-62s %10.3f %10s\n", fmt.Sprintf("library file %.1f MB over %.1f MB unpacked", float64(size)/1e6, float64(unpacked)/1e6), float64(size)/float64(unpacked), "0.25")
	return nil
}

func (b *bench) unpacked() (int64, error) {
	files, err := filepath.Glob(filepath.Join(b.data, "attack", "*.json.gz"))
	if err != nil {
		return 0, err
	}
	var total int64
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return 0, err
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			return 0, err
		}
		n, err := io.Copy(io.Discard, z)
		if err != nil {
			return 0, err
		}
		total += n
		f.Close()
	}
	return total, nil
}

// questions are timed as commands, process start and opening included.
func (b *bench) questions() error {
	for _, q := range []struct {
		what, target string
		args         []string
	}{
		{"command: attack show T1059.001", "", []string{"attack", "show", "T1059.001", "--json"}},
		{"command: attack search credential dumping", "", []string{"attack", "search", "credential dumping"}},
		{"command: attack diff 17.1 18.1", "0.5", []string{"attack", "diff", "17.1", "18.1", "--json"}},
	} {
		t, err := b.median(func(int) (taken, error) { return b.command("all", q.args...) })
		if err != nil {
			return err
		}
		b.row(q.what, t, q.target)
	}
	return nil
}

// evidence fills the folder that assess is measured on.
func (b *bench) evidence() error {
	alerts, err := filepath.Glob(filepath.Join(b.data, "alerts", "ait-ads", "*.csv.gz"))
	if err != nil {
		return err
	}
	for _, e := range []struct {
		what string
		args []string
	}{
		{"add 3,700 Sigma rules", []string{"rules", filepath.Join(b.data, "rules", "sigma-rules.tar.gz")}},
		{"add rules of the AIT networks", []string{"rules", "examples/ait/rules.csv"}},
		{"add telemetry", []string{"telemetry", "examples/ait/telemetry.yaml"}},
		{"add feeds", []string{"feeds", "examples/ait/feeds.csv"}},
		{"add 720,209 alerts", append([]string{"alerts", "--mapping", "examples/ait/mapping.yaml"}, alerts...)},
	} {
		t, err := b.command("one-0", append([]string{"evidence", "add"}, e.args...)...)
		if err != nil {
			return err
		}
		b.row(e.what, t, "")
	}
	return nil
}

func (b *bench) assess() error {
	t, err := b.median(func(int) (taken, error) {
		return b.command("one-0", "assess", "--as-of", "2022-01-31", "--summary")
	})
	b.row("assess Enterprise 18.1, 3,700 rules, 720,209 alerts", t, "1.5")
	return err
}
