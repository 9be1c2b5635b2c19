package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/inert"
)

// ofDetect is fault.Usage for a report that is none on rules.
func (s *Sealed) ofDetect() error {
	if s.Document.Kind == KindDetect {
		return nil
	}
	return fault.New(fault.Usage, "a report of kind %q is none on rules", s.Document.Kind).Next("candor report detect makes one")
}

type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Suite    junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	File    string       `xml:"file,attr,omitempty"`
	Line    int          `xml:"line,attr,omitempty"`
	Failure *junitResult `xml:"failure"`
	Skipped *junitResult `xml:"skipped"`
}

type junitResult struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes a report on rules as JUnit XML: a test case for each rule. One of which nothing
// shows whether it works is skipped.
func JUnit(s *Sealed) ([]byte, error) {
	if err := s.ofDetect(); err != nil {
		return nil, err
	}
	suite := junitSuite{Name: inert.Line(s.Document.Title), Timestamp: s.Made.Format("2006-01-02T15:04:05")}
	for _, n := range append([][2]string{{"release", s.Document.Basis.Release}, {"as of", string(s.Document.Basis.AsOf)}}, s.notes()...) {
		suite.Properties = append(suite.Properties, junitProperty{n[0], inert.Line(n[1])})
	}
	for _, r := range recordsOf[detectedRecord](&s.Document, partRules) {
		c := junitCase{Class: inert.Line(r.file()), Name: inert.Line(strings.TrimSpace(r.Name + " " + r.Rule)), File: inert.Line(r.Path)}
		if r.Line != nil {
			c.Line = *r.Line
		}
		text := inert.Line(r.Says)
		switch r.Result {
		case resultFail, resultWarning:
			c.Failure = &junitResult{text, r.Code, text}
			suite.Failures++
		case resultOpen, resultOff:
			c.Skipped = &junitResult{Message: r.Code + ": " + text}
			suite.Skipped++
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests = len(suite.Cases)
	b, err := xml.MarshalIndent(junitSuites{Name: "candor", Tests: suite.Tests, Failures: suite.Failures, Skipped: suite.Skipped, Suite: suite}, "", "  ")
	return slices.Concat([]byte(xml.Header), b, []byte("\n")), err
}

// file names where a rule is from.
func (r *detectedRecord) file() string {
	if r.Path == "" {
		return "rules without a file"
	}
	return r.Path
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifRule struct {
	ID    string    `json:"id"`
	Short sarifText `json:"shortDescription"`
	Help  sarifText `json:"help"`
	Level struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	} `json:"physicalLocation"`
}

type sarifRegion struct {
	Line int `json:"startLine"`
}

type sarifResult struct {
	Rule         string            `json:"ruleId"`
	Index        int               `json:"ruleIndex"`
	Kind         string            `json:"kind"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations,omitempty"`
	Fingerprints map[string]string `json:"partialFingerprints"`
}

type sarifNotice struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

type sarifInvocation struct {
	OK      bool          `json:"executionSuccessful"`
	End     string        `json:"endTimeUtc"`
	Notices []sarifNotice `json:"toolExecutionNotifications"`
}

type sarifRun struct {
	Tool struct {
		Driver struct {
			Name    string      `json:"name"`
			Version string      `json:"version"`
			Rules   []sarifRule `json:"rules"`
		} `json:"driver"`
	} `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
	Properties  sarifProperties   `json:"properties"`
}

type sarifProperties struct {
	Release string   `json:"attackRelease"`
	AsOf    string   `json:"asOf"`
	Policy  string   `json:"policySha256"`
	Head    string   `json:"ledgerHead,omitempty"`
	Limits  []string `json:"limits"`
	Record  string   `json:"candorReport"`
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

// plainSARIF makes a text one that is no link: brackets have a meaning in messages.
func plainSARIF(text string) sarifText {
	return sarifText{strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`).Replace(inert.Line(text))}
}

// SARIF writes a report on rules as SARIF 2.1.0: a result for each rule, at its file and line
// where they are known. It has the record of the report, from which verify tells whether it is
// what was written.
func SARIF(s *Sealed) ([]byte, error) {
	if err := s.ofDetect(); err != nil {
		return nil, err
	}
	record, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the report: %w", err)
	}
	b := &s.Document.Basis
	run := sarifRun{Results: []sarifResult{}, Properties: sarifProperties{b.Release, string(b.AsOf), b.Policy.SHA256, s.head(), s.Document.Limits, base64.StdEncoding.EncodeToString(record)}}
	run.Tool.Driver.Name, run.Tool.Driver.Version = "Candor", strings.TrimPrefix(s.Program, "candor ")
	at := map[string]int{}
	for i, f := range findings() {
		at[f.code] = i
		r := sarifRule{ID: f.code, Short: sarifText{f.means}, Help: sarifText{f.means + " See doc/verdict.md."}}
		_, r.Level.Level = levelOf(f.result)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, r)
	}
	call := sarifInvocation{OK: true, End: s.Made.Format(time.RFC3339), Notices: []sarifNotice{}}
	for _, l := range s.Document.Limits {
		call.Notices = append(call.Notices, sarifNotice{"note", plainSARIF("Limit: " + l)})
	}
	run.Invocations = []sarifInvocation{call}
	for _, r := range recordsOf[detectedRecord](&s.Document, partRules) {
		run.Results = append(run.Results, r.sarif(at[r.Code]))
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", "  ")
	err = enc.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
	return out.Bytes(), err
}

// levelOf is a result in SARIF's words; only what failed has a level.
func levelOf(result string) (kind, level string) {
	switch result {
	case resultFail:
		return "fail", "error"
	case resultWarning:
		return "fail", "warning"
	case resultOpen:
		return "open", "none"
	case resultOff:
		return "notApplicable", "none"
	}
	return "pass", "none"
}

func (r *detectedRecord) sarif(index int) sarifResult {
	sum := sha256.Sum256([]byte(r.Rule + "\x00" + r.Code))
	x := sarifResult{Rule: r.Code, Index: index, Message: plainSARIF(strings.TrimSpace(r.Name+" "+r.Rule) + ": " + r.Says), Fingerprints: map[string]string{"candorRule/v1": hex.EncodeToString(sum[:])}}
	x.Kind, x.Level = levelOf(r.Result)
	if r.Path == "" {
		return x
	}
	var l sarifLocation
	l.Physical.Artifact.URI = (&url.URL{Path: r.Path}).EscapedPath()
	if r.Line != nil {
		l.Physical.Region = &sarifRegion{*r.Line}
	}
	x.Locations = []sarifLocation{l}
	return x
}
