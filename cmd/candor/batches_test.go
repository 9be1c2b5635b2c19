//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// example returns the piece of code of a language in doc/batches.md.
func example(t *testing.T, language string) string {
	t.Helper()
	_, code, found := strings.Cut(read(t, filepath.Join("..", "..", "doc", "batches.md")), "```"+language+"\n")
	code, _, ended := strings.Cut(code, "\n```")
	if !found || !ended {
		t.Fatalf("doc/batches.md has no %s", language)
	}
	return code
}

// TestTheDocumentedQueriesGiveTheCountsOfMeasure runs what doc/batches.md says to run over
// a folder with alerts that were restated, merged, relabelled, withdrawn and opened again.
func TestTheDocumentedQueriesGiveTheCountsOfMeasure(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "CANDOR_ALERTS=scan")
	start := time.Now().UTC().AddDate(0, 0, -2).Truncate(time.Hour)
	at := func(hours int) string { return start.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339) }
	var last listed
	add := func(kind, name string, from, to int, line func(i int) map[string]any) {
		var b strings.Builder
		for i := from; i < to; i++ {
			text, err := json.Marshal(line(i))
			if err != nil {
				t.Fatal(err)
			}
			b.Write(append(text, '\n'))
		}
		p.write(name, b.String())
		if err := json.Unmarshal([]byte(p.ok("evidence", "add", kind, name, "--by", "token:edr", "--json")), &last); err != nil {
			t.Fatal(err)
		}
	}
	add("alerts", "1.jsonl", 0, 40, func(i int) map[string]any {
		a := map[string]any{"id": fmt.Sprint("a", i), "rule_id": []string{"r2", "r1", "r1"}[i%3], "time": at(i % 7), "entity": fmt.Sprint("h", i%5)}
		if class := []string{"true_positive", "false_positive", "", "open"}[i%4]; class != "" {
			a["disposition"], a["disposition_time"], a["disposition_by"], a["provenance"] = class, at(10+i%2), "ann", "analyst"
		}
		return a
	})
	add("dispositions", "2.jsonl", 0, 20, func(i int) map[string]any {
		return map[string]any{"id": fmt.Sprint("a", i), "disposition": []string{"benign_positive", "true_positive"}[i%2],
			"disposition_time": at([]int{12, 5, 10}[i%3]), "disposition_by": "bob", "provenance": "analyst"}
	})
	add("alerts", "3.jsonl", 30, 50, func(i int) map[string]any {
		return map[string]any{"id": fmt.Sprint("a", i), "rule_id": "r1", "time": at(1), "case_id": "c"}
	})
	site := func(i int) string { return []string{"berlin", "Paris"}[i%2] }
	add("alerts", "5.jsonl", 0, 8, func(i int) map[string]any {
		return map[string]any{"id": fmt.Sprint("s", i/2), "rule_id": "r1", "time": at(3), "site": site(i)}
	})
	add("dispositions", "6.jsonl", 0, 5, func(i int) map[string]any {
		return map[string]any{"id": fmt.Sprint("s", i/2), "site": strings.ToUpper(site(i)), "disposition": []string{"true_positive", "false_positive"}[i%2],
			"disposition_time": at(12), "disposition_by": "bob", "provenance": "analyst"}
	})
	add("alerts", "4.jsonl", 0, 9, func(i int) map[string]any {
		return map[string]any{"id": fmt.Sprint("a", i), "rule_id": "r1", "time": at(1), "disposition": "test", "disposition_time": at(20), "disposition_by": "x", "provenance": "analyst"}
	})
	p.ok("evidence", "compact")
	p.ok("evidence", "withdraw", last.ID, "--reason", "a test")

	var m struct {
		True       int `json:"true_positive"`
		Benign     int `json:"benign_positive"`
		False      int `json:"false_positive"`
		Unlabelled int
	}
	if err := json.Unmarshal([]byte(p.ok("measure", "--rule", "r1", "--json")), &m); err != nil {
		t.Fatal(err)
	}
	if m.True*m.Benign*m.False*m.Unlabelled == 0 {
		t.Fatalf("the alerts are not of every class: %+v", m)
	}
	want := fmt.Sprintf("benign_positive,%d\nfalse_positive,%d\ntrue_positive,%d\nunlabelled,%d\n", m.Benign, m.False, m.True, m.Unlabelled)
	t.Run("DuckDB", func(t *testing.T) {
		if got := counted(t, strings.ReplaceAll(example(t, "sql"), "data/alerts", filepath.ToSlash(p.path("data/alerts")))); got != want {
			t.Errorf("DuckDB counts\n%swant\n%s", got, want)
		}
	})
	t.Run("pandas", func(t *testing.T) {
		c := exec.Command(cmp.Or(os.Getenv("CANDOR_TEST_PYTHON"), "python3"), "-c", example(t, "python"))
		c.Dir = p.dir
		var problem strings.Builder
		c.Stderr = &problem
		got, err := c.Output()
		if err != nil && (c.Process == nil || strings.Contains(problem.String(), "ModuleNotFoundError")) {
			t.Skipf("Python with pandas and pyarrow is not here: %v %s", err, problem.String())
		}
		if err != nil || string(got) != want {
			t.Errorf("pandas counts\n%swant\n%s%v %s", got, want, err, problem.String())
		}
	})
}

// counted runs a query of a text and a number in a database of its own.
func counted(t *testing.T, query string) string {
	t.Helper()
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var class string
		var n int
		if err := rows.Scan(&class, &n); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s,%d\n", class, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestABatchFileIsHandedOver exports one to a file and to a pipe.
func TestABatchFileIsHandedOver(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "CANDOR_ALERTS=scan")
	p.alerts("a.jsonl", 0, 10)
	p.ok("evidence", "add", "alerts", "a.jsonl")
	p.ok("evidence", "add", "feeds", p.feeds("f.csv"))
	var alerts, feeds string
	for id := range p.batches() {
		if strings.HasPrefix(id, "alerts") {
			alerts = id
		} else {
			feeds = id
		}
	}
	said := p.ok("evidence", "export", alerts, "--to", "out.parquet")
	kept, got := read(t, p.path("data/alerts/"+alerts+".parquet")), read(t, p.path("out.parquet"))
	if kept != got || !strings.Contains(said, "sha256") {
		t.Errorf("%d bytes, and %d are kept; %s", len(got), len(kept), said)
	}
	if piped := p.ok("evidence", "export", alerts); piped != kept {
		t.Errorf("%d bytes through a pipe, and %d are kept", len(piped), len(kept))
	}
	var e struct{ SHA256 string }
	if err := json.Unmarshal([]byte(p.ok("evidence", "export", alerts, "--to", "again.parquet", "--json")), &e); err != nil || !strings.Contains(said, e.SHA256) {
		t.Errorf("%+v, %v", e, err)
	}
	if listed := p.ok("ledger", "list", "--json"); !strings.Contains(listed, e.SHA256) {
		t.Errorf("the ledger has no %s", e.SHA256)
	}
	p.fails([]string{"there already", "next: "}, "evidence", "export", alerts, "--to", "out.parquet")
	p.fails([]string{"of kind feeds", "only batches of alerts are files", "evidence show"}, "evidence", "export", feeds, "--to", "f.parquet")
	p.fails([]string{"no batch"}, "evidence", "export", "nothing", "--to", "f.parquet")
	p.write("data/alerts/"+alerts+".parquet", kept+" ")
	p.fails([]string{alerts, "not the one that was written", "candor ledger verify"}, "evidence", "export", alerts, "--to", "g.parquet")
	if _, err := os.Stat(p.path("g.parquet")); err == nil {
		t.Error("a file that is not the one was handed over")
	}
	p.fails([]string{alerts, "not what was recorded"}, "ledger", "verify")
}
