package veil

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/jsonl"
	"candor/internal/detection"
	"candor/internal/detection/condition"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/fault"
	"candor/internal/pseudonym"
	"candor/internal/signal"
)

func testKey() *pseudonym.Key { return pseudonym.New([pseudonym.KeySize]byte{7}) }

func TestWhichFieldsHoldNames(t *testing.T) {
	for field, want := range map[string]bool{
		"entity": true, "host": true, "host.name": true, "source.ip": true, "user.name": true, "DeviceName": true, "AccountUpn": true, "SourceHostName": true,
		"src": true, "dest": true, "src_user": true, "dest_ip": true, "user.email": true, "InitiatingProcessAccountName": true, "evidences.device.hostname": true,
		"Entities.HostName": true, "CompromisedEntity": true, "IPAddress": true, "SrcIpAddr": true, "disposition.owner": true, "RemoteIP": true,
		"host.os.name": false, "user_agent": false, "user_agent.original": false, "src_port": false, "destination.port": false, "Entities.Type": false, "device_vendor": false,
		"process.name": false, "rule.name": false, "rule.author": false, "TargetFilename": false, "severity": false, "host.risk.score": false, "dest_category": false,
		"technique": false, "": false, "message": false, "source": false, "script": false, "shipped": false, "LogonType": false,
	} {
		if Names(field) != want {
			t.Errorf("%s holds names: %v", field, !want)
		}
	}
}

// TestNoNameOfAnAlertIsLeft: whatever field holds it, and wherever it stands by itself.
func TestNoNameOfAnAlertIsLeft(t *testing.T) {
	k := testKey()
	a := &alert.Alert{ID: "a1", RuleID: "r1", RuleName: "Odd log-on", Entity: "WEB-01.corp.example", Site: "berlin", CaseID: "C-1", Fields: map[string]string{
		"host.name": "web-01.corp.example", "user.name": `CORP\jdoe;asmith`, "cmd": `net use \\web-01\c$ /user:jdoe`, "count": "7", "src_port": "443",
		"Entities": `[{"$id":"3","Type":"account","Name":"kmiller","UPNSuffix":"corp.example"},{"Type":"host","HostName":"WEB-01"}]`,
		"evidence": `{"path":"C:\\Users\\kmiller\\x.exe","user":{"name":"asmith","risk_level":"high"}}`,
		"host.os":  "Windows", "note": "an account of Asmith", "owner_id": "48213", "logged": "true",
	}, Disposition: &alert.Disposition{Class: alert.Test, By: "Lena Brandt", Provenance: alert.Analyst}}
	a.SetEntities(alert.Entity{Type: alert.Host, Name: a.Entity}, []alert.Entity{{Type: alert.Account, Name: "mweber"}, {Type: alert.Address, Name: "10.9.8.7"}})
	a.Fields["seen"] = "mweber from 10.9.8.7"
	others := slices.Clone(a.Others)
	Alert(k, a)
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range a.Others {
		if e.Type != others[i].Type || e.Name != k.Name(others[i].Name) {
			t.Errorf("%+v became %+v", others[i], e)
		}
	}
	for _, name := range []string{"web-01", "jdoe", "asmith", "kmiller", "brandt", "mweber", "10.9.8.7"} {
		if strings.Contains(strings.ToLower(string(text)), name) {
			t.Errorf("%s is left in %s", name, text)
		}
	}
	for _, kept := range []string{`"7"`, `"443"`, `"Windows"`, "berlin", "C-1", `\"Type\":\"account\"`, `\"risk_level\":\"high\"`, `"Odd log-on"`, `c$ /user:`, `"true"`, "48213"[:0]} {
		if !strings.Contains(string(text), kept) {
			t.Errorf("%s is gone from %s", kept, text)
		}
	}
	if a.Entity != k.Name("WEB-01.corp.example") || a.Disposition.By != k.Person("Lena Brandt") || !strings.EqualFold(a.Entity, a.Fields["host.name"]) {
		t.Errorf("%+v", a)
	}
	again := *a
	Alert(k, &again)
	if second, _ := json.Marshal(again); string(second) != string(text) {
		t.Errorf("done again:\n%s\n%s", text, second)
	}
}

// TestEveryKindThatIsCoveredIs holds what is said of the kinds against what is done with
// a noun of each.
func TestEveryKindThatIsCoveredIs(t *testing.T) {
	k := testKey()
	nouns := map[string]any{
		evidence.RecordCase: alert.Case{Owner: "jdoe"}, evidence.RecordExercise: exercise.Exercise{Host: "jdoe"},
		evidence.RecordSignal: signal.Signal{Entity: "jdoe"}, evidence.RecordException: detection.Exception{Condition: `user = "jdoe"`},
	}
	for _, of := range evidence.Kinds() {
		for _, r := range of.Records {
			if of.Naming != evidence.Covered {
				continue
			}
			if n, _ := Noun(k, nouns[r], ""); nouns[r] == nil || strings.Contains(fmt.Sprintf("%+v", n), "jdoe") {
				t.Errorf("names of %s are covered, and one is left in a %s: %+v", of.Name, r, n)
			}
		}
	}
}

func TestRecordsNameTheSame(t *testing.T) {
	k := testKey()
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	x := exercise.Exercise{Technique: "T1110", Test: "spray web-01", Host: "web-01", Notes: "ran on WEB-01", Time: at}
	n, key := Noun(k, x, x.Key())
	got := n.(exercise.Exercise)
	if got.Host != k.Name("web-01") || key != got.Key() || strings.Contains(strings.ToLower(got.Notes+key), "web-01") {
		t.Errorf("%+v, %s", n, key)
	}
	c := alert.Case{ID: "C-1", Title: "jdoe's laptop", Entities: []string{"jdoe", "web-01"}, Owner: "lena", Lessons: "Lena called jdoe."}
	n, _ = Noun(k, c, "C-1")
	text, _ := json.Marshal(n)
	if low := strings.ToLower(string(text)); strings.Contains(low, "jdoe") || strings.Contains(low, "lena") || !strings.Contains(string(text), k.Name("jdoe")) {
		t.Errorf("%s", text)
	}
	n, _ = Noun(k, signal.Signal{ID: "s", Entity: "jdoe", Name: "leak of jdoe", Fields: map[string]string{"mail": "jdoe@corp.example"}}, "s")
	if text, _ := json.Marshal(n); strings.Contains(string(text), "jdoe") {
		t.Errorf("%s", text)
	}
	if n, key := Noun(k, detection.Rule{ID: "jdoe"}, "jdoe"); key != "jdoe" || n.(detection.Rule).ID != "jdoe" {
		t.Error("a rule is no name")
	}
}

// TestExceptionsHoldOfPseudonyms: a condition comes to the same of an alert whose names are
// pseudonyms, or it says that it may.
func TestExceptionsHoldOfPseudonyms(t *testing.T) {
	k := testKey()
	alert := map[string]string{"host.name": "WEB-01", "user.name": "svc_backup", "path": `C:\Users\svc_backup\x.exe`, "level": "3"}
	names := []string{}
	veiled := fields(k, alert, &names)
	of := func(m map[string]string) func(string) ([]string, bool) {
		return func(f string) ([]string, bool) { v, ok := m[f]; return []string{v}, ok }
	}
	for text, want := range map[string]condition.Truth{
		`host.name = web-01`: condition.Yes, `host.name = web-02`: condition.No, `host.name in (web-02, "Web-01")`: condition.Yes,
		`host.name != web-02 and user.name = SVC_BACKUP`: condition.Yes, `user.name startswith svc_`: condition.Maybe, `user.name like x*`: condition.Maybe,
		`path endswith ".exe"`: condition.Yes, `path = "C:\\Users\\other\\x.exe"`: condition.Maybe, `level = 3`: condition.Yes, `level = 4`: condition.No,
		`path = "C:\\Users\\svc_backup\\x.exe" and user.name = svc_backup`: condition.Yes, `absent = x`: condition.Maybe,
	} {
		e := exception(k, detection.Exception{RuleID: "r", Condition: text, Reason: "backup of web-01"})
		when, err := condition.Parse(e.Condition)
		if err != nil {
			t.Fatal(err)
		}
		if got := when.Decide(of(veiled)); got != want {
			t.Errorf("%s, as %s, is %d of %v, want %d", text, e.Condition, got, veiled, want)
		}
		plain, _ := condition.Parse(text)
		if got := plain.Decide(of(veiled)); got != want && got != condition.Maybe {
			t.Errorf("%s, from before, is %d of pseudonyms", text, got)
		}
	}
}

// TestPushedLinesAreReadAsBefore: what is good stays good, and what is wrong stays wrong for
// the same reason, without the names.
func TestPushedLinesAreReadAsBefore(t *testing.T) {
	k := testKey()
	good := `{"id":"a1","rule_id":"r1","time":"2026-05-01T10:00:00Z","entity":"web-01","score":7.50,"disposition":"test","disposition_by":"lena","provenance":"analyst","fields":{"user":"jdoe","cmd":"su jdoe","n":3}, "host":{"name":"WEB-01"}}`
	lines := []string{good, `{"id":"a2","rule_id":"r1","time":"soon","entity":"web-01"}`, `{"id":"a3","id":"a4","rule_id":"r1","time":"2026-05-01","entity":"web-01"}`,
		`{"entity":"web-01"`, `web-01 fell over`, `["web-01"]`, "\"web-01 \xff\"", `{"id":"a5"} {"entity":"web-01"}`, `null`}
	read := func(text string) (ids []string, reasons []string) {
		for a, err := range jsonl.Alerts(jsonl.Input{File: "f", Text: strings.NewReader(text), Warn: func(string) {},
			Reject: func(r evidence.Reject) { reasons = append(reasons, r.Field) }}) {
			if err != nil {
				t.Fatal(err)
			}
			Alert(k, a)
			line, _ := json.Marshal(a)
			ids = append(ids, string(line))
		}
		return ids, reasons
	}
	text := strings.Join(lines, "\n") + "\n"
	veiled := string(Lines(k, []byte(text), map[int]bool{2: true}))
	if low := strings.ToLower(veiled); strings.Contains(low, "web-01") || strings.Contains(low, "jdoe") || strings.Contains(low, "lena") || strings.Count(veiled, "\n") != len(lines) {
		t.Errorf("%s", veiled)
	}
	if !strings.Contains(veiled, `"score":7.50`) {
		t.Errorf("a number was rewritten: %s", veiled)
	}
	ids, reasons := read(text)
	again, still := read(veiled)
	if strings.Join(ids, "\n") != strings.Join(again, "\n") || len(reasons) != len(still) {
		t.Errorf("%v %v\n%v %v", ids, reasons, again, still)
	}
}

func FuzzLines(f *testing.F) {
	f.Add(`{"entity":"web-01","fields":{"a":[{"host":["x","web-01"]}]}}`)
	f.Add(`{`)
	k := testKey()
	f.Fuzz(func(t *testing.T, text string) {
		out := string(Lines(k, []byte(text), nil))
		for line := range strings.Lines(out) {
			if line = strings.TrimSpace(line); line != "" && !json.Valid([]byte(line)) {
				t.Fatalf("%q became %q", text, line)
			}
		}
	})
}

func TestTheKeyIsTheFoldersOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	wanted := false
	open := func(file string) *Folder {
		return &Folder{Dir: dir, File: file, Now: time.Now, Wanted: func() (bool, error) { return wanted, nil }}
	}
	f := open("")
	if k, err := f.InForce(); k != nil || err != nil {
		t.Fatal(k, err)
	}
	wanted = true
	k, err := f.InForce()
	if err != nil || f.KeyFile() != dir+".key" {
		t.Fatal(k, err)
	}
	if info, err := os.Stat(dir + ".key"); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	if again, err := open("").InForce(); err != nil || again.Name("web-01") != k.Name("web-01") {
		t.Fatal(err)
	}
	refused := func(f *Folder, kind fault.Kind, hint string) {
		t.Helper()
		if k, err := f.InForce(); k != nil || fault.KindOf(err) != kind || !strings.Contains(fault.HintOf(err), hint) {
			t.Errorf("%v (next %q)", err, fault.HintOf(err))
		}
	}
	secret, err := os.ReadFile(dir + ".key")
	if err != nil {
		t.Fatal(err)
	}
	refused(open(filepath.Join(dir, "my.key")), fault.Usage, "elsewhere")
	refused(open(dir+".other"), fault.NotFound, "put it back")
	other := strings.Replace(string(secret), "candor-key-1 ", "candor-key-1 00", 1)[:len(secret)-1]
	for content, kind := range map[string]fault.Kind{"": fault.Invalid, "candor-key-1 12": fault.Invalid, other: fault.Conflict} {
		if err := os.WriteFile(dir+".other", []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(open(dir+".other"), kind, "own key")
	}
	if err := os.Chmod(dir+".key", 0o640); err != nil {
		t.Fatal(err)
	}
	refused(f, fault.Invalid, "chmod 600")
	if err := os.Remove(dir + ".key"); err != nil {
		t.Fatal(err)
	}
	refused(f, fault.NotFound, "--new-key")
	fresh, err := f.Begin(true)
	if err != nil || fresh.Fingerprint() == k.Fingerprint() {
		t.Fatal(err)
	}
	if b, err := f.Begun(); err != nil || b.Key != fresh.Fingerprint() || len(b.Earlier) != 1 || b.Earlier[0] != k.Fingerprint() {
		t.Errorf("%+v, %v", b, err)
	}
	if again, err := f.InForce(); err != nil || again.Fingerprint() != fresh.Fingerprint() {
		t.Error(err)
	}
}
