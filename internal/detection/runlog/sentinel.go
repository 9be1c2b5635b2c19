package runlog

import (
	"bytes"
	"cmp"
	"io"
	"strings"
	"time"

	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// SniffSentinel reports whether a file that begins with head is the table
// SentinelHealth.
func SniffSentinel(head []byte, _ string) bool {
	return bytes.Contains(head, []byte("SentinelResourceType")) && bytes.Contains(head, []byte("OperationName"))
}

// Sentinel reads the runs of analytics rules in the table SentinelHealth of Microsoft
// Sentinel, as JSON or as CSV. What the table says of connectors, playbooks and
// automation rules is passed over. The time of a run is that of the query where it is
// said. A run that failed because the rule is disabled says that it is.
func Sentinel(file string, r io.Reader) (evidence.Decoded[detection.Run], error) {
	return stretched(export.Collect(file, r, nil, health))
}

func health(r *export.Record) (detection.Run, bool) {
	spell(r)
	r.Unfold("ExtendedProperties")
	kind, operation := r.Text("SentinelResourceType"), r.Text("OperationName")
	if kind == "" && operation == "" {
		r.Fail("OperationName", "", "is missing, and so is SentinelResourceType: this is no record of SentinelHealth")
		return detection.Run{}, true
	}
	if !strings.HasSuffix(strings.ToLower(operation), "analytics rule run") {
		r.Note("records of the operation %q were passed over: they are no runs of rules", operation)
		return detection.Run{}, false
	}
	const more = "ExtendedProperties."
	run := detection.Run{
		RuleID: r.Text(more + "RuleId"), RuleName: r.Text("SentinelResourceName"), Source: "Microsoft Sentinel", Executions: 1,
		Events: whole(r, more+"QueryResultAmount"),
	}
	if id := r.Text("SentinelResourceId"); run.RuleID == "" {
		run.RuleID = id[strings.LastIndexByte(id, '/')+1:]
	}
	if run.RuleID = cmp.Or(run.RuleID, run.RuleName); run.RuleID == "" {
		r.Fail("SentinelResourceId", "", "is missing or empty")
	}
	run.Status, run.Word = ended(r)
	r.Need("TimeGenerated")
	at := utc(r, "TimeGenerated")
	run.Start, run.End = at, at
	if from, to := utc(r, more+"QueryStartTimeUTC"), utc(r, more+"QueryEndTimeUTC"); !from.IsZero() && !to.Before(from) {
		run.Start, run.End = from, to
	}
	return run, true
}

// spell gives a table's columns, which come in lower case, the names of the schema. The
// portal writes the zone of a time behind its name.
func spell(r *export.Record) {
	for _, name := range []string{"TimeGenerated", "SentinelResourceId", "SentinelResourceName", "SentinelResourceType",
		"OperationName", "Status", "Description", "Reason", "ExtendedProperties"} {
		low := strings.ToLower(name)
		for _, as := range []string{low, low + " [utc]", name + " [UTC]"} {
			if v, ok := r.Get(as); ok {
				r.Set(name, v)
			}
		}
		if _, ok := r.Get(low + " [local time]"); ok {
			r.Fail(low+" [local time]", "", "is in the reader's own time zone, which the file does not name; set the display time zone to UTC and export it again")
		}
	}
}

// ended reads how a run ended.
func ended(r *export.Record) (detection.RunStatus, string) {
	word, why := r.Need("Status"), cmp.Or(r.Text("Reason"), r.Text("Description"))
	switch strings.ToLower(word) {
	case "success":
		return detection.RunOK, ""
	case "failure":
		if disabled(why) || disabled(r.Text("Description")) || strings.HasPrefix(r.Text("SentinelResourceName"), "AUTO DISABLED") {
			return detection.RunDisabled, why
		}
		return detection.RunFailed, why
	}
	return detection.RunLate, cmp.Or(why, word)
}

func disabled(text string) bool { return strings.Contains(strings.ToLower(text), "disabled") }

// utc returns a time as the table has it, and the zero time where there is none.
func utc(r *export.Record, name string) time.Time {
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
