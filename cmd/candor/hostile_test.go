package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/day"
	"candor/internal/inert"
	"candor/internal/sample"
)

// hostile is what names hold that others wrote: a colour, a title, a cursor that goes
// back, directions of writing, a line of its own, and what is neither.
const hostile = "\x1b[95m\x1b]0;t\x07\u202e\u2066\u061c\x7f\u009b2J\b\r\nFORGED LINE"

// inName is hostile as a file can be called, and a command line can say.
const inName = "\x1b[95m\u202e\u2066\x7f\u009b2J\nFORGED LINE"

// tainted is a JSON value with hostile behind every text under one of the keys.
func tainted(v any, keys ...string) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if s, ok := x.(string); ok && slices.Contains(keys, k) {
				v[k] = s + hostile + "\x00"
				continue
			}
			v[k] = tainted(x, keys...)
		}
	case []any:
		for i := range v {
			v[i] = tainted(v[i], keys...)
		}
	}
	return v
}

func taintedLines(t *testing.T, text string, keys ...string) string {
	t.Helper()
	var out bytes.Buffer
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		var v any
		if err := d.Decode(&v); err == io.EOF {
			return out.String()
		} else if err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(&out).Encode(tainted(v, keys...)); err != nil {
			t.Fatal(err)
		}
	}
}

func taintedTable(t *testing.T, text string, columns ...string) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		for i, name := range rows[0] {
			if slices.Contains(columns, name) {
				row[i] += hostile
			}
		}
	}
	var out strings.Builder
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// taintedYAML puts hostile behind every plain value of the keys.
func taintedYAML(text string, keys ...string) string {
	escaped := inert.Line(hostile)
	line := regexp.MustCompile(`(?m)^([ -]*(?:` + strings.Join(keys, "|") + `): *)"?([^"\n]+?)"?$`)
	return line.ReplaceAllStringFunc(text, func(l string) string {
		m := line.FindStringSubmatch(l)
		return m[1] + `"` + strings.ReplaceAll(m[2], `\`, `\\`) + escaped + `"`
	})
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// hostilePlace is a data folder all of whose names were written by somebody else.
func hostilePlace(t *testing.T) place {
	t.Helper()
	p := newPlace(t, "CANDOR_ALERTS=scan")
	p.env = append(p.env, "CANDOR_DATA=data"+inName, "USER=ann"+inName)
	files, err := sample.Write(p.path("in"), 1, day.Of(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	var bundle any
	if err := json.Unmarshal(sample.Bundle(), &bundle); err != nil {
		t.Fatal(err)
	}
	released, err := json.Marshal(tainted(bundle, "name", "description", "field", "source_name", "url"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("bundle"+inName+".json", string(released))
	p.ok("attack", "import", "bundle"+inName+".json", "--domain", "enterprise", "--release", sample.Version)
	for _, o := range bundle.(map[string]any)["objects"].([]any) {
		if o := o.(map[string]any); o["type"] == "x-mitre-collection" {
			o["x_mitre_version"] = "9.9"
		} else if o["type"] == "attack-pattern" {
			o["x_mitre_version"] = "7.0"
		}
	}
	released, err = json.Marshal(tainted(bundle, "name"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("later.json", string(released))
	p.ok("attack", "import", "later.json", "--domain", "enterprise", "--release", "9.9")
	names := []string{"title", "description", "name", "organisation", "owner", "provider", "element", "value", "approved_by", "notes", "author"}
	for _, f := range []struct{ kind, path, text string }{
		{"telemetry", "telemetry.yaml", taintedYAML(read(t, files.Telemetry), "organisation", "owner", "provider", "notes")},
		{"feeds", "feeds.csv", read(t, files.Feeds) + "2026-01-02,\"" + strings.ReplaceAll(hostile, `"`, "") + "\",b,1,1,s\n"},
		{"alerts", "alerts.jsonl", taintedLines(t, read(t, files.Alerts), "rule_name", "entity", "site", "severity", "source", "tactic", "user", "command", "case_id")},
		{"exercises", "exercises.csv", taintedTable(t, read(t, files.Exercises), "test", "notes")},
		{"cases", "cases.csv", taintedTable(t, read(t, files.Cases), "title", "owner", "lessons")},
		{"signals", "signals.csv", taintedTable(t, read(t, files.Signals), "entity", "name", "source")},
		{"tuning", "tuning.yaml", taintedYAML(read(t, files.Tuning), names...)},
	} {
		name := inName + f.path
		p.write(name, f.text)
		p.ok("evidence", "add", f.kind, name)
	}
	for _, dir := range []string{files.Rules, files.Runbooks} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if err := os.WriteFile(path, []byte(taintedYAML(read(t, path), names...)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p.ok("evidence", "add", filepath.Base(dir), dir)
	}
	return p
}

var ownColours = regexp.MustCompile("\x1b\\[(?:0|1|2|31)m")

// unharmed checks that nothing that a command printed is obeyed by who prints it.
func unharmed(t *testing.T, what, out string) {
	t.Helper()
	if i := strings.IndexFunc(out, inert.Hidden); i >= 0 {
		t.Errorf("%s printed %q", what, out[max(0, i-60):min(len(out), i+40)])
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(strings.TrimLeft(line, " \t|>-*#:,\""), "FORGED LINE") {
			t.Errorf("%s printed a line that data made: %.80q, behind %.200q", what, line, out[max(0, strings.Index(out, line)-200):strings.Index(out, line)])
			return
		}
	}
}

// hostileCalls are ways to call commands on a hostile place.
func hostileCalls(p place) map[string][][]string {
	batch := func(kind string) string {
		for id := range p.batches() {
			if strings.HasPrefix(id, kind+"-") {
				return id
			}
		}
		return kind
	}
	rule := "One source refused by many accounts" + hostile
	p.write("policy.yaml", taintedYAML("name: p\nversion: \"2\"\n", "name", "version"))
	p.write("bad"+inName+".csv", "id,rule_id,time\n\"a\x1b\nFORGED LINE\",r,\"when\u202e\nFORGED LINE\"\n")
	p.write("index.json", `{"collections":[{"id":"x","name":"Enterprise ATT&CK","versions":[{"version":"9.9`+"\u202e"+`","url":"`+"\u202e"+`x.json","modified":"2026-01-01T00:00:00Z"}]}]}`)
	return map[string][][]string{
		"assess":                {{}, {"--summary"}, {"--explain", "AN1336"}, {"--explain", "AN1543", "--claims"}, {"--by", "technique"}, {"--keep"}, {"--explain", inName}, {"--platform", inName}, {"--rung", inName}},
		"assess compare":        {{"now"}, {inName}},
		"assess list":           {{}},
		"attack":                {{}, {inName}},
		"attack adjacent":       {{"T1190"}, {inName}},
		"attack diff":           {{sample.Version, "9.9"}, {sample.Version, "9.9", "--format", "markdown"}, {sample.Version, "9.9", "--format", "navigator"}, {inName, inName}},
		"attack hashes add":     {{inName + "cases.csv"}, {inName}},
		"attack hashes list":    {{}},
		"attack history":        {{"AN1336"}, {inName}},
		"attack import":         {{"nowhere" + inName}, {"bad" + inName + ".csv"}},
		"attack list":           {{}, {"--kind", inName}, {"--tactic", inName}, {"--platform", inName}},
		"attack odd":            {{sample.Version}, {inName}},
		"attack raw":            {{inName}},
		"attack releases":       {{}},
		"attack remove":         {{inName}},
		"attack search":         {{"password"}, {inName}, {"FORGED"}},
		"attack show":           {{"T1190"}, {"AN1336"}, {"G0001"}, {inName}, {"AN1336", "--release", inName}},
		"attack stats":          {{}},
		"attack sync":           {{"--index", "index.json"}, {"--index", inName}},
		"backup":                {{"b" + inName}, {"no" + inName + "/where"}},
		"completion bash":       {{}},
		"completion fish":       {{}},
		"completion zsh":        {{}},
		"completion powershell": {{}},
		"evidence":              {{inName}},
		"evidence add":          {{inName, inName}, {"alerts", "bad" + inName + ".csv"}, {"alerts", inName}, {"rules", inName}},
		"evidence check":        {{"bad" + inName + ".csv"}, {"alerts", "bad" + inName + ".csv"}, {inName + "cases.csv"}},
		"evidence formats":      {{}},
		"evidence history":      {{"mf-000001"}, {"MF-rev-017"}, {inName}},
		"evidence list":         {{}},
		"evidence show":         {{batch("rules")}, {batch("cases")}, {batch("alerts")}, {inName}},
		"evidence template":     {{"alerts"}, {"runbook", "--for", "AN1336"}, {inName}},
		"evidence withdraw":     {{batch("signals"), "--reason", inName}, {inName, "--reason", "x"}},
		"gate":                  {{"AN1336", "--for", "automation"}, {rule, "--for", "reporting"}, {inName, "--for", "reporting"}, {"AN1336", "--for", inName}},
		"gate waive":            {{"AN1336", "--for", "automation", "--until", time.Now().AddDate(0, 0, 30).Format(time.DateOnly), "--by", inName, "--second", "x" + inName, "--reason", inName}, {"AN1336", "--until", inName}},
		"gate waivers":          {{}},
		"help":                  {{}, {inName}},
		"label":                 {{}},
		"label sample":          {{rule}, {rule, "--csv"}, {inName}},
		"ledger":                {{}},
		"ledger list":           {{}},
		"ledger proof":          {{batch("rules")}, {inName}},
		"ledger show":           {{"0"}, {batch("rules")}, {inName}},
		"ledger verify":         {{}, {"--expect", inName}},
		"measure":               {{}, {"--rule", rule}, {"--times"}, {"--recall"}, {"--rule", inName}},
		"next":                  {{}},
		"policy":                {{}},
		"policy set":            {{"policy.yaml"}, {inName}},
		"policy show":           {{}},
		"restore":               {{"b" + inName}, {"nowhere" + inName}},
		"review":                {{}, {"MF-rev-017"}, {inName}},
		"serve":                 {{"--addr", inName}},
		"demo":                  {{"--addr", inName}},
		"token":                 {{}},
		"token create":          {{inName, "--scope", "alerts"}, {"ok", "--scope", inName}, {"ok", "--scope", "alerts"}},
		"token list":            {{}},
		"token revoke":          {{inName}, {"ok"}},
		"take":                  {{"AN1336"}, {"T1190"}, {inName}},
		"tune":                  {{rule}, {inName}},
		"version":               {{}},
	}
}

// commands lists every command of candor, as its help does.
func (p place) commands(parent ...string) []string {
	p.t.Helper()
	var found []string
	_, list, _ := strings.Cut(p.run(append(parent, "--help")...).out, "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	for line := range strings.Lines(list) {
		if name := strings.Fields(line); len(name) > 0 {
			at := append(slices.Clip(parent), name[0])
			found = append(append(found, strings.Join(at, " ")), p.commands(at...)...)
		}
	}
	return found
}

func TestNoCommandPrintsWhatDataWouldHaveObeyed(t *testing.T) {
	t.Parallel()
	p := hostilePlace(t)
	calls := hostileCalls(p)
	seen := 0
	for _, command := range p.commands() {
		ways, ok := calls[command]
		if !ok { // one that nobody has thought of here yet
			ways = [][]string{{inName}, {"--help"}}
		}
		for _, args := range ways {
			// With colour is as without, once its own colours are taken out.
			for _, how := range [][]string{{"--json"}, {"--color", "always"}} {
				s := p.run(slices.Concat(strings.Fields(command), args, how)...)
				what := fmt.Sprintf("candor %s %q", command, append(args, how...))
				out := s.out + s.err
				if len(how) == 2 {
					out = ownColours.ReplaceAllString(out, "")
				}
				unharmed(t, what, out)
				if strings.Contains(out, inert.Line("\x1b[95m")) {
					seen++
				}
			}
		}
	}
	if seen < 80 {
		t.Errorf("only %d answers had anything to escape", seen)
	}
}

// What is asked to fill in is read as it was.
func TestASampleOfHostileAlertsIsHandedBack(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "CANDOR_ALERTS=scan")
	id := "a" + hostile
	line, _ := json.Marshal(map[string]string{"id": id, "rule_id": "r", "time": time.Now().Add(-24 * time.Hour).UTC().Format(time.RFC3339), "entity": hostile})
	p.write("a.jsonl", string(line)+"\n")
	p.ok("evidence", "add", "alerts", "a.jsonl")
	sheet := p.ok("label", "sample", "r", "--csv")
	unharmed(t, "label sample --csv", sheet)
	rows, err := csv.NewReader(strings.NewReader(sheet)).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v: %q", err, sheet)
	}
	at := slices.Index(rows[0], "disposition")
	rows[1][at], rows[1][at+1] = "false_positive", time.Now().UTC().Format(time.RFC3339)
	var out strings.Builder
	_ = csv.NewWriter(&out).WriteAll(rows)
	p.write("said.csv", out.String())
	if said := p.ok("evidence", "add", "dispositions", "said.csv"); !strings.Contains(said, "1 updated") {
		t.Errorf("what was said of the alert did not reach it:\n%s", said)
	}
}

func TestAServersLogObeysNobody(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := p.serve()
	host := strings.Trim(strings.TrimPrefix(s.address, "http://"), "/")
	for _, request := range []string{
		"GET /%1b%5b95m%0aFORGED%20LINE HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: \x1b[95m\u202e\r\n\r\n",
		"GET /objects?kind=%1b%5b95m%0aFORGED%20LINE HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"POST /api/v1/push/alerts HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer \x1b[95m\r\nContent-Length: 3\r\n\r\n\x1b[9",
		"\x1b[95m\r\nFORGED LINE\r\n\r\n",
	} {
		c, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.WriteString(c, request)
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
		c.Close()
	}
	through := p.run("attack", "show", inName)
	unharmed(t, "a command through a server", through.out+through.err)
	s.stop(t)
	unharmed(t, "candor serve", s.errs.String())
}
