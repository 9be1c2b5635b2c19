package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"slices"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/alert/jsonl"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
)

// The formats of Hooks that only wrap records of others, or Candor's own.
const (
	Collector   = "splunk-hec"  // events as they are sent to Splunk's HTTP Event Collector
	CloudEvents = "cloudevents" // one event or a batch of them, in the structured mode
)

// Hooks lists what products may push as they write it, each to an address of its own.
func Hooks() []string {
	return append(ingest.AlertFormats(), Collector, CloudEvents)
}

// carried are what the two that wrap records carry them under.
func carried(format string) (member string, ok bool) {
	member, ok = map[string]string{Collector: "event", CloudEvents: "data"}[format]
	return member, ok
}

// hook takes alerts as a product writes them: its decoder reads them, and what it makes
// of them goes to the journal as Candor writes it.
func (s *Service) hook(ctx context.Context, p Post, body []byte) (Receipt, error) {
	r := Receipt{Rejects: []Rejected{}}
	read, err := reading(p.Format)
	if err != nil {
		return r, err
	}
	in := export.Input{File: bodyName, Text: bytes.NewReader(body), Warn: func(string) {}, Reject: func(j evidence.Reject) {
		r.Rejected++
		if len(r.Rejects) < maxShown {
			r.Rejects = append(r.Rejects, shown(j))
		}
	}}
	var lines []byte
	for a, err := range read(in) {
		if err != nil {
			return r, err
		}
		lines = append(append(lines, jsonl.Line(a)...), '\n')
		r.Accepted++
	}
	r.Received = r.Accepted + r.Rejected
	if r.Accepted == 0 {
		s.count(p.Kind, r)
		return r, nil
	}
	if err := ctx.Err(); err != nil {
		return Receipt{}, err
	}
	if lines, err = s.veiled(lines, nil); err != nil {
		return Receipt{}, err
	}
	if err := s.journal(p.stream(), lines); err != nil {
		return r, err
	}
	s.count(p.Kind, r)
	return r, nil
}

// reading returns what reads the records of a hook.
func reading(format string) (func(export.Input) iter.Seq2[*alert.Alert, error], error) {
	if member, ok := carried(format); ok {
		return func(in export.Input) iter.Seq2[*alert.Alert, error] { return unwrapped(in, member) }, nil
	}
	read, ok := ingest.AlertFormat(format)
	if !ok {
		return nil, fault.New(fault.NotFound, "there is no address for alerts of %q", format).Next("use one of: %v", Hooks())
	}
	return read, nil
}

// unwrapped reads the records that events carry in one member: those of a product that is
// told by its content, or Candor's own, which take time and host from the event where they
// have none.
func unwrapped(in export.Input, member string) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		var inner []byte
		err := export.Records(in, false, func(r *export.Record) bool {
			r.Unfold(member) // senders of lines write the record as a text
			events := r.Objects(member)
			if len(events) != 1 {
				r.Fail(member, "", "is no record of an alert")
				return true
			}
			event := slices.Clone(events[0])
			for own, outer := range map[string][]string{"time": {"time"}, "entity": {"host", "subject"}, "source": {"source"}} {
				if v := r.Text(outer...); v != "" && event.Text(own) == "" && event.Text("rule_id") != "" {
					event.Set(own, export.TextValue(v))
				}
			}
			if event.Text("id") == "" && event.Text("rule_id") != "" && r.Text("id") != "" {
				event.Set("id", export.TextValue(r.Text("id")))
			}
			line, err := json.Marshal(event.Plain())
			if err != nil {
				r.Fail(member, "", "is no record of an alert")
				return true
			}
			inner = append(append(inner, line...), '\n')
			return true
		})
		if err != nil {
			yield(nil, err)
			return
		}
		name, read := ingest.ToldAlerts(inner)
		if name == "" {
			yield(nil, fault.New(fault.Invalid, "the events carry no alerts that are known").Next("send records of one of %v", slices.Concat([]string{"candor"}, ingest.AlertFormats())))
			return
		}
		in.Text = bytes.NewReader(inner)
		for a, err := range read(in) {
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}
