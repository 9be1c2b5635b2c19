package runlog

import (
	"bytes"
	"cmp"
	"io"
	"strings"
	"time"

	"candor/internal/alert/elastic"
	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// ElasticFormat and SentinelFormat are the names of the products' formats.
const (
	ElasticFormat  = "elastic"
	SentinelFormat = "sentinel"
)

// What Kibana's event log calls those who write it.
const (
	executionLog = "securitySolution.ruleExecution" // statuses and metrics of detection rules
	alerting     = "alerting"                       // executions of rules of every kind
)

// SniffElastic reports whether a file that begins with head is Kibana's event log.
func SniffElastic(head []byte, _ string) bool {
	return bytes.Contains(head, []byte(executionLog)) ||
		export.Contains(head, "event.provider", "event.action", "rule.id", alerting) ||
		export.Has(head, "provider", "action", "outcome", "rule", alerting)
}

// Elastic reads the rule execution log of Elastic Security: documents of the index
// .kibana-event-log, as JSON, as hits of a search, or as a CSV report of Kibana. The
// several events of one execution are one. An execution whose gap is said, or that
// ended in a partial failure, is late.
func Elastic(file string, r io.Reader) (evidence.Decoded[detection.Run], error) {
	events, err := export.Collect(file, r, nil, event)
	out := evidence.Decoded[detection.Run]{Rejects: events.Rejects, Warnings: events.Warnings}
	at := map[string]int{}
	for _, e := range events.Records {
		i, there := at[e.execution]
		if !there || e.execution == "" {
			at[e.execution] = len(out.Records)
			out.Records = append(out.Records, e.Run)
			continue
		}
		same(&out.Records[i], &e.Run)
	}
	return stretched(out, err)
}

// execution is one event of the log, with the id of the execution that it is of.
type execution struct {
	detection.Run
	execution string
}

// same puts what two events say of one execution together: the worse status counts.
func same(a, b *detection.Run) {
	if worse(b.Status, a.Status) {
		a.Status, a.Word = b.Status, b.Word
	}
	a.GapSeconds = max(a.GapSeconds, b.GapSeconds)
	a.RuleName = cmp.Or(a.RuleName, b.RuleName)
	if b.Start.Before(a.Start) {
		a.Start = b.Start
	}
	if b.End.After(a.End) {
		a.End = b.End
	}
}

func worse(a, b detection.RunStatus) bool {
	for _, s := range detection.RunStatuses() {
		if a == s || b == s {
			return a == s && b != s
		}
	}
	return false
}

const kibana = "kibana.alert.rule."

func event(r *export.Record) (execution, bool) {
	elastic.Unwrap(r)
	e := execution{execution: r.Text(kibana + "execution.uuid")}
	var known bool
	switch provider, action := r.Text("event.provider"), r.Text("event.action"); {
	case provider == executionLog && action == "status-change":
		e.Status, e.Word, known = changed(r)
	case provider == executionLog && action == "execution-metrics":
		e.Status, known = detection.RunOK, true
	case provider == alerting && (action == "execute" || action == "execute-timeout"):
		if c := r.Text("rule.category"); c != "" && !strings.HasPrefix(c, "siem.") {
			r.Note("executions of rules that are no detection rules were passed over")
			return e, false
		}
		e.Status, e.Word, known = outcome(r, action)
	case provider == "" && action == "":
		r.Fail("event.provider", "", "is missing, so this is no event of the rule execution log")
	}
	if !known {
		return e, false
	}
	e.RuleID, e.RuleName, e.Source, e.Executions = r.Need("rule.id"), r.Text("rule.name"), "Elastic Security", 1
	e.GapSeconds = seconds(r, kibana+"execution.metrics.execution_gap_duration_s")
	if e.GapSeconds > 0 && e.Status == detection.RunOK {
		e.Status, e.Word = detection.RunLate, "gap"
	}
	at := stamp(r, "@timestamp")
	if r.Need("@timestamp"); at.IsZero() {
		return e, true
	}
	e.Start, e.End = at, at
	if from := stamp(r, "event.start"); !from.IsZero() && from.Before(at) {
		e.Start = from
	}
	if to := stamp(r, "event.end"); to.After(e.Start) {
		e.End = to
	}
	return e, true
}

// changed reads a change of status; those on the way to one are none.
func changed(r *export.Record) (detection.RunStatus, string, bool) {
	switch word := r.Text(kibana + "execution.status"); word {
	case "succeeded":
		return detection.RunOK, "", true
	case "partial failure", "warning":
		return detection.RunLate, word, true
	case "failed":
		return detection.RunFailed, cmp.Or(r.Text("message"), word), true
	}
	return "", "", false
}

// outcome reads how the framework says that an execution ended.
func outcome(r *export.Record, action string) (detection.RunStatus, string, bool) {
	switch word := r.Text("event.outcome"); {
	case action == "execute-timeout":
		return detection.RunFailed, "timeout", true
	case word == "failure":
		return detection.RunFailed, cmp.Or(r.Text("error.message"), r.Text("message"), word), true
	case word == "success":
		return detection.RunOK, "", true
	}
	return "", "", false
}

func stamp(r *export.Record, name string) time.Time {
	r.Numbers(time.Millisecond)
	text := r.Text(name)
	if text == "" {
		return time.Time{}
	}
	t, ok := r.When(text)
	if !ok {
		r.Fail(name, text, decode.TimeHelp)
	}
	return t.UTC()
}
