package ingest

import (
	"bytes"
	"io"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/review"
	sentinelalert "candor/internal/alert/sentinel"
	"candor/internal/alert/thehive"
	"candor/internal/attack"
	"candor/internal/attack/rename"
	"candor/internal/evidence"
	"candor/internal/runbook"
	"candor/internal/runbook/tuning"
	"candor/internal/signal"
	"candor/internal/signal/intel"
	sigtab "candor/internal/signal/tabular"
)

// decodeFiles reads files of a kind whose formats put their records themselves.
func decodeFiles(b *batch, files []file) error {
	list := formatsOf(b.Kind)
	for _, f := range files {
		chosen := choose(list, b.forced, f.data, f.name)
		if who, is := strange(list, &chosen, f.data); is && b.forced == "" {
			return who.fault(f.shown)
		}
		b.format(chosen.Name)
		if err := chosen.put(b, f); err != nil {
			return err
		}
	}
	return nil
}

// subject is what a record is about, and when.
type subject struct {
	kind, key string
	at        time.Time
}

// reader makes of a decoder what reads a file into a batch; of names the subject of
// each record.
func reader[T any](decode func(f file) (evidence.Decoded[T], error), of func(*T) subject) func(*batch, file) error {
	return func(b *batch, f file) error {
		d, err := decode(f)
		if err != nil {
			return err
		}
		b.notes(file{name: f.shown, shown: f.shown}, d.Rejects, d.Warnings)
		for i := range d.Records {
			s := of(&d.Records[i])
			b.span(s.at)
			if err := b.put(s.kind, s.key, d.Records[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

// streamed makes a decoder of files of one that reads.
func streamed[T any](decode func(file string, r io.Reader) (evidence.Decoded[T], error)) func(file) (evidence.Decoded[T], error) {
	return func(f file) (evidence.Decoded[T], error) { return decode(f.shown, f.text()) }
}

// cases makes a reader of cases of a decoder.
func cases(decode func(file string, r io.Reader) (evidence.Decoded[alert.Case], error)) func(*batch, file) error {
	return reader(streamed(decode), func(c *alert.Case) subject { return subject{evidence.RecordCase, c.ID, c.When()} })
}

// incidents reads cases from a table that has a row for every change, so that it
// is no slip when it speaks of one more than once.
func incidents(b *batch, f file) error {
	b.changes = true
	return cases(review.Sentinel)(b, f)
}

// signals reads signals. JSON Lines that are named as such are read as nothing
// else, so that what one line says moves no other.
func signals(b *batch, f file) error {
	decode := sigtab.Decode
	if b.forced == ownJSONL {
		decode = sigtab.DecodeLines
	}
	read := reader(streamed(decode), func(s *signal.Signal) subject { return subject{evidence.RecordSignal, s.ID, s.Time} })
	return read(b, f)
}

// shared makes a reader of signals of a decoder of what others share.
func shared(decode func(file string, r io.Reader) (evidence.Decoded[signal.Signal], error)) func(*batch, file) error {
	return reader(streamed(decode), func(s *signal.Signal) subject { return subject{evidence.RecordSignal, s.ID, s.Time} })
}

// tunings makes a reader of tuning records of a decoder.
func tunings(decode func(file string, data []byte) (evidence.Decoded[runbook.Tuning], error)) func(*batch, file) error {
	return reader(func(f file) (evidence.Decoded[runbook.Tuning], error) { return decode(f.shown, f.data) },
		func(t *runbook.Tuning) subject { return subject{evidence.RecordTuning, t.Key(), t.Date.Time()} })
}

func reviewFormats() []format {
	return []format{
		{Format: Format{"cases", sentinelalert.Format, "Microsoft Sentinel SecurityIncident, JSON or CSV, as cases", "candor evidence add cases incidents.json"},
			sniff: sentinelalert.SniffIncidents, put: incidents},
		{Format: Format{"cases", thehive.Format, "TheHive cases, JSON", "candor evidence add cases cases.json"},
			sniff: review.SniffHive, put: cases(review.Hive)},
		{Format: Format{"cases", "elastic", "Elastic Security cases, JSON; their class from their tags", "candor evidence add cases cases.json"},
			sniff: review.SniffElastic, put: cases(review.Elastic)},
		{Format: Format{"cases", ownJSONL, "Candor JSON Lines: the names of the CSV; lists may be lists", "candor evidence add cases cases.jsonl"},
			sniff: isJSON, alone: review.Sniff, put: cases(review.Decode)},
		{Format: Format{"cases", ownCSV, "Candor CSV: case_id,title,occurred,opened,closed,classification,found_by,...", "candor evidence add cases cases.csv"},
			rest: true, alone: review.Sniff, put: cases(review.Decode)},
		{Format: Format{"signals", intel.MISP, "MISP events, JSON: a signal for each attribute that is meant for detection", "candor evidence add signals event.json"},
			sniff: intel.SniffMISP, put: shared(intel.DecodeMISP)},
		{Format: Format{"signals", intel.STIX, "STIX 2 indicators, JSON", "candor evidence add signals indicators.json"},
			sniff: intel.SniffSTIX, put: shared(intel.DecodeSTIX)},
		{Format: Format{"signals", intel.OCSF, "OCSF OSINT Inventory Info, or findings that are to be no alerts, JSON", "candor evidence add signals osint.json"},
			sniff: intel.SniffOCSF, alone: intel.SniffOSINT, put: shared(intel.DecodeOCSF)},
		{Format: Format{"signals", intel.Indicators, "CSV of indicators: indicator (or ioc, value), type, first_seen, ...", "candor evidence add signals indicators.csv"},
			sniff: intel.SniffIndicators, put: shared(intel.DecodeIndicators)},
		{Format: Format{"signals", ownJSONL, "Candor JSON Lines: the names of the CSV", "candor evidence add signals signals.jsonl"},
			sniff: isJSON, alone: sigtab.Sniff, put: signals},
		{Format: Format{"signals", ownCSV, "Candor CSV: id,time,entity,name,site,source,techniques,...", "candor evidence add signals signals.csv"},
			rest: true, alone: sigtab.Sniff, put: signals},
		{Format: Format{"tuning", ownYAML, "YAML list of analytic, element, value, baseline, rule_id, date, ...", "candor evidence add tuning tuning.yaml"},
			sniff: tuning.SniffYAML, alone: isTuning, put: tunings(tuning.DecodeYAML)},
		{Format: Format{"tuning", ownJSONL, "Candor JSON Lines: the names of the CSV", "candor evidence add tuning tuning.jsonl"},
			sniff: isJSON, alone: tuning.Sniff, put: tunings(tuning.Decode)},
		{Format: Format{"tuning", ownCSV, "Candor CSV: analytic,element,value,baseline,rule_id,date,approved_by,notes", "candor evidence add tuning tuning.csv"},
			rest: true, alone: tuning.Sniff, put: tunings(tuning.Decode)},
		{Format: Format{"renames", ownJSONL, "Candor JSON Lines: the names of the CSV", "candor evidence add renames renames.jsonl"},
			sniff: isJSON, alone: rename.Sniff, put: renames()},
		{Format: Format{"renames", ownCSV, "CSV: old,new[,domain,by,notes], ATT&CK IDs of techniques or analytics", "candor evidence add renames renames.csv"},
			rest: true, alone: rename.Sniff, put: renames()},
	}
}

// renames reads mappings of ATT&CK IDs.
func renames() func(*batch, file) error {
	return reader(func(f file) (evidence.Decoded[attack.Rename], error) { return rename.Decode(f.shown, f.data) },
		func(r *attack.Rename) subject { return subject{kind: evidence.RecordRename, key: r.Key()} })
}

// isJSON reports whether a file is JSON, if it is not delimited text.
func isJSON(head []byte, _ string) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	return bytes.HasPrefix(head, []byte("{")) || bytes.HasPrefix(head, []byte("["))
}

// isTuning reports whether a list in YAML is one of tuning records.
func isTuning(head []byte, name string) bool {
	return tuning.SniffYAML(head, name) && bytes.Contains(head, []byte("element:"))
}
