// Package tabular reads Candor's CSV of exercises: which behaviour was produced
// on purpose, when, and what the defences did.
//
// It refuses outcomes that it does not know, since an outcome taken wrongly
// would prove something that nobody saw.
package tabular

import (
	"io"
	"strings"
	"time"

	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

// Decode reads technique,analytic,test,time,outcome,rule_id,notes and optionally
// platform, host, site and provenance. A row names a technique or an analytic; a replay may
// name a rule alone. File names the input in messages. It fails with fault.Invalid when a
// column is missing, and where dates do not tell whether day or month comes first in all of
// them.
func Decode(file string, r io.Reader) (evidence.Decoded[exercise.Exercise], error) {
	return decode.Dated(file, r, func(r io.Reader, dates *decode.Dates) (evidence.Decoded[exercise.Exercise], error) {
		return table(file, r, dates)
	})
}

func table(file string, r io.Reader, dates *decode.Dates) (evidence.Decoded[exercise.Exercise], error) {
	columns := []string{"technique", "analytic", "test", "time", "outcome", "rule_id", "notes"}
	t, err := decode.NewTable(file, r, ',')
	if err != nil {
		return evidence.Decoded[exercise.Exercise]{}, err
	}
	if err := t.Require(columns...); err != nil {
		return evidence.Decoded[exercise.Exercise]{}, err
	}
	var notes []string
	clock := &decode.Clock{Dates: dates, Once: decode.Once{Note: func(text string) { notes = append(notes, file+": "+text) }}}
	out, err := decode.Records(t, func(r *decode.Row) exercise.Exercise { return read(r, clock) })
	out.Warnings = append(t.Unknown(append(columns, "platform", "host", "site", "provenance")...), notes...)
	return out, err
}

func read(r *decode.Row, clock *decode.Clock) exercise.Exercise {
	e := exercise.Exercise{
		Technique: strings.ToUpper(r.Get("technique")), Analytic: strings.ToUpper(r.Get("analytic")),
		Platform: r.Get("platform"), Test: r.Need("test"), Time: when(r, clock), Outcome: outcome(r),
		Host: r.Get("host"), Site: r.Get("site"), RuleID: r.Get("rule_id"), Notes: r.Get("notes"), Provenance: provenance(r),
	}
	if e.Provenance == exercise.Replay && e.RuleID == "" {
		r.Fail("rule_id", "", "is empty: a replay is of a rule")
	}
	if e.Technique == "" && e.Analytic == "" && e.Provenance != exercise.Replay {
		r.Fail("technique", "", "is empty, and so is analytic")
	}
	if e.Technique != "" && !decode.TechniqueID(e.Technique) {
		r.Fail("technique", r.Get("technique"), "not a technique's ATT&CK ID such as T1059.001")
	}
	if e.Analytic != "" && !decode.ID("AN", e.Analytic) {
		r.Fail("analytic", r.Get("analytic"), "not an analytic's ATT&CK ID such as AN1989")
	}
	return e
}

func when(r *decode.Row, clock *decode.Clock) time.Time {
	v := r.Get("time")
	clock.Line = r.Line
	at, ok := clock.Time(v)
	if !ok {
		r.Fail("time", v, decode.TimeHelp)
	}
	return at
}

func outcome(r *decode.Row) exercise.Outcome {
	v := r.Get("outcome")
	o, ok := exercise.ParseOutcome(strings.ToLower(v))
	if !ok {
		r.Fail("outcome", v, "not one of blocked, alerted, logged, none, ran")
	}
	return o
}

func provenance(r *decode.Row) exercise.Provenance {
	v := r.Get("provenance")
	p, ok := exercise.ParseProvenance(strings.ToLower(v))
	if !ok {
		r.Fail("provenance", v, "not replay, evaluation, or empty for what took place in the organisation")
	}
	return p
}
