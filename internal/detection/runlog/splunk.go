package runlog

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// SplunkFormat is the name of the format of the log of Splunk's scheduler.
const SplunkFormat = "splunk-scheduler"

// SniffSplunk reports whether a file that begins with head is the log of Splunk's scheduler:
// scheduler.log, or what a search of the sourcetype scheduler found.
func SniffSplunk(head []byte, _ string) bool {
	if logged.Match(bytes.TrimPrefix(head, []byte("\ufeff"))) {
		return export.Contains(head, "savedsearch_name=", "status=") || export.Contains(head, " SavedSplunker ")
	}
	return export.Contains(head, "savedsearch_name", "status", "scheduled_time") && !export.Contains(head, "urgency")
}

// Splunk reads the runs of scheduled searches in the log of Splunk's scheduler: its lines as
// they lie in scheduler.log, or what a search of the sourcetype scheduler found, as CSV or
// JSON, with fields or with the line as _raw. A search that was skipped did not look, one
// that was continued or deferred looked late. Of a line that says neither, such as one that
// hands a search to another search head, it is noted that it was passed over.
func Splunk(file string, r io.Reader) (evidence.Decoded[detection.Run], error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return evidence.Decoded[detection.Run]{}, err
	}
	if logged.Match(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		return stretched(export.CollectLines(file, bytes.NewReader(wrapped(data)), scheduled))
	}
	return stretched(export.Collect(file, bytes.NewReader(data), nil, scheduled))
}

// logged is how a line of the log begins: the time, the level, and who writes it.
var logged = regexp.MustCompile(`^\s*([0-9]{2}-[0-9]{2}-[0-9]{4} [0-9:]{8}\.[0-9]{3} [+-][0-9]{4}) +[A-Z]+ +[A-Za-z]+`)

// pair is a name with a value, which stands in quotes where it may hold a blank.
var pair = regexp.MustCompile(`([A-Za-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^,\s]*))`)

// wrapped makes an object of JSON of each line, on the same line.
func wrapped(data []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(data) {
		if text := strings.TrimSpace(string(line)); text != "" {
			object, _ := json.Marshal(map[string]string{"_raw": text}) // texts cannot fail
			out.Write(object)
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// scheduled reads one line of the log.
func scheduled(r *export.Record) (detection.Run, bool) {
	if results := r.Objects("result"); len(results) == 1 { // as Splunk's export wraps each
		r.Object = results[0]
	}
	unfold(r)
	word := r.Text("status")
	if r.Text("savedsearch_name") == "" || word == "" {
		r.Note("lines that name no search, or no status of one, are no runs and were passed over")
		return detection.Run{}, false
	}
	run := detection.Run{RuleID: r.Text("savedsearch_name"), RuleName: r.Text("savedsearch_name"), Source: "Splunk", Executions: 1, Events: whole(r, "result_count")}
	switch lower := strings.ToLower(word); {
	case lower == "success", lower == "completed":
		run.Status = detection.RunOK
	case lower == "continued", lower == "deferred":
		run.Status = detection.RunLate
	case lower == "skipped", strings.Contains(lower, "error"), strings.Contains(lower, "fail"):
		run.Status = detection.RunFailed
	default:
		r.Note("lines of the status %q do not say how a search ended and were passed over", word)
		return detection.Run{}, false
	}
	if run.Status != detection.RunOK {
		run.Word = strings.TrimSpace(word + " " + r.Text("reason"))
	}
	run.Start = dispatched(r)
	run.End = run.Start.Add(time.Duration(seconds(r, "run_time") * float64(time.Second)))
	if run.End.Sub(run.Start) > 24*time.Hour {
		r.Fail("run_time", r.Text("run_time"), "longer than a day, which no search of the scheduler runs")
	}
	return run, true
}

// unfold adds the fields of a line that stand in it alone.
func unfold(r *export.Record) {
	raw := r.Text("_raw")
	if raw == "" || r.Text("savedsearch_name") != "" {
		return
	}
	if at := logged.FindStringSubmatch(raw); at != nil {
		r.Set("logged", export.TextValue(at[1]))
	}
	have := make(map[string]bool, len(r.Object))
	for _, m := range r.Object {
		have[m.Name] = true
	}
	for _, p := range pair.FindAllStringSubmatch(raw, -1) {
		if !have[p[1]] {
			have[p[1]] = true
			text := strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(p[2]) + p[3]
			r.Object = append(r.Object, export.Member{Name: p[1], Value: export.TextValue(text)})
		}
	}
}

// dispatched returns when a search began, else when it should have, else when the line was
// written.
func dispatched(r *export.Record) time.Time {
	r.Numbers(time.Second)
	for _, name := range []string{"dispatch_time", "scheduled_time"} {
		text := r.Text(name)
		if n, err := strconv.ParseFloat(text, 64); text == "" || err == nil && n <= 0 {
			continue // of a search that never began
		}
		return r.Time(name)
	}
	if text := r.Text("logged"); text != "" {
		if t, err := time.Parse("01-02-2006 15:04:05.000 -0700", text); err == nil && decode.Sane(t) {
			return t.UTC()
		}
	}
	if r.Text("_time") == "" {
		r.Fail("scheduled_time", "", "is missing, and so are dispatch_time and _time")
	}
	return r.Time("_time")
}
