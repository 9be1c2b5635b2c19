package ingest

import (
	"io"
	"time"

	"candor/internal/detection"
	"candor/internal/detection/exempt"
	"candor/internal/detection/runlog"
	"candor/internal/evidence"
	"candor/internal/telemetry"
	"candor/internal/telemetry/feed"
)

// operationFormats are those of what is known of rules in operation. They stand before
// those of alerts, which share names with them.
func operationFormats() []format {
	return []format{
		{Format: Format{"runs", runlog.ElasticFormat, "Elastic Security's rule execution log (.kibana-event-log), JSON, or a report of Kibana, CSV", "candor evidence add runs event-log.ndjson.gz"},
			sniff: runlog.SniffElastic, put: runs(runlog.Elastic)},
		{Format: Format{"runs", runlog.SentinelFormat, "Microsoft Sentinel SentinelHealth, JSON or CSV", "candor evidence add runs SentinelHealth.csv"},
			sniff: runlog.SniffSentinel, put: runs(runlog.Sentinel)},
		{Format: Format{"runs", runlog.SplunkFormat, "Splunk's scheduler.log, or a search of the sourcetype scheduler, CSV or JSON", "candor evidence add runs scheduler.log"},
			sniff: runlog.SniffSplunk, put: runs(runlog.Splunk)},
		{Format: Format{"runs", ownJSONL, "Candor JSON Lines: the names of the CSV", "candor evidence add runs runs.jsonl"},
			sniff: isJSON, alone: runlog.Sniff, put: ownOf(runs(runlog.Decode), runs(runlog.DecodeLines))},
		{Format: Format{"runs", ownCSV, "Candor CSV: rule_id,start,end,status,executions,events,gap_seconds,source,site,...", "candor evidence add runs runs.csv"},
			rest: true, alone: runlog.Sniff, put: runs(runlog.Decode)},
		{Format: Format{"exceptions", exempt.ElasticFormat, "Elastic Security's exception lists, JSON Lines as Kibana exports them", "candor evidence add exceptions --complete elastic exceptions.ndjson"},
			sniff: exempt.SniffElastic, alone: exempt.ListsAlone, put: exceptions(exempt.Elastic)},
		{Format: Format{"exceptions", exempt.SentinelFormat, "Microsoft Sentinel's automation rules that close incidents, JSON", "candor evidence add exceptions --complete sentinel automation.json"},
			sniff: exempt.SniffSentinel, put: exceptions(exempt.Sentinel)},
		{Format: Format{"exceptions", exempt.SplunkFormat, "Splunk Enterprise Security's suppressions of notable events, eventtypes.conf", "candor evidence add exceptions --complete splunk eventtypes.conf"},
			sniff: exempt.SniffSplunk, put: exceptions(exempt.Splunk)},
		{Format: Format{"exceptions", ownJSONL, "Candor JSON Lines: the names of the CSV", "candor evidence add exceptions exceptions.jsonl"},
			sniff: isJSON, alone: exempt.Sniff, put: ownOf(exceptions(exempt.Decode), exceptions(exempt.DecodeLines))},
		{Format: Format{"exceptions", ownCSV, "Candor CSV: rule_id,condition,reason,owner,expires,...", "candor evidence add exceptions exceptions.csv"},
			rest: true, alone: exempt.Sniff, put: exceptions(exempt.Decode)},
		{Format: Format{"fields", ownJSONL, "Candor JSON Lines: the names of the CSV", "candor evidence add fields fields.jsonl"},
			sniff: isJSON, alone: feed.SniffFields, put: ownOf(shares(feed.DecodeFields), shares(feed.DecodeFieldLines))},
		{Format: Format{"fields", ownCSV, "Candor CSV: source,channel,field,share[,date,events,site]", "candor evidence add fields fields.csv"},
			rest: true, alone: feed.SniffFields, put: shares(feed.DecodeFields)},
	}
}

// exceptions makes a reader of exceptions of a decoder.
func exceptions(decode func(file string, r io.Reader) (evidence.Decoded[detection.Exception], error)) func(*batch, file) error {
	return reader(streamed(decode), func(e *detection.Exception) subject { return subject{evidence.RecordException, e.Key(), time.Time{}} })
}

// shares makes a reader of what share of events carry fields.
func shares(decode func(file string, r io.Reader) (evidence.Decoded[telemetry.FieldShare], error)) func(*batch, file) error {
	return reader(streamed(decode), func(s *telemetry.FieldShare) subject {
		var at time.Time
		if s.Day != "" {
			at = s.Day.Time()
		}
		return subject{evidence.RecordField, s.Key(), at}
	})
}

// runs makes a reader of runs of a decoder.
func runs(decode func(file string, r io.Reader) (evidence.Decoded[detection.Run], error)) func(*batch, file) error {
	return reader(streamed(decode), func(r *detection.Run) subject { return subject{evidence.RecordRun, r.Key(), r.End} })
}

// ownOf reads Candor's JSON. JSON Lines that are named as such are read as nothing
// else, so that what one line says moves no other.
func ownOf(whole, lines func(*batch, file) error) func(*batch, file) error {
	return func(b *batch, f file) error {
		if b.forced == ownJSONL {
			return lines(b, f)
		}
		return whole(b, f)
	}
}
