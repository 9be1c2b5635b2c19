// Package run reads what tools that produce behaviours on purpose write of what they ran:
// the log of Invoke-AtomicRedTeam, ATTiRe, reports and event logs of Caldera, and injects
// of OpenAEV.
//
// Such files say what ran, when and where, and not what anybody saw: every exercise has
// the outcome Ran, and what came of it is found in the alerts. The package refuses what
// names no technique or no time, and passes over what did not run.
package run

import (
	"cmp"
	"io"
	"strings"
	"time"

	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

// The names of the formats.
const (
	Atomic  = "atomic-log"
	ATTiRe  = "attire"
	Caldera = "caldera"
	OpenAEV = "openaev"
)

// SniffAtomic reports whether a file is the log of Invoke-AtomicRedTeam.
func SniffAtomic(head []byte, _ string) bool {
	return export.Contains(head, "Execution Time (UTC)", "Technique", "Test Name")
}

// SniffATTiRe reports whether a file is one in the form ATTiRe.
func SniffATTiRe(head []byte, _ string) bool {
	return export.Has(head, "attire-version") || export.Has(head, "execution-data", "procedures")
}

// SniffCaldera reports whether a file is a report or an event log of Caldera.
func SniffCaldera(head []byte, _ string) bool {
	return export.Has(head, "host_group", "steps") || export.Has(head, "ability_metadata", "attack_metadata") || export.Has(head, "paw", "ability_id", "link_id")
}

// SniffOpenAEV reports whether a file is one of injects of OpenAEV.
func SniffOpenAEV(head []byte, _ string) bool {
	return export.Has(head, "inject_id", "inject_title")
}

// ran is one thing that ran, as text.
type ran struct {
	technique, test, platform, host string
	at                              time.Time
	notes                           []string
}

// exercise returns what ran, or says what is wrong with it.
func (x *ran) exercise(r *export.Record) exercise.Exercise {
	ids := (&decode.Once{}).Techniques([]string{x.technique})
	switch {
	case x.technique == "":
		r.Fail("technique", "", "is missing: the test names no technique")
	case len(ids) == 0:
		r.Fail("technique", x.technique, "not a technique's ATT&CK ID such as T1059.001")
	case x.at.IsZero():
		r.Fail("time", "", "is missing: when the test ran")
	case x.test == "":
		r.Fail("test", "", "is missing: what ran")
	}
	if r.Bad() {
		return exercise.Exercise{}
	}
	return exercise.Exercise{Technique: ids[0], Platform: platform(x.platform), Host: x.host, Test: x.test, Time: x.at, Outcome: exercise.Ran, Notes: strings.Join(x.notes, ", ")}
}

// platform returns ATT&CK's name of a platform.
func platform(word string) string {
	switch strings.ToLower(word) {
	case "windows":
		return "Windows"
	case "linux":
		return "Linux"
	case "darwin", "macos":
		return "macOS"
	}
	return ""
}

// collect reads every record of a file, each of which may say of several things that
// they ran.
func collect(file string, text io.Reader, lists []string, read func(*export.Record) []exercise.Exercise) (evidence.Decoded[exercise.Exercise], error) {
	all, err := export.CollectLists(file, text, lists, func(r *export.Record) ([]exercise.Exercise, bool) {
		found := read(r)
		return found, len(found) > 0
	})
	out := evidence.Decoded[exercise.Exercise]{Rejects: all.Rejects, Warnings: all.Warnings}
	for _, found := range all.Records {
		out.Records = append(out.Records, found...)
	}
	return out, err
}

// code keeps how a test ended, where that is not as it should be.
func (x *ran) code(r *export.Record, text string) {
	if text != "" && text != "0" {
		r.Note("tests that ended with another exit code than 0 were taken to have run: whether they did what they should is not known")
		x.notes = append(x.notes, "exit code "+text)
	}
}

// DecodeAtomic reads the log of Invoke-AtomicRedTeam, CSV or JSON.
func DecodeAtomic(file string, text io.Reader) (evidence.Decoded[exercise.Exercise], error) {
	return collect(file, text, nil, func(r *export.Record) []exercise.Exercise {
		r.Object = r.Renamed(strings.ToLower)
		x := ran{technique: r.Text("technique"), test: r.Text("test name"), host: r.Text("hostname"), at: r.Time("execution time (utc)"), notes: []string{"Invoke-AtomicRedTeam"}}
		if guid := r.Text("guid"); guid != "" {
			x.notes = append(x.notes, "test "+guid)
		}
		x.code(r, r.Text("exitcode"))
		return []exercise.Exercise{x.exercise(r)}
	})
}

// DecodeATTiRe reads a file in the form ATTiRe: an exercise for each procedure, at the
// time of its first step.
func DecodeATTiRe(file string, text io.Reader) (evidence.Decoded[exercise.Exercise], error) {
	return collect(file, text, nil, func(r *export.Record) []exercise.Exercise {
		whole := r.Object
		defer func() { r.Object = whole }()
		host := r.Text("execution-data.target.host")
		var found []exercise.Exercise
		for _, p := range whole.Objects("procedures") {
			r.Object = p
			x := ran{technique: p.Text("mitre-technique-id"), test: p.Text("procedure-name"), host: host, notes: []string{"ATTiRe"}}
			if id := p.Text("procedure-id.id"); id != "" {
				x.notes = append(x.notes, "test "+id)
			}
			if len(p.Objects("steps")) == 0 {
				r.Note("procedures without a step did not run and were passed over")
				continue
			}
			x.at = r.Time("steps.0.time-start", "steps.0.time-stop")
			for _, code := range r.Texts("steps.exit-code") {
				x.code(r, code)
			}
			if e := x.exercise(r); !r.Refused() {
				found = append(found, e)
			}
		}
		return found
	})
}

// DecodeCaldera reads a report of an operation or its event log: an exercise for each
// link that ran.
func DecodeCaldera(file string, text io.Reader) (evidence.Decoded[exercise.Exercise], error) {
	return collect(file, text, nil, func(r *export.Record) []exercise.Exercise {
		if len(r.Objects("ability_metadata")) > 0 {
			return event(r)
		}
		return report(r)
	})
}

// event reads an entry of an event log.
func event(r *export.Record) []exercise.Exercise {
	x := ran{technique: r.Text("attack_metadata.technique_id"), test: r.Text("ability_metadata.ability_name", "ability_metadata.ability_id"), platform: r.Text("platform"),
		host: r.Text("agent_metadata.host"), at: r.Time("agent_reported_time", "collected_timestamp", "delegated_timestamp"),
		notes: []string{"Caldera operation " + r.Text("operation_metadata.operation_name")}}
	if !x.ran(r, r.Text("status")) {
		return nil
	}
	return []exercise.Exercise{x.exercise(r)}
}

// ran reports whether a link ran by its status: 0 and 1 say that it did and how it ended,
// 124 that it took too long, and others are of links that were never run.
func (x *ran) ran(r *export.Record, status string) bool {
	switch status {
	case "", "0":
		return true
	case "1", "124":
		x.code(r, status)
		return true
	}
	r.Note("links of status %s did not run and were passed over", status)
	return false
}

// report reads the steps of an operation's report, by agent.
func report(r *export.Record) []exercise.Exercise {
	whole := r.Object
	defer func() { r.Object = whole }()
	hosts := map[string]string{}
	for _, h := range whole.Objects("host_group") {
		hosts[h.Text("paw")] = h.Text("host", "display_name")
	}
	var steps export.Object
	if v, ok := whole.Get("steps"); ok {
		steps, _ = v.Object()
	}
	if len(steps) == 0 {
		r.Fail("steps", "", "is missing or empty: the report says nothing that ran")
	}
	var found []exercise.Exercise
	for _, m := range steps.Sorted() {
		paw := m.Name
		agent, _ := m.Value.Object()
		for _, step := range agent.Objects("steps") {
			r.Object = step
			x := ran{technique: step.Text("attack.technique_id"), test: step.Text("name", "ability_id"), platform: step.Text("platform"), host: cmp.Or(hosts[paw], paw),
				at: r.Time("agent_reported_time", "run", "delegated"), notes: []string{"Caldera operation " + whole.Text("name")}}
			if !x.ran(r, step.Text("status")) {
				continue
			}
			if e := x.exercise(r); !r.Refused() {
				found = append(found, e)
			}
		}
	}
	return found
}

// DecodeOpenAEV reads injects: an exercise for each technique of each that was sent.
func DecodeOpenAEV(file string, text io.Reader) (evidence.Decoded[exercise.Exercise], error) {
	return collect(file, text, []string{"content", "exercise_injects", "injects"}, func(r *export.Record) []exercise.Exercise {
		at := r.Time("inject_sent_at", "inject_status.tracking_sent_date", "inject_status.status_sent_at")
		if at.IsZero() {
			r.Note("injects that were not sent were passed over")
			return nil
		}
		var found []exercise.Exercise
		for _, id := range r.Texts("inject_attack_patterns.attack_pattern_external_id") {
			x := ran{technique: id, test: r.Text("inject_title"), at: at, host: r.Text("inject_assets.asset_hostname", "inject_targets.target_name"), notes: []string{"OpenAEV inject " + r.Text("inject_id")}}
			if e := x.exercise(r); !r.Refused() {
				found = append(found, e)
			}
		}
		if len(found) == 0 {
			r.Note("injects that name no technique were passed over")
		}
		return found
	})
}
