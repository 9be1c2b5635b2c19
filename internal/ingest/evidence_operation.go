package ingest

import (
	"io"

	"candor/internal/detection"
	"candor/internal/detection/runlog"
	"candor/internal/evidence"
	"candor/internal/store"
)

// operationFormats are those of what is known of rules in operation. They stand before
// those of alerts, which share names with them.
func operationFormats() []format {
	return []format{
		{Format: Format{"runs", runlog.ElasticFormat, "Elastic Security's rule execution log (.kibana-event-log), JSON, or a report of Kibana, CSV", "candor evidence add runs event-log.ndjson.gz"},
			sniff: runlog.SniffElastic, put: runs(runlog.Elastic)},
		{Format: Format{"runs", runlog.SentinelFormat, "Microsoft Sentinel SentinelHealth, JSON or CSV", "candor evidence add runs SentinelHealth.csv"},
			sniff: runlog.SniffSentinel, put: runs(runlog.Sentinel)},
		{Format: Format{"runs", ownJSONL, "Candor JSON Lines: the names of the CSV", "candor evidence add runs runs.jsonl"},
			sniff: isJSON, alone: runlog.Sniff, put: ownRuns},
		{Format: Format{"runs", ownCSV, "Candor CSV: rule_id,start,end,status,executions,events,gap_seconds,source,site,...", "candor evidence add runs runs.csv"},
			rest: true, alone: runlog.Sniff, put: runs(runlog.Decode)},
	}
}

// runs makes a reader of runs of a decoder.
func runs(decode func(file string, r io.Reader) (evidence.Decoded[detection.Run], error)) func(*batch, file) error {
	return reader(streamed(decode), func(r *detection.Run) subject { return subject{store.KindRun, r.Key(), r.End} })
}

// ownRuns reads Candor's JSON. JSON Lines that are named as such are read as nothing
// else, so that what one line says moves no other.
func ownRuns(b *batch, f file) error {
	if b.forced == ownJSONL {
		return runs(runlog.DecodeLines)(b, f)
	}
	return runs(runlog.Decode)(b, f)
}
