package evidence

import "slices"

// The kinds of evidence, as batches name them: what a batch is of.
const (
	Telemetry    = "telemetry"
	Feeds        = "feeds"
	Rules        = "rules"
	Alerts       = "alerts"
	Dispositions = "dispositions"
	Exercises    = "exercises"
	Cases        = "cases"
	Signals      = "signals"
	Tuning       = "tuning"
	Runs         = "runs"
	Exceptions   = "exceptions"
	Fields       = "fields"
	Renames      = "renames"
	Decisions    = "decision"
	Runbooks     = "runbooks"
	Waivers      = "waiver"
	Ties         = "tie"
	Notes        = "note"
	Gaps         = "gap"
	Chains       = "chains"
	Profiles     = "profile"
)

// The kinds of record that batches hold, alerts and what is said of them apart.
const (
	RecordScope    = "scope"
	RecordSource   = "source"
	RecordExternal = "external"
	RecordFeed     = "feed"
	RecordRule     = "rule"
	RecordExercise = "exercise"
	RecordCase     = "case"
	RecordSignal   = "signal"
	RecordTuning   = "tuning"
	// RecordRun is a run of a rule by its product, RecordException a suppression of a
	// rule, and RecordField what share of a log source's events carry a field.
	RecordRun       = "run"
	RecordException = "exception"
	RecordField     = "field"
	RecordRename    = "rename"
	// RecordDecision is what a person decided of an ATT&CK ID that a release does not have.
	RecordDecision = "decision"
	RecordRunbook  = "runbook"
	RecordWaiver   = "waiver"
	// RecordTie is what a review said of whether an alert is part of an incident.
	RecordTie = "tie"
	// RecordNote is what a person wrote about an object, which is the key: its records are
	// entries in one history, and package take says which of them stand.
	RecordNote = "note"
	// RecordGap is what somebody stated of a gap; see package gap.
	RecordGap = "gap"
	// RecordChain is a file of definitions of chains, under its name.
	RecordChain = "chain"
	// RecordWorth is what the chains of a definition were worth when somebody measured it.
	RecordWorth = "worth"
	// RecordRuleText is the text of a rule as its file has it, byte for byte, under the
	// key of the rule. It stands beside a record: it is in the seal of its batch, and
	// neither counted nor read by a judgement.
	RecordRuleText = "rule_text"
	// RecordProfile is what somebody stated of a threat profile; see package profile.
	RecordProfile = "profile"
)

// Naming says what is done about names of persons and machines in records of a kind.
type Naming int

const (
	// Nameless records are of rules, sources and objects; a name in them is none of
	// somebody whom evidence is about.
	Nameless Naming = iota
	// Mentioning records may hold names, and keep them.
	Mentioning
	// Covered records have pseudonyms in the place of names where the policy asks.
	Covered
)

// Kind is all that the house has to know of a kind of evidence beside how it is decoded
// and what it means. Whoever treats kinds differently reads it here.
type Kind struct {
	// Name is what batches, commands, addresses and scopes call it.
	Name string
	// One is what one of its records is called.
	One string
	// Help says for people what it is and which files hold it; empty for what no file does.
	Help string
	// Files names its files, and Endings tell them in a folder; behind them .gz or .zst
	// may stand. Both are empty for what is made by commands and pages.
	Files   string
	Endings []string
	// Records are the kinds of record that its batches hold; none for alerts and what is
	// said of them, which the store of alerts keeps.
	Records []string
	// Sourced says that its records are of a source, whose whole an input may be.
	Sourced bool
	// Mapped says that a mapping file makes it of any table.
	Mapped bool
	// Pushed says that programs push it.
	Pushed bool
	// Flows says that it arrives for as long as what it is of works, so that its newest
	// record says how far the evidence goes.
	Flows bool
	// Naming is what its records hold of names.
	Naming Naming
	// Against ranks what its records may say against a verdict, so that nobody can leave it
	// out unsaid: 0 nothing, and of others the higher first.
	Against int
}

// Kinds lists every kind of evidence, in the order in which people are told of them. What
// is pushed becomes batches in that order, too: alerts before what is said of them.
func Kinds() []Kind {
	yaml, tables := []string{".yml", ".yaml"}, []string{".json", ".jsonl", ".ndjson", ".csv"}
	return []Kind{
		{Name: Telemetry, One: "record", Files: "telemetry files", Endings: slices.Concat(yaml, []string{".xml", ".csv", ".rules", ".json"}),
			Records: []string{RecordScope, RecordSource, RecordExternal}, Sourced: true, Mapped: true,
			Help: "log sources that you collect, and external sources with owner, provider, expiry and Admiralty rating (candor evidence template external); a DeTT&CT administration file; what a sensor records: Sysmon configuration, auditpol CSV, Linux audit rules, osquery packs, Windows channels, CTID sensor mappings, the EDR Telemetry table"},
		{Name: Feeds, One: "measured arrival", Files: "feed files", Endings: tables, Records: []string{RecordFeed}, Mapped: true, Pushed: true, Flows: true,
			Help: "CSV of measured arrivals: date,source,channel,events,hosts[,site, latency_median,latency_p95]; or counts by Splunk (tstats), Sentinel (Usage) and Elastic (indices)"},
		{Name: Rules, One: "rule", Files: "rule files", Endings: slices.Concat(yaml, []string{".toml", "savedsearches.conf"}), Records: []string{RecordRule}, Sourced: true, Mapped: true,
			Help: "Sigma, Elastic, Splunk or Sentinel rules: a folder, a file or a tar.gz; or Candor CSV"},
		{Name: Alerts, One: "alert", Files: "alert files", Endings: slices.Concat(tables, []string{".parquet", ".log"}), Mapped: true, Pushed: true, Flows: true, Naming: Covered, Against: 1,
			Help: "Candor JSON Lines or CSV, exports of OCSF, Elastic, Sentinel, Defender, Splunk ES and TheHive, Parquet with Candor's columns, or any CSV or JSON through --mapping FILE"},
		{Name: Dispositions, One: "disposition", Files: "disposition files", Endings: []string{".csv", ".jsonl", ".ndjson"}, Mapped: true, Pushed: true, Naming: Covered, Against: 1,
			Help: "Candor CSV or JSON Lines of statements about alerts that are known: id,disposition,disposition_time[,disposition_by, provenance,case_id,reading,duplicate_of,source,site]"},
		{Name: Exercises, One: "exercise", Files: "exercise files", Endings: slices.Concat(yaml, tables), Records: []string{RecordExercise}, Sourced: true, Mapped: true, Naming: Covered, Against: 2,
			Help: "what was tested, and what came of it: Candor CSV, or what VECTR, Invoke-AtomicRedTeam, ATTiRe, Caldera and OpenAEV write"},
		{Name: Cases, One: "case", Files: "files of cases", Endings: tables, Records: []string{RecordCase}, Mapped: true, Naming: Covered, Against: 3,
			Help: "incident reviews: Candor CSV or JSON Lines, Sentinel incidents, TheHive and Elastic cases; the alerts that a case lists take on its class"},
		{Name: Signals, One: "signal", Files: "files of signals", Endings: tables, Records: []string{RecordSignal}, Mapped: true, Pushed: true, Naming: Covered,
			Help: "weak or external observations of an entity: CSV or JSON Lines; indicators of MISP, STIX and tables"},
		{Name: Tuning, One: "tuning record", Files: "tuning records", Endings: slices.Concat(yaml, tables), Records: []string{RecordTuning}, Naming: Mentioning,
			Help: "local values of an analytic's mutable elements: YAML, CSV, JSON Lines"},
		{Name: Runs, One: "run", Files: "logs of runs of rules", Endings: tables, Records: []string{RecordRun}, Mapped: true, Naming: Mentioning,
			Help: "which rules their products ran, and how that ended: CSV or JSON Lines, Elastic's rule execution log, Sentinel's SentinelHealth"},
		{Name: Exceptions, One: "exception", Files: "files of exceptions", Endings: tables, Records: []string{RecordException}, Sourced: true, Mapped: true, Naming: Covered,
			Help: "suppressions of rules with condition, owner and end: CSV or JSON Lines, Elastic's exception lists, Sentinel's automation rules that close, Splunk ES's suppressions"},
		{Name: Fields, One: "measured share", Files: "files of fields' shares", Endings: tables, Records: []string{RecordField}, Mapped: true,
			Help: "in what share of a log source's events a field arrives: CSV or JSON Lines of source,channel,field,share[,date,events,site]"},
		{Name: Renames, One: "rename", Files: "mapping files of ATT&CK IDs", Endings: tables, Records: []string{RecordRename},
			Help: "which ATT&CK ID took the place of which: CSV or JSON Lines of old,new; rules that name an ID of another release are read through them"},
		{Name: Runbooks, One: "runbook", Files: "runbooks", Endings: []string{".md", ".markdown"}, Records: []string{RecordRunbook}, Sourced: true,
			Help: "folder of Markdown with front matter: applies_to, owner, reviewed"},
		{Name: Waivers, One: "waiver", Records: []string{RecordWaiver}, Naming: Mentioning},
		{Name: Ties, One: "statement", Records: []string{RecordTie}, Naming: Mentioning},
		{Name: Notes, One: "note", Records: []string{RecordNote}, Naming: Mentioning},
		{Name: Gaps, One: "gap", Records: []string{RecordGap}, Naming: Mentioning},
		{Name: Profiles, One: "profile", Records: []string{RecordProfile}, Naming: Mentioning},
		{Name: Decisions, One: "decision", Records: []string{RecordDecision}, Naming: Mentioning},
		{Name: Chains, One: "file of definitions", Records: []string{RecordChain, RecordWorth}, Naming: Mentioning},
	}
}

// KindOf returns the kind of a name; the zero Kind for one that is none.
func KindOf(name string) Kind {
	for _, k := range Kinds() {
		if k.Name == name {
			return k
		}
	}
	return Kind{}
}

// Names returns the names of the kinds for which is is true.
func Names(is func(*Kind) bool) []string {
	var names []string
	for _, k := range Kinds() {
		if is(&k) {
			names = append(names, k.Name)
		}
	}
	return names
}

// Added lists the kinds that files hold.
func Added() []string { return Names(func(k *Kind) bool { return k.Files != "" }) }

// Pushed lists the kinds that programs push, in the order in which they become batches.
func Pushed() []string { return Names(func(k *Kind) bool { return k.Pushed }) }
