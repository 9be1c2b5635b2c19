package ingest

import (
	"bytes"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/alert/bulk"
	defenderalert "candor/internal/alert/defender"
	elasticalert "candor/internal/alert/elastic"
	"candor/internal/alert/export"
	"candor/internal/alert/jsonl"
	"candor/internal/alert/ocsf"
	"candor/internal/alert/parquet"
	"candor/internal/alert/product"
	sentinelalert "candor/internal/alert/sentinel"
	splunkalert "candor/internal/alert/splunk"
	"candor/internal/alert/tabular"
	"candor/internal/alert/thehive"
	"candor/internal/decode"
	"candor/internal/detection"
	elasticrule "candor/internal/detection/elastic"
	"candor/internal/detection/layer"
	"candor/internal/detection/rulecsv"
	sentinelrule "candor/internal/detection/sentinel"
	"candor/internal/detection/sigma"
	splunkrule "candor/internal/detection/splunk"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/exercise/away"
	"candor/internal/exercise/run"
	extab "candor/internal/exercise/tabular"
	"candor/internal/exercise/vectr"
	"candor/internal/telemetry"
	"candor/internal/telemetry/dettect"
	"candor/internal/telemetry/feed"
	"candor/internal/telemetry/sensor"
	"candor/internal/telemetry/sensormap"
	"candor/internal/telemetry/volume"
)

// Format is one of the formats that evidence may come in.
type Format struct {
	// Kind is the kind of evidence, and Name what a request calls the format.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Description says for people what it is, and Example how it is added.
	Description string `json:"description"`
	Example     string `json:"example"`
}

// format is a format with how its files are told and read. Of the readers one is
// set, that of its kind.
type format struct {
	Format
	// sniff tells the format from the head of a file; it may be nil.
	sniff func(head []byte, name string) bool
	// alone tells the format among those of every kind, where sniff takes too much
	// for that; it may be nil.
	alone func(head []byte, name string) bool
	// rest says that a file of the kind is taken for it that is none of the others.
	rest bool

	put       func(b *batch, f file) error
	feeds     func(file string, r io.Reader) (evidence.Decoded[telemetry.Observation], error)
	rules     func(f file) rules
	exercises func(file string, r io.Reader) (evidence.Decoded[exercise.Exercise], error)
	alerts    func(export.Input) iter.Seq2[*alert.Alert, error]
	// statements reads dispositions.
	statements func(export.Input) iter.Seq2[alert.Placed, error]
}

// Names of the formats that are Candor's own.
const (
	ownYAML    = "candor-yaml"
	ownCSV     = "candor-csv"
	ownJSONL   = "candor-jsonl"
	ownJSON    = "candor-json"
	mappedCSV  = "mapped-csv"
	mappedJSON = "mapped-json"
	markdown   = "markdown"
)

// Formats lists the formats of every kind, in the order in which a file is held
// against them.
func Formats() []Format {
	var out []Format
	for _, f := range formats() {
		out = append(out, f.Format)
	}
	return out
}

func formats() []format {
	return slices.Concat(telemetryFormats(), ruleFormats(), operationFormats(), alertFormats(), dispositionFormats(), exerciseFormats(), reviewFormats(), mappedFormats(), []format{
		{Format: Format{"runbooks", markdown, "Markdown with front matter: applies_to, owner, reviewed", "candor evidence add runbooks runbooks/"}, rest: true, alone: isRunbook},
	})
}

func telemetryFormats() []format {
	return []format{
		{Format: Format{"telemetry", dettect.Format, "DeTT&CT data source administration, YAML", "candor evidence add telemetry data-sources.yaml"},
			sniff: dettect.Sniff, alone: isSources, put: (*batch).dettect},
		{Format: Format{"telemetry", sensor.Sysmon, "Sysmon configuration, XML: the events that it records", "candor evidence add telemetry sysmonconfig.xml"},
			sniff: sensor.SniffSysmon, put: declarations(sensor.DecodeSysmon)},
		{Format: Format{"telemetry", sensor.Auditpol, "Windows audit policy, CSV of auditpol /get /category:* /r or auditpol /backup", "candor evidence add telemetry auditpol.csv"},
			sniff: sensor.SniffAuditpol, put: declarations(sensor.DecodeAuditpol)},
		{Format: Format{"telemetry", sensor.Auditd, "Linux audit rules, as augenrules and auditctl take them", "candor evidence add telemetry audit.rules"},
			sniff: sensor.SniffAuditd, put: declarations(sensor.DecodeAuditd)},
		{Format: Format{"telemetry", sensormap.CTID, "Sensor mapping of the Center for Threat-Informed Defense, CSV", "candor evidence add telemetry Sysmon-sensors-mappings-enterprise.csv"},
			sniff: sensormap.SniffCTID, put: declarations(sensormap.DecodeCTID)},
		{Format: Format{"telemetry", sensormap.EDR, "Table of the EDR Telemetry project, JSON, as one product (--product)", "candor evidence add telemetry --product CrowdStrike EDR_telem_windows.json"},
			sniff: sensormap.SniffEDR, put: products},
		{Format: Format{"telemetry", sensor.Osquery, "osquery pack or configuration, JSON: the tables that are asked on schedule", "candor evidence add telemetry pack.conf"},
			sniff: sensor.SniffOsquery, put: declarations(sensor.DecodeOsquery)},
		{Format: Format{"telemetry", sensor.Channels, "Windows event channels: Get-WinEvent -ListLog * | Export-Csv, or one channel a line", "candor evidence add telemetry channels.csv"},
			sniff: sensor.SniffChannels, put: declarations(sensor.DecodeChannels)},
		{Format: Format{"telemetry", ownYAML, "Candor telemetry inventory, YAML: scope, log sources, external sources", "candor evidence add telemetry telemetry.yaml"},
			rest: true, alone: isInventory, put: (*batch).inventory},
		{Format: Format{"feeds", volume.Splunk, "Splunk, counts by source type and day: | tstats count dc(host) as hosts where index=* by _time span=1d sourcetype source", "candor evidence add feeds tstats.csv"},
			sniff: volume.SniffSplunk, alone: volume.SniffSplunk, feeds: volume.DecodeSplunk},
		{Format: Format{"feeds", volume.Sentinel, "Microsoft Sentinel, Usage, or counts by table and day, CSV or JSON", "candor evidence add feeds usage.csv"},
			sniff: volume.SniffSentinel, alone: volume.SniffSentinel, feeds: volume.DecodeSentinel},
		{Format: Format{"feeds", volume.Elastic, "Elastic, _data_stream/_stats, _cat/indices?format=json, or counts by index and day", "candor evidence add feeds stats.json"},
			sniff: volume.SniffElastic, alone: volume.SniffElastic, feeds: volume.DecodeElastic},
		{Format: Format{"feeds", ownJSONL, "Candor JSON Lines of measured arrivals: date, source, channel, events, hosts, site", "candor evidence add feeds feeds.jsonl"},
			sniff: isObject, alone: isArrivals, feeds: feed.DecodeLines},
		{Format: Format{"feeds", ownCSV, "Candor CSV of measured arrivals: date,source,channel,events,hosts[,site]", "candor evidence add feeds feeds.csv"},
			rest: true, alone: hasColumns("date", "source", "events"), feeds: feed.Decode},
	}
}

// named makes a reader of rules of a decoder that reads one file by its name.
func named(format string, decode func(name string, data []byte) evidence.Decoded[detection.Rule]) func(file) rules {
	return func(f file) rules { return rules{Decoded: decode(f.name, f.data), format: format} }
}

func ruleFormats() []format {
	return []format{
		{Format: Format{"rules", rulecsv.Format, "Candor CSV: rule_id,name,enabled,techniques,analytics,log_sources,owner", "candor evidence add rules rules.csv"},
			sniff: isRuleCSV, alone: hasColumns("rule_id", "enabled"), rules: readRuleCSV},
		{Format: Format{"rules", elasticrule.Format, "Elastic detection rules, TOML, or JSON Lines as Kibana exports them", "candor evidence add rules detection-rules.tar.gz"},
			sniff: elasticrule.Sniff, rules: named(elasticrule.Format, elasticrule.Decode)},
		{Format: Format{"rules", sentinelrule.Format, "Microsoft Sentinel analytics rules, YAML; deployed rules, JSON", "candor evidence add rules Detections/"},
			sniff: sentinelrule.Sniff, rules: named(sentinelrule.Format, sentinelrule.Decode)},
		{Format: Format{"rules", splunkrule.Format, "Splunk security content, YAML; a search head's searches, savedsearches.conf", "candor evidence add rules detections/"},
			sniff: splunkrule.Sniff, rules: named(splunkrule.Format, splunkrule.Decode)},
		{Format: Format{"rules", layer.Format, "ATT&CK Navigator layer, JSON: scored techniques as claims without rules", "candor evidence add rules layer.json"},
			sniff: layer.Sniff, rules: named(layer.Format, layer.Decode)},
		{Format: Format{"rules", dettect.Format, "DeTT&CT technique administration, YAML: detection scores as claims", "candor evidence add rules techniques.yaml"},
			sniff: dettect.Sniff, rules: readTechniques},
		{Format: Format{"rules", sigma.Format, "Sigma rules, YAML: a file, a folder or a tar archive", "candor evidence add rules sigma-rules.tar.gz"},
			rest: true, alone: isSigma, rules: named(sigma.Format, sigma.Decode)},
	}
}

func alertFormats() []format {
	list := knownAlertFormats()
	at := slices.IndexFunc(list, func(f format) bool { return f.Name == sentinelalert.Format })
	var products []format
	for _, p := range product.Products() {
		products = append(products, format{Format: Format{evidence.Alerts, p.Format, p.Description, "candor evidence add alerts " + p.Example}, sniff: p.Sniff, alerts: p.Alerts})
	}
	return slices.Insert(list, at, products...)
}

func knownAlertFormats() []format {
	return []format{
		{Format: Format{"alerts", mappedCSV, "CSV whose columns a mapping file names", "candor evidence add alerts --mapping mapping.yaml alerts.csv.gz"}},
		{Format: Format{"alerts", mappedJSON, "JSON or JSON Lines whose paths a mapping file names", "candor evidence add alerts --mapping mapping.yaml alerts.ndjson.gz"}},
		{Format: Format{"alerts", ownCSV, "Candor CSV: id,rule_id,time and more", "candor evidence add alerts alerts.csv"},
			sniff: isOwnCSV, alerts: readOwnCSV},
		{Format: Format{"alerts", ownJSONL, "Candor JSON Lines: id, rule_id, time and more", "candor evidence add alerts alerts.jsonl.gz"},
			rest: true, sniff: isOwnJSONL, alerts: readOwnJSONL},
		{Format: Format{"alerts", ocsf.Format, "OCSF Detection, Incident and Security Finding, JSON", "candor evidence add alerts findings.json"},
			sniff: ocsf.Sniff, alerts: ocsf.Alerts},
		{Format: Format{"alerts", elasticalert.Format, "Elastic Security alerts, JSON, or a report of Kibana, CSV", "candor evidence add alerts alerts.ndjson.gz"},
			sniff: elasticalert.Sniff, alerts: elasticalert.Alerts},
		{Format: Format{"alerts", sentinelalert.Format, "Microsoft Sentinel SecurityIncident or SecurityAlert, JSON or CSV", "candor evidence add alerts incidents.json"},
			sniff: sentinelalert.Sniff, alone: sentinelalert.NamesRules, alerts: sentinelalert.Alerts},
		{Format: Format{"alerts", defenderalert.Format, "Microsoft Defender alerts, or incidents with theirs, JSON", "candor evidence add alerts alerts.json"},
			sniff: defenderalert.Sniff, alerts: defenderalert.Alerts},
		{Format: Format{"alerts", splunkalert.Format, "Splunk Enterprise Security notable events or findings, JSON or CSV", "candor evidence add alerts notables.csv"},
			sniff: splunkalert.Sniff, alerts: splunkalert.Alerts},
		{Format: Format{"alerts", thehive.Format, "TheHive alerts, JSON", "candor evidence add alerts alerts.json"},
			sniff: thehive.Sniff, alerts: thehive.Alerts},
		{Format: Format{"alerts", ownJSON, "Candor JSON: a list of records, or one under a key such as value, alerts or data", "candor evidence add alerts alerts.json"},
			sniff: isOwnList, alerts: readOwnList},
		{Format: Format{"alerts", parquet.Format, "Parquet with Candor's columns; fields as a map, JSON text or columns", "candor evidence add alerts alerts.parquet"},
			sniff: isParquet},
	}
}

func dispositionFormats() []format {
	return []format{
		{Format: Format{evidence.Dispositions, ownJSONL, "Candor JSON Lines about known alerts: the keys of the CSV", "candor evidence add dispositions dispositions.jsonl"},
			sniff: isObject, alone: saysDispositions, statements: func(in export.Input) iter.Seq2[alert.Placed, error] { return jsonl.Statements(jsonl.Input(in)) }},
		{Format: Format{evidence.Dispositions, ownCSV, "Candor CSV about known alerts: id,disposition,disposition_time[,disposition_by,provenance,case_id,reading,duplicate_of,source,site]", "candor evidence add dispositions dispositions.csv"},
			rest: true, alone: hasColumns("disposition", "disposition_time"), statements: func(in export.Input) iter.Seq2[alert.Placed, error] { return tabular.Statements(tabular.Input(in)) }},
	}
}

func exerciseFormats() []format {
	return []format{
		{Format: Format{"exercises", vectr.Format, "VECTR CSV", "candor evidence add exercises vectr.csv"},
			sniff: vectr.Sniff, exercises: vectr.Decode},
		{Format: Format{evidence.Exercises, away.Backtest, "Report of rsigma rule backtest, JSON: replays, which say that a rule fires on recorded events and pass nothing", "candor evidence add exercises backtest.json"},
			sniff: away.SniffBacktest, exercises: away.DecodeBacktest},
		{Format: Format{evidence.Exercises, away.Regression, "Regression data of Sigma rules (info.yml, or a folder of them): replays, as above", "candor evidence add exercises sigma/regression_data"},
			sniff: away.SniffRegression, exercises: away.DecodeRegression},
		{Format: Format{evidence.Exercises, away.MITRE, "Results of a participant of MITRE's ATT&CK Evaluations, JSON: what a product did elsewhere, which counts for nothing here", "candor evidence add exercises results.json"},
			sniff: away.SniffMITRE, exercises: away.DecodeMITRE},
		{Format: Format{"exercises", run.Atomic, "Log of Invoke-AtomicRedTeam, CSV or JSON: they ran, and what came of them is found in the alerts", "candor evidence add exercises Invoke-AtomicTest-ExecutionLog.csv"},
			sniff: run.SniffAtomic, exercises: run.DecodeAtomic},
		{Format: Format{"exercises", run.ATTiRe, "ATTiRe, JSON, as Invoke-AtomicRedTeam and others write it", "candor evidence add exercises attire.json"},
			sniff: run.SniffATTiRe, exercises: run.DecodeATTiRe},
		{Format: Format{"exercises", run.Caldera, "Caldera, report or event log of an operation, JSON", "candor evidence add exercises caldera-report.json"},
			sniff: run.SniffCaldera, exercises: run.DecodeCaldera},
		{Format: Format{"exercises", run.OpenAEV, "OpenAEV (OpenBAS) injects, JSON", "candor evidence add exercises injects.json"},
			sniff: run.SniffOpenAEV, exercises: run.DecodeOpenAEV},
		{Format: Format{"exercises", ownCSV, "Candor CSV: technique,analytic,test,time,outcome,rule_id,notes[,platform,host,site]", "candor evidence add exercises exercises.csv"},
			rest: true, alone: hasColumns("test", "outcome"), exercises: extab.Decode},
	}
}

// formatsOf lists the formats of a kind.
func formatsOf(kind string) []format {
	return slices.DeleteFunc(formats(), func(f format) bool { return f.Kind != kind })
}

// headSize is how much of a file its format is told by, in bytes.
const headSize = 1 << 15

// choose returns the format that a request forces, else the first that knows the
// head, else the one that takes what is left.
func choose(list []format, forced string, head []byte, name string) format {
	head = head[:min(len(head), headSize)]
	for _, f := range list {
		if forced == f.Name || forced == "" && f.sniff != nil && f.sniff(head, name) {
			return f
		}
	}
	return list[slices.IndexFunc(list, func(f format) bool { return f.rest })]
}

// isRuleCSV reports whether a file is Candor's CSV: by its ending, else because
// its first line names the column rule_id.
func isRuleCSV(head []byte, name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	switch {
	case strings.HasSuffix(name, ".csv"):
		return true
	case strings.HasSuffix(name, ".yml"), strings.HasSuffix(name, ".yaml"), strings.HasSuffix(name, ".toml"):
		return false
	}
	return slices.Contains(decode.Columns(head, ','), "rule_id")
}

func readRuleCSV(f file) rules {
	d, err := rulecsv.Decode(f.shown, bytes.NewReader(f.data))
	for i := range d.Warnings {
		d.Warnings[i] = f.name + strings.TrimPrefix(d.Warnings[i], f.shown)
	}
	for i := range d.Records {
		d.Records[i].Path = f.name
	}
	return rules{Decoded: d, format: rulecsv.Format, err: err}
}

func readTechniques(f file) rules {
	d, err := dettect.Rules(f.name, f.data)
	return rules{Decoded: d, format: dettect.Format, err: err}
}

// isObject reports whether a file begins with a JSON object.
func isObject(head []byte, _ string) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n"), []byte("{"))
}

// isArrivals reports whether the first line names what every measured arrival has.
func isArrivals(head []byte, _ string) bool {
	first, _, _ := bytes.Cut(head, []byte("\n"))
	return export.Has(first, "date", "source", "events")
}

func isParquet(head []byte, _ string) bool { return bytes.HasPrefix(head, []byte(parquet.Magic)) }

func isOwnCSV(head []byte, _ string) bool { return tabular.IsOwn(decode.Columns(head, ',')) }

// isOwnJSONL reports whether the first line names what every alert of Candor's
// has; other products' names may stand in its fields.
func isOwnJSONL(head []byte, name string) bool {
	if isOwnList(head, name) {
		return false
	}
	first, _, _ := bytes.Cut(head, []byte("\n"))
	return export.Has(first, "id", "rule_id", "time")
}

// underKey finds the beginning of a list of records under a key, behind members that are
// single values.
var underKey = regexp.MustCompile(`^\{(?:\s*"[^"]*"\s*:\s*(?:"[^"]*"|[-+.0-9eE]+|true|false|null)\s*,)*\s*"([^"]+)"\s*:\s*\[\s*[{\]]`)

// isOwnList reports whether a file is a list of Candor's own records, or has one under
// a key.
func isOwnList(head []byte, _ string) bool {
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff")))
	key := underKey.FindSubmatch(head)
	if !bytes.HasPrefix(head, []byte("[")) && (key == nil || !slices.Contains(tabular.OwnLists(), string(key[1]))) {
		return false
	}
	return export.Has(head, "id", "rule_id", "time")
}

func readOwnList(in export.Input) iter.Seq2[*alert.Alert, error] {
	return tabular.Objects(tabular.Input(in), tabular.Own())
}

func readOwnCSV(in export.Input) iter.Seq2[*alert.Alert, error] {
	return bulk.Rows(tabular.Input(in), tabular.Own())
}

func readOwnJSONL(in export.Input) iter.Seq2[*alert.Alert, error] {
	return bulk.Alerts(jsonl.Input(in))
}
