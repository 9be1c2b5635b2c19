package ingest

import (
	"bytes"
	"io"

	"candor/internal/alert"
	"candor/internal/alert/review"
	sentinelalert "candor/internal/alert/sentinel"
	"candor/internal/alert/thehive"
	"candor/internal/evidence"
	"candor/internal/runbook"
	"candor/internal/runbook/tuning"
	"candor/internal/signal"
	sigtab "candor/internal/signal/tabular"
	"candor/internal/store"
)

// decodeFiles reads files of a kind whose formats put their records themselves.
func decodeFiles(b *batch, files []file) error {
	list := formatsOf(b.Kind)
	for _, f := range files {
		chosen := choose(list, b.forced, f.data, f.name)
		b.format(chosen.Name)
		if err := chosen.put(b, f); err != nil {
			return err
		}
	}
	return nil
}

// cases makes a reader of cases of a decoder.
func cases(decode func(file string, r io.Reader) (evidence.Decoded[alert.Case], error)) func(*batch, file) error {
	return func(b *batch, f file) error {
		d, err := decode(f.shown, bytes.NewReader(f.data))
		if err != nil {
			return err
		}
		b.notes(file{name: f.shown, shown: f.shown}, d.Rejects, d.Warnings)
		for _, c := range d.Records {
			b.span(c.When())
			if err := b.put(store.KindCase, c.ID, c); err != nil {
				return err
			}
		}
		return nil
	}
}

// incidents reads cases from a table that has a row for every change, so that it
// is no slip when it speaks of one more than once.
func incidents(decode func(file string, r io.Reader) (evidence.Decoded[alert.Case], error)) func(*batch, file) error {
	read := cases(decode)
	return func(b *batch, f file) error {
		b.changes = true
		return read(b, f)
	}
}

// signals makes a reader of signals of a decoder.
func signals(decode func(file string, r io.Reader) (evidence.Decoded[signal.Signal], error)) func(*batch, file) error {
	return func(b *batch, f file) error {
		d, err := decode(f.shown, bytes.NewReader(f.data))
		if err != nil {
			return err
		}
		b.notes(file{name: f.shown, shown: f.shown}, d.Rejects, d.Warnings)
		for _, s := range d.Records {
			b.span(s.Time)
			if err := b.put(store.KindSignal, s.ID, s); err != nil {
				return err
			}
		}
		return nil
	}
}

// tunings makes a reader of tuning records of a decoder.
func tunings(decode func(file string, data []byte) (evidence.Decoded[runbook.Tuning], error)) func(*batch, file) error {
	return func(b *batch, f file) error {
		d, err := decode(f.shown, f.data)
		if err != nil {
			return err
		}
		b.notes(file{name: f.shown, shown: f.shown}, d.Rejects, d.Warnings)
		for _, t := range d.Records {
			b.span(t.Date.Time())
			if err := b.put(store.KindTuning, t.Key(), t); err != nil {
				return err
			}
		}
		return nil
	}
}

func reviewFormats() []format {
	return []format{
		{Format: Format{"cases", sentinelalert.Format, "Microsoft Sentinel SecurityIncident, JSON or CSV, as cases", "candor evidence add cases incidents.json"},
			sniff: sentinelalert.Sniff, put: incidents(review.Sentinel)},
		{Format: Format{"cases", thehive.Format, "TheHive 5 cases, JSON", "candor evidence add cases cases.json"},
			sniff: review.SniffHive, put: cases(review.Hive)},
		{Format: Format{"cases", ownCSV, "Candor CSV or JSON Lines: case_id,title,occurred,opened,closed,classification,found_by,...", "candor evidence add cases cases.csv"},
			rest: true, sniff: review.Sniff, put: cases(review.Decode)},
		{Format: Format{"signals", ownCSV, "Candor CSV or JSON Lines: id,time,entity,name,site,source,techniques,...", "candor evidence add signals signals.csv"},
			rest: true, sniff: sigtab.Sniff, put: signals(sigtab.Decode)},
		{Format: Format{"signals", ownJSONL, "Candor JSON Lines, one signal a line whatever a line looks like; only when named", "candor evidence add signals --format candor-jsonl signals.jsonl"},
			put: signals(sigtab.DecodeLines)},
		{Format: Format{"tuning", ownYAML, "YAML list of analytic, element, value, baseline, rule_id, date, ...", "candor evidence add tuning tuning.yaml"},
			sniff: tuning.SniffYAML, put: tunings(tuning.DecodeYAML)},
		{Format: Format{"tuning", ownCSV, "Candor CSV or JSON Lines: analytic,element,value,baseline,rule_id,date,approved_by,notes", "candor evidence add tuning tuning.csv"},
			rest: true, sniff: tuning.Sniff, put: tunings(tuning.Decode)},
	}
}
