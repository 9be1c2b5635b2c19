package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/claim"
	"candor/internal/detection"
	"candor/internal/detection/sigma"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

// executed is one test of the map.
type executed struct {
	Technique string `json:"tech_id"`
	Name      string `json:"atomic_attack_name"`
	Platform  string `json:"platform"`
	Fired     []struct {
		Name string `json:"rule_name"`
		Link string `json:"rule_link"`
	} `json:"sigma_rules"`
}

// study is what was read.
type study struct {
	tests []executed
	rules claim.Rules
	// byFile are the rules of a file of the archive, by its name without the folder.
	byFile map[string][]*detection.Rule
	// renamed leads from the ids of 18 that 19 revoked to their successors, in which the
	// rules speak.
	renamed map[string]string
	library *attack.Library
}

func read(ctx context.Context, dir, release string) (*study, error) {
	s := &study{byFile: map[string][]*detection.Rule{}, renamed: map[string]string{}}
	for _, part := range []struct {
		path []string
		read func(io.Reader) error
	}{
		{[]string{"exercises", "attack-rule-map.json.gz"}, func(r io.Reader) error { return json.NewDecoder(r).Decode(&s.tests) }},
		{[]string{"rules", "sigma-rules.tar.gz"}, s.readRules},
		{[]string{"attack", "v18-to-v19.csv"}, s.readRenames},
		{[]string{"attack", "enterprise-attack-" + release + ".json.gz"}, func(r io.Reader) error { return s.readRelease(ctx, r, release) }},
	} {
		name := filepath.Join(append([]string{dir}, part.path...)...)
		if err := readFile(name, part.read); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return s, nil
}

// readFile reads a file, which is packed where its name ends so.
func readFile(name string, read func(io.Reader) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if !strings.HasSuffix(name, ".gz") {
		return read(f)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	return read(z)
}

func (s *study) readRules(r io.Reader) error {
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if !strings.HasSuffix(h.Name, ".yml") {
			continue
		}
		data, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		for _, rule := range sigma.Decode(h.Name, data).Records {
			rule.Enabled = true
			s.rules = append(s.rules, evidence.Of[detection.Rule]{Value: rule, Batch: "sigma"})
		}
	}
	for i := range s.rules {
		rule := &s.rules[i].Value
		s.byFile[path.Base(rule.Path)] = append(s.byFile[path.Base(rule.Path)], rule)
	}
	return nil
}

func (s *study) readRenames(r io.Reader) error {
	rows, err := csv.NewReader(r).ReadAll()
	for _, row := range rows {
		s.renamed[row[0]] = row[1]
	}
	return err
}

func (s *study) readRelease(ctx context.Context, r io.Reader, version string) error {
	var objects []*attack.Object
	_, err := stix.Read(ctx, stix.Source{Name: version, Reader: r}, func(o *attack.Snapshot) error {
		objects = append(objects, &o.Object)
		return nil
	})
	s.library = attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: version}, objects).WithRenames(nil)
	return err
}

// began is the synthetic time of the first test, and apart what lies between two.
var began = time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)

const apart = 6 * time.Hour

// exercise returns the i-th test as an exercise that ran, on a host of its own at a
// synthetic time: the map says neither.
func (s *study) exercise(i int) exercise.Exercise {
	t := &s.tests[i]
	return exercise.Exercise{Technique: strings.ToUpper(t.Technique), Platform: t.Platform, Test: t.Name, Host: fmt.Sprintf("lab-%03d", i+1),
		Time: began.Add(time.Duration(i) * apart), Outcome: exercise.Ran}
}

// alerts returns what fired in the i-th test, each rule once, three minutes in.
func (s *study) alerts(i int) []alert.Alert {
	e := s.exercise(i)
	var list []alert.Alert
	for n, f := range s.tests[i].Fired {
		a := alert.Alert{ID: fmt.Sprintf("map-%03d-%02d", i+1, n+1), RuleID: path.Base(f.Link), RuleName: f.Name, Time: e.Time.Add(3 * time.Minute), Entity: e.Host}
		if rules := s.byFile[a.RuleID]; len(rules) > 0 {
			a.RuleID = rules[0].ID
		}
		list = append(list, a)
	}
	return list
}

// write writes the tests and alerts as files that candor takes in.
func (s *study) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var tests, lines bytes.Buffer
	w := csv.NewWriter(&tests)
	rows := [][]string{{"technique", "analytic", "test", "time", "outcome", "rule_id", "notes", "platform", "host"}}
	encoder := json.NewEncoder(&lines)
	for i := range s.tests {
		e := s.exercise(i)
		rows = append(rows, []string{e.Technique, "", e.Test, e.Time.Format(time.RFC3339), string(e.Outcome), "", "the time is synthetic", e.Platform, e.Host})
		for _, a := range s.alerts(i) {
			if err := encoder.Encode(map[string]any{"id": a.ID, "rule_id": a.RuleID, "rule_name": a.RuleName, "time": a.Time, "entity": a.Entity}); err != nil {
				return err
			}
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "exercises.csv"), tests.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "alerts.jsonl"), lines.Bytes(), 0o644)
}
