package sensor

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"candor/internal/telemetry"
)

// SniffAuditd reports whether a file begins as the rules of Linux audit do: each line
// is an option of auditctl, and one of them is a rule.
func SniffAuditd(head []byte, _ string) bool {
	rule := false
	for line := range bytes.Lines(head) {
		text := strings.TrimSpace(string(line))
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
		case !strings.HasPrefix(text, "-"):
			return false
		default:
			word, _, _ := strings.Cut(text, " ")
			rule = rule || slices.Contains([]string{"-a", "-A", "-w"}, word)
		}
	}
	return rule
}

// syscall is what the rules of a file record of one system call.
type syscall struct {
	name    string
	rules   int
	limited int    // rules that fields limit
	keys    string // the first of them
}

// auditReader reads one file of rules.
type auditReader struct {
	reading
	calls   []*syscall
	called  map[string]*syscall
	watched words
	off     int // the line that switches auditing off
	never   int
	records words // record types that are kept out
	users   int
}

// DecodeAuditd reads rules of Linux audit, as auditctl and augenrules take them: each
// system call that is recorded is declared, and the watches on files together. It
// fails with fault.Invalid when they record nothing.
func DecodeAuditd(file string, data []byte) (Declared, error) {
	r := &auditReader{reading: reading{file: file}, called: map[string]*syscall{}}
	n := 0
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		n++
		text := strings.TrimSpace(string(line))
		if text != "" && !strings.HasPrefix(text, "#") {
			r.line(n, strings.Fields(strings.ToValidUTF8(text, "\ufffd")))
		}
	}
	if r.off > 0 {
		r.warn(r.off, "auditing is switched off here (-e 0), so that nothing of the file is declared")
	} else {
		r.declare()
	}
	return r.result("the rules record nothing")
}

// controls are options of auditctl that are no rules, by whether a value follows.
var controls = map[string]bool{
	"-D": false, "-b": true, "-f": true, "-r": true, "-i": false, "-c": false, "-q": true, "-t": false, "--reset-lost": false,
	"--backlog_wait_time": true, "--loginuid-immutable": false, "--reset_backlog_wait_time_actual": false, "--signal": true,
}

func (r *auditReader) line(n int, options []string) {
	switch option := options[0]; option {
	case "-a", "-A", "-w":
		r.rule(n, options)
	case "-e":
		if len(options) > 1 && options[1] == "0" {
			r.off = n
		} else {
			r.off = 0
		}
	case "-D":
		r.calls, r.called, r.watched, r.never, r.records = nil, map[string]*syscall{}, words{}, 0, words{} // whatever stood before is deleted
	case "-d", "-W":
		r.reject(n, "", strings.Join(options, " "), "a rule is deleted here, and what is left of it is not worked out: remove it from the file")
	default:
		option, _, _ = strings.Cut(option, "=")
		if _, ok := controls[option]; !ok {
			r.reject(n, "", strings.Join(options, " "), "not an option of auditctl")
		}
	}
}

// auditRule is one rule, or one watch.
type auditRule struct {
	list, action string
	watch, perm  string
	calls        words
	fields       []string
	types        words // of records
	key          string
}

// rule reads a line that begins with a rule.
func (r *auditReader) rule(n int, options []string) {
	a, wrong := parseRule(options)
	switch {
	case wrong != "":
		r.reject(n, "", strings.Join(options, " "), wrong)
	case a.watch != "":
		r.watched.add(a.watch)
	case a.list == "exclude" || len(a.types.list) > 0 && a.action == "never":
		for _, t := range a.types.list {
			r.records.add(t)
		}
	case a.action == "never":
		r.never++
	case a.list == "user":
		r.users++
	case a.list == "task":
		r.call("fork", a)
	case a.list == "filesystem" || a.list == "io_uring":
	case len(a.calls.list) == 0 && a.path() != "":
		r.watched.add(a.path())
	case len(a.calls.list) == 0:
		r.call("all", a)
	default:
		for _, c := range a.calls.list {
			r.call(c, a)
		}
	}
}

// parseRule reads the options of a rule; wrong says what is not as it should be.
func parseRule(options []string) (a auditRule, wrong string) {
	for i := 0; i < len(options); i += 2 {
		if i+1 == len(options) {
			return a, options[i] + " has no value"
		}
		value := options[i+1]
		switch options[i] {
		case "-a", "-A":
			for part := range strings.SplitSeq(value, ",") {
				if part == "always" || part == "never" || part == "possible" {
					a.action = part
				} else {
					a.list = part
				}
			}
		case "-w":
			a.watch = path.Clean(value)
		case "-p":
			a.perm = value
		case "-S":
			for part := range strings.SplitSeq(value, ",") {
				a.calls.add(part)
			}
		case "-F", "-C":
			a.field(value)
		case "-k":
			a.key = value
		default:
			return a, options[i] + " is not an option of a rule"
		}
	}
	lists := []string{"exit", "task", "user", "exclude", "filesystem", "io_uring", "entry"}
	if a.watch == "" && (a.action == "" || !slices.Contains(lists, a.list)) {
		return a, "a rule needs a list and an action, for example always,exit"
	}
	return a, ""
}

// field keeps what a field says.
func (a *auditRule) field(value string) {
	name, of, _ := strings.Cut(value, "=")
	switch name {
	case "arch":
	case "key":
		a.key = of
	case "msgtype":
		a.types.add(of)
	default:
		a.fields = append(a.fields, value)
	}
}

// path returns the file or folder that a rule without system calls watches.
func (a *auditRule) path() string {
	for _, f := range a.fields {
		for _, name := range []string{"path=", "dir="} {
			if p, ok := strings.CutPrefix(f, name); ok {
				return path.Clean(p)
			}
		}
	}
	return ""
}

// call counts a rule on a system call.
func (r *auditReader) call(name string, a auditRule) {
	c := r.called[name]
	if c == nil {
		c = &syscall{name: name, keys: a.key}
		r.called[name], r.calls = c, append(r.calls, c)
	}
	c.rules++
	if len(a.fields) > 0 {
		c.limited++
	}
}

// declare makes declarations of what is recorded.
func (r *auditReader) declare() {
	for _, c := range r.calls {
		s := telemetry.Source{Name: "auditd:SYSCALL", Channel: c.name, Platforms: []string{"Linux"}, Product: "Linux audit", Note: c.words()}
		if c.name == "all" {
			s.Channel = ""
		}
		r.out.Records = append(r.out.Records, s)
		if strings.HasPrefix(c.name, "execve") && !r.records.has["EXECVE"] && c.name != "execveat" {
			s.Name = "auditd:EXECVE"
			r.out.Records = append(r.out.Records, s)
		}
	}
	if len(r.watched.list) > 0 {
		if !r.records.has["PATH"] {
			r.out.Records = append(r.out.Records, telemetry.Source{Name: "auditd:PATH", Channel: "PATH", Platforms: []string{"Linux"}, Product: "Linux audit",
				Note: "watches on " + some(r.watched.list, 5) + " and on nothing else"})
		} else {
			r.warn(0, "watches on %s record no paths, because records of type PATH are excluded", some(r.watched.list, 3))
		}
	}
	if r.never > 0 {
		r.warn(0, "%s for what is never recorded (never); what is declared is recorded but for that", counted(r.never, "rule"))
	}
	if r.users > 0 {
		r.warn(0, "%s on messages of programs (user) passed over: such messages are recorded without a rule", counted(r.users, "rule"))
	}
}

// words says which rules record a system call.
func (c *syscall) words() string {
	text := counted(c.rules, "rule")
	switch {
	case c.limited == c.rules:
		text += ", limited by fields"
	case c.limited > 0:
		text += fmt.Sprintf(", %d of them limited by fields", c.limited)
	}
	if c.keys != "" {
		text += ", key " + c.keys
	}
	return text
}
