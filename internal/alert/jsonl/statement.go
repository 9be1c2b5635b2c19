package jsonl

import (
	"cmp"
	"io"
	"iter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/alert"
)

// statement is what is said of a known alert as a line writes it.
type statement struct {
	ID              string `json:"id"`
	AlertID         string `json:"alert_id"`
	Source          string `json:"source"`
	Site            string `json:"site"`
	Disposition     string `json:"disposition"`
	DispositionTime string `json:"disposition_time"`
	DispositionBy   string `json:"disposition_by"`
	Provenance      string `json:"provenance"`
	CaseID          string `json:"case_id"`
	Reading         string `json:"reading"`
	DuplicateOf     string `json:"duplicate_of"`

	Unknown map[string]jsontext.Value `json:",embed"`
}

// Statements reads dispositions of alerts that are known: an object on each line
// with id (or alert_id), disposition, disposition_time, and, as far as they are
// known, disposition_by, provenance, case_id, reading, duplicate_of, and source and site,
// which tell an alert from others that have its id. Other keys are passed over with
// a warning. They come as partial alerts, in the order of the file. An error is
// the reader's own and ends the sequence.
func Statements(in Input) iter.Seq2[alert.Placed, error] {
	return func(yield func(alert.Placed, error) bool) {
		r := newReader(in)
		warned := map[string]bool{}
		for {
			a, err := r.next(func(data []byte) *alert.Alert { return r.statement(data, warned) })
			if err == io.EOF || !yield(alert.Placed{Alert: a, Line: r.n}, err) || err != nil {
				return
			}
		}
	}
}

func (r *reader) statement(data []byte, warned map[string]bool) *alert.Alert {
	var s statement
	if err := json.Unmarshal(data, &s); err != nil {
		r.broken(err)
		return nil
	}
	if s.ID != "" && s.AlertID != "" && s.ID != s.AlertID {
		r.fail("alert_id", s.AlertID, "differs from id, and both name the alert")
		return nil
	}
	a := r.check.Statement(&alert.Draft{
		ID: cmp.Or(s.ID, s.AlertID), Source: s.Source, Site: s.Site, CaseID: s.CaseID, Disposition: s.Disposition, DispositionTime: s.DispositionTime,
		DispositionBy: s.DispositionBy, Provenance: s.Provenance, Word: s.Disposition,
		Reading: s.Reading, DuplicateOf: s.DuplicateOf,
	})
	for key := range s.Unknown {
		if !warned[key] && len(warned) < maxWarned {
			warned[key] = true
			r.in.Warn("key " + key + " is not known and was passed over")
		}
	}
	return a
}

// maxWarned bounds the keys that are warned of.
const maxWarned = 20
