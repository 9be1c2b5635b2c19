package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// How long a report may take, in seconds, and a printed one.
const (
	reportSeconds  = 3
	printedSeconds = 6
)

// shownIn are techniques of Enterprise 18.1 that the made rules say that they detect, in turn.
var shownIn = [...]string{"T1003.001", "T1021.002", "T1027", "T1036", "T1047", "T1053.005", "T1055", "T1059.001", "T1059.003", "T1070.004", "T1071.001",
	"T1078", "T1087", "T1105", "T1110", "T1112", "T1133", "T1190", "T1204.002", "T1218.011", "T1486", "T1543.003", "T1547.001", "T1566.001"}

// reports measures every kind of report over n made alerts of 500 rules, which stand beside
// all of Sigma's, judged by Enterprise 18.1 on the last day of the alerts.
func reports(data string, n, runs int) error {
	if data == "" {
		return errors.New("name the input with -data or CANDOR_TEST_DATA")
	}
	dir, err := os.MkdirTemp("", "candor-reports-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{data: data, runs: runs, folder: dir, binary: filepath.Join(dir, "candor")}
	if err := build(b.binary); err != nil {
		return err
	}
	if err := b.organisation(n); err != nil {
		return err
	}
	fmt.Printf("%-44s %9s %9s %9s %9s\n", fmt.Sprintf("report, of %d alerts", n), "seconds", "busy s", "target s", "peak MB")
	for _, args := range [][]string{
		{"verdict", "AN1989", "--to", "v.html"}, {"verdict", "rule-0", "--to", "r.html"}, {"executive", "--to", "e.html"}, {"executive", "--to", "e.pdf"},
		{"compliance", "--mapping", "doc/controls-nist-800-53.yaml", "--to", "c.json"}, {"engineering", "--to", "e.xlsx"}, {"engineering", "--table", "rules", "--to", "e.csv"},
		{"navigator", "rung", "--to", "n.json"}, {"markdown", "--to", "m.md"}, {"detect", "--to", "d.sarif"}, {"detect", "--to", "d.xml"}, {"dettect", "techniques", "--to", "t.yaml"},
	} {
		if err := b.report(args); err != nil {
			return err
		}
	}
	return nil
}

// organisation fills a data folder.
func (b *bench) organisation(n int) error {
	l := &loads{n: n, dir: b.folder}
	if err := l.write("alerts.csv", 1, n, writeRow); err != nil {
		return err
	}
	f, err := os.Create(l.path("rules.csv"))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "rule_id,name,enabled,techniques,analytics,log_sources,owner")
	for i := range madeRules {
		fmt.Fprintf(w, "rule-%d,Name of rule %[1]d,true,%s,,,ann\n", i, shownIn[i%len(shownIn)])
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"attack", "import", filepath.Join(b.data, "attack", "enterprise-attack-18.1.json.gz")},
		{"evidence", "add", "rules", filepath.Join(b.data, "rules", "sigma-rules.tar.gz")},
		{"evidence", "add", "rules", l.path("rules.csv")},
		{"evidence", "add", "telemetry", "examples/ait/telemetry.yaml"},
		{"evidence", "add", "alerts", l.path("alerts.csv")},
	} {
		if _, err := b.command("data", args...); err != nil {
			return err
		}
	}
	return nil
}

// report writes one as often as asked, and prints the run of median time.
func (b *bench) report(args []string) error {
	to := filepath.Join(b.folder, args[len(args)-1])
	t, err := b.median(func(int) (taken, error) {
		if err := os.RemoveAll(to); err != nil {
			return taken{}, err
		}
		return b.command("data", append(append([]string{"report"}, args[:len(args)-1]...), to, "--as-of", "2026-05-30")...)
	})
	target := reportSeconds
	if strings.HasSuffix(to, ".pdf") {
		target = printedSeconds
	}
	fmt.Printf("%-44s %9.2f %9.2f %9d %9.0f\n", strings.Join(append(args[:len(args)-2:len(args)-2], filepath.Base(to)), " "), t.wall.Seconds(), t.busy.Seconds(), target, float64(t.peak)/1e6)
	return err
}
