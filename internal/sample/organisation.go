package sample

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"candor/internal/day"
	"candor/internal/fault"
)

// Organisation is the name of the simulated organisation.
const Organisation = "Meridian Freight"

// Days is how many days of feeds and alerts are written, the last included.
const Days = 90

// Files are the paths of the evidence that Write wrote, one for each kind that
// Candor takes in.
type Files struct {
	Telemetry  string // telemetry.yaml: what is said to be collected
	Feeds      string // feeds.csv: what was measured to arrive
	Rules      string // rules: a folder of Sigma rules
	Alerts     string // alerts.jsonl
	Exercises  string // exercises.csv
	Cases      string // cases.csv: reviews of incidents
	Signals    string // signals.csv
	Tuning     string // tuning.yaml: local values of knobs
	Exceptions string // exceptions.csv: what rules are told to pass over
	Fields     string // fields.csv: in what share of events fields arrive
	Runs       string // runs.csv: when rules searched; one of them stopped
	Runbooks   string // runbooks: a folder of Markdown
}

// meridian holds the evidence that is written by hand. In it {{ago 7}} is
// the day seven days before the last one.
//
//go:embed meridian
var meridian embed.FS

// Write writes the evidence of the simulated organisation into dir, which is
// made if need be: its last day is end, and seed decides what is left to chance.
// Which rung an analytic stands on is not. Times reach into the evening of end,
// so it should be a day that is over. Files of the same names are replaced.
func Write(dir string, seed uint64, end day.Date) (Files, error) {
	if end.Time().IsZero() {
		return Files{}, fault.New(fault.Invalid, "%q is not a day to end the sample at", string(end)).
			Next("write it as 2026-03-01")
	}
	contents, err := evidenceFiles(seed, end)
	if err != nil {
		return Files{}, err
	}
	for _, c := range contents {
		if err := put(filepath.Join(dir, filepath.FromSlash(c.path)), c.data); err != nil {
			return Files{}, fault.New(fault.Unavailable, "the sample evidence cannot be written").
				At("%s", dir).Because(err).Next("choose a folder that can be written to")
		}
	}
	return Files{
		Telemetry:  filepath.Join(dir, "telemetry.yaml"),
		Feeds:      filepath.Join(dir, "feeds.csv"),
		Rules:      filepath.Join(dir, "rules"),
		Alerts:     filepath.Join(dir, "alerts.jsonl"),
		Exercises:  filepath.Join(dir, "exercises.csv"),
		Cases:      filepath.Join(dir, "cases.csv"),
		Signals:    filepath.Join(dir, "signals.csv"),
		Tuning:     filepath.Join(dir, "tuning.yaml"),
		Exceptions: filepath.Join(dir, "exceptions.csv"),
		Fields:     filepath.Join(dir, "fields.csv"),
		Runs:       filepath.Join(dir, "runs.csv"),
		Runbooks:   filepath.Join(dir, "runbooks"),
	}, nil
}

func put(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// evidenceFile is one file of evidence; its path has forward slashes.
type evidenceFile struct {
	path string
	data []byte
}

// evidenceFiles returns every file, the hand-written ones first.
func evidenceFiles(seed uint64, end day.Date) ([]evidenceFile, error) {
	var out []evidenceFile
	err := fs.WalkDir(meridian, "meridian", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := dated(path, end)
		out = append(out, evidenceFile{strings.TrimPrefix(path, "meridian/"), data})
		return err
	})
	if err != nil {
		return nil, err
	}
	s, err := simulate(seed, end)
	if err != nil {
		return nil, err
	}
	alerts, err := s.alertLines()
	if err != nil {
		return nil, err
	}
	cases, err := s.caseTable()
	return append(out, evidenceFile{"feeds.csv", feedTable(seed, end)}, evidenceFile{"alerts.jsonl", alerts}, evidenceFile{"cases.csv", cases}), err
}

// dated returns an embedded file with its days counted from end.
func dated(path string, end day.Date) ([]byte, error) {
	text, err := meridian.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t, err := template.New(path).Funcs(template.FuncMap{
		"ago":   func(days int) string { return string(end.Add(-days)) },
		"ahead": func(days int) string { return string(end.Add(days)) },
		"rule":  func(file string) (string, error) { h, err := headOf(file); return h.id, err },
	}).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, nil)
	return b.Bytes(), err
}

// head is what alerts and exercises repeat of a rule.
type head struct {
	id, title string
}

// headOf reads the head of the rule in a file, which is named without folder
// and ending.
func headOf(file string) (head, error) {
	text, err := meridian.ReadFile("meridian/rules/" + file + ".yml")
	if err != nil {
		return head{}, err
	}
	var h head
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		switch key {
		case "id":
			h.id = value
		case "title":
			h.title = value
		}
	}
	if h.id == "" || h.title == "" {
		return head{}, fmt.Errorf("rule %s has no id or title", file)
	}
	return h, nil
}
