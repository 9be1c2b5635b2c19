package sample_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"candor/internal/alert"
	"candor/internal/alert/review"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/runbook/tuning"
	"candor/internal/sample"
	sigtab "candor/internal/signal/tabular"
)

const end = day.Date("2026-10-31")

// write writes the organisation and returns its files by path within the folder.
func write(t *testing.T, seed uint64, last day.Date) (sample.Files, map[string]string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "meridian")
	files, err := sample.Write(dir, seed, last)
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		content[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, content
}

type alertLine struct {
	ID          string    `json:"id"`
	RuleID      string    `json:"rule_id"`
	Time        time.Time `json:"time"`
	Entity      string    `json:"entity"`
	Disposition string    `json:"disposition"`
	When        time.Time `json:"disposition_time"`
	Provenance  string    `json:"provenance"`
}

func alertLines(t *testing.T, text string) []alertLine {
	t.Helper()
	var out []alertLine
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		var a alertLine
		if err := json.Unmarshal(s.Bytes(), &a); err != nil {
			t.Fatalf("line %d: %v", len(out)+1, err)
		}
		out = append(out, a)
	}
	return out
}

func table(t *testing.T, text string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestSameSeedAndDayWriteTheSameBytes(t *testing.T) {
	_, a := write(t, 11, end)
	_, b := write(t, 11, end)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}

func TestSeedMovesAlertsAndFeedsAlone(t *testing.T) {
	_, a := write(t, 11, end)
	_, b := write(t, 12, end)
	for path := range a {
		random := path == "alerts.jsonl" || path == "feeds.csv" || path == "cases.csv"
		if same := a[path] == b[path]; same == random {
			t.Errorf("%s: the same under two seeds is %v", path, same)
		}
	}
}

func TestEvidenceFollowsTheLastDay(t *testing.T) {
	first := end.Add(1 - sample.Days)
	_, content := write(t, 11, end)
	for i, row := range table(t, content["feeds.csv"])[1:] {
		if d := day.Date(row[0]); d < first || d > end {
			t.Errorf("feeds.csv row %d is of %s", i+2, d)
		}
	}
	last := end.Add(1).Time()
	for _, a := range alertLines(t, content["alerts.jsonl"]) {
		if a.Time.Before(first.Time()) || !a.Time.Before(last) || !a.When.Before(last) {
			t.Errorf("alert %s is of %s, closed %s", a.ID, a.Time, a.When)
		}
		if a.Disposition != "" && a.When.Before(a.Time) && a.When.Before(last.Add(-time.Second)) {
			t.Errorf("alert %s was closed before it was raised", a.ID)
		}
	}
}

func TestEveryFileIsWellFormed(t *testing.T) {
	files, content := write(t, 11, end)
	for _, path := range []string{files.Telemetry, files.Feeds, files.Rules, files.Alerts, files.Exercises, files.Cases, files.Signals, files.Tuning, files.Runbooks} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	for path, text := range content {
		if strings.Contains(text, "{{") {
			t.Errorf("%s still holds a template", path)
		}
		switch filepath.Ext(path) {
		case ".yaml", ".yml":
			var v any
			if err := yaml.Unmarshal([]byte(text), &v); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		case ".csv":
			table(t, text)
		case ".md":
			head, _, _ := strings.Cut(strings.TrimPrefix(text, "---\n"), "\n---\n")
			var v map[string]any
			if err := yaml.Unmarshal([]byte(head), &v); err != nil || v["title"] == nil {
				t.Errorf("%s: front matter %v, %v", path, v, err)
			}
		}
	}
}

func TestAlertsOfDeclaredRulesAndOneThatNobodyDeclared(t *testing.T) {
	_, content := write(t, 11, end)
	declared := map[string]bool{}
	for path, text := range content {
		if strings.HasPrefix(path, "rules/") {
			var r struct{ ID string }
			if err := yaml.NewDecoder(bytes.NewReader([]byte(text))).Decode(&r); err != nil {
				t.Fatal(err)
			}
			declared[r.ID] = true
		}
	}
	if len(declared) != 17 {
		t.Errorf("%d rules with an id of their own, want 17", len(declared))
	}
	undeclared, firing := map[string]bool{}, map[string]bool{}
	for _, a := range alertLines(t, content["alerts.jsonl"]) {
		firing[a.RuleID] = true
		if !declared[a.RuleID] {
			undeclared[a.RuleID] = true
		}
	}
	if len(undeclared) != 1 || !undeclared["legacy-ids-2201"] {
		t.Errorf("undeclared rules with alerts: %v", undeclared)
	}
	if quiet := len(declared) + 1 - len(firing); quiet != 4 {
		t.Errorf("%d rules never fired, want 4", quiet)
	}
}

func TestAlertsAreSeveralThousandWithEverySortOfStatement(t *testing.T) {
	for _, seed := range []uint64{0, 1, 11, 99} {
		_, content := write(t, seed, end)
		alerts := alertLines(t, content["alerts.jsonl"])
		if n := len(alerts); n < 3000 || n > 8000 {
			t.Errorf("seed %d: %d alerts", seed, n)
		}
		ids, said := map[string]bool{}, map[string]int{}
		for _, a := range alerts {
			ids[a.ID] = true
			said[a.Disposition+"/"+a.Provenance]++
		}
		if len(ids) != len(alerts) {
			t.Errorf("seed %d: %d ids for %d alerts", seed, len(ids), len(alerts))
		}
		for _, want := range []string{"/", "true_positive/analyst", "true_positive/incident", "benign_positive/analyst", "false_positive/analyst",
			"false_positive/automation", "false_positive_data/analyst", "duplicate/analyst", "undetermined/analyst", "test/exercise"} {
			if said[want] == 0 {
				t.Errorf("seed %d: no alert is %s", seed, want)
			}
		}
	}
}

func TestWriteRefusesADayThatIsNone(t *testing.T) {
	_, err := sample.Write(t.TempDir(), 1, "31.10.2026")
	if fault.KindOf(err) != fault.Invalid || fault.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestWriteSaysWhereItCannotWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(dir, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := sample.Write(dir, 1, end)
	if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
}

// TestCasesSignalsAndTuningAreTakenIn reads them with the decoders of Candor, for
// several seeds.
func TestCasesSignalsAndTuningAreTakenIn(t *testing.T) {
	for seed := range uint64(8) {
		_, content := write(t, seed, end)
		d, err := review.Decode("cases.csv", strings.NewReader(content["cases.csv"]))
		found := map[alert.Discovery]int{}
		for _, c := range good(t, d, err) {
			found[c.FoundBy]++
			if day.Of(c.Closed) > end || day.Of(c.When()) > end {
				t.Errorf("seed %d: %s reaches beyond the end: %+v", seed, c.ID, c)
			}
			for _, id := range c.Alerts {
				if !strings.Contains(content["alerts.jsonl"], `"id":"`+id+`"`) {
					t.Errorf("seed %d: %s lists alert %s, which is not there", seed, c.ID, id)
				}
			}
			if c.ID == "MF-rev-016" && len(c.Alerts) != 4 {
				t.Errorf("seed %d: %+v", seed, c)
			}
		}
		if found[alert.FoundByAlert] != 2 || found[alert.FoundByOthers] != 2 {
			t.Errorf("seed %d: %v", seed, found)
		}
		signals, err := sigtab.Decode("signals.csv", strings.NewReader(content["signals.csv"]))
		if n := len(good(t, signals, err)); n != 5 {
			t.Errorf("%d signals", n)
		}
		knobs, err := tuning.DecodeYAML("tuning.yaml", []byte(content["tuning.yaml"]))
		if n := len(good(t, knobs, err)); n != 4 {
			t.Errorf("%d tuning records", n)
		}
	}
}
