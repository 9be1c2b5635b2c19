// Package volume reads what search engines say of how much arrived where: Splunk's
// tstats, Sentinel's Usage and counts by table, Elastic's index and data stream
// statistics and counts by index.
//
// A product counts by its own places: source types, tables, indices. The log sources
// that these hold are told by the same tables through which rules are read (package
// attack/place); what lies in a place that is not in them, or that ATT&CK has no name
// of a log source for, is not counted and is said.
package volume

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/alert/export"
	"candor/internal/attack/place"
	"candor/internal/day"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// The names of the formats.
const (
	Splunk   = "splunk-tstats"
	Sentinel = "sentinel-usage"
	Elastic  = "elastic-indices"
)

// Observed is what was measured.
type Observed = evidence.Decoded[telemetry.Observation]

// product is how one product counts.
type product struct {
	// at are the names of what says where something lies, in the order in which the
	// first that is known counts; look says what a place holds.
	at   []string
	look func(name string) (place.Place, bool)
	// what names the places, for messages.
	what string
}

func products(format string) product {
	switch format {
	case Splunk:
		return product{[]string{"source", "sourcetype"}, searched, "source types"}
	case Sentinel:
		return product{[]string{"datatype", "tablename", "$table", "type"}, place.Table, "tables"}
	}
	return product{[]string{"data_stream.dataset", "data_stream", "_index", "index", "dataset", "event.dataset"}, indexed, "indices"}
}

// searched returns what a source or a source type of Splunk holds.
func searched(name string) (place.Place, bool) {
	if p, ok := place.Searched(name); ok {
		return p, true
	}
	if log, channel, ok := strings.Cut(name, ":"); ok && strings.HasSuffix(strings.ToLower(log), "wineventlog") {
		if known, ok := place.WindowsLog(channel); ok {
			return place.Place{Platforms: []string{"Windows"}, Logs: []place.Log{{Name: known}}}, true
		}
	}
	return place.Place{}, false
}

// indexed returns what an index, a data stream or a data set of Elastic holds.
func indexed(name string) (place.Place, bool) {
	if p, ok := place.Index(name); ok {
		return p, true
	}
	return place.Integration(name)
}

// The names under which products give the day, the count and the hosts, in lower case.
var (
	dayNames   = [...]string{"_time", "timegenerated", "timegenerated [utc]", "@timestamp", "day", "date", "bucket", "starttime", "timestamp"}
	countNames = [...]string{"count", "count_", "events", "docs.count", "count(*)", "doc_count", "eventcount"}
	sizeNames  = [...]string{"quantity", "sum_quantity", "megabytes"}
	hostsNames = [...]string{"hosts", "dc(host)", "dc_host", "host_count", "hostcount", "dcount_computer", "computers", "distinct_hosts", "count_distinct(host.id)", "count_distinct(host.name)"}
	hostNames  = [...]string{"host", "computer", "host.name", "host.id"}
	codeNames  = [...]string{"eventcode", "eventid", "event.code", "winlog.event_id"}
)

// SniffSplunk reports whether a file begins as counts by source type do.
func SniffSplunk(head []byte, _ string) bool {
	return named(head, "sourcetype") && named(head, "_time") && named(head, "count", "events") && !named(head, "event_id", "search_name")
}

// SniffSentinel reports whether a file begins as Sentinel's Usage, or counts by table,
// do.
func SniffSentinel(head []byte, _ string) bool {
	return named(head, "TimeGenerated", "TimeGenerated [UTC]", "StartTime") && named(head, "DataType", "TableName", "$table") &&
		named(head, "Quantity", "sum_Quantity", "count_", "Count", "Events")
}

// SniffElastic reports whether a file begins as statistics of Elastic's indices or data
// streams, or counts by them, do.
func SniffElastic(head []byte, _ string) bool {
	switch {
	case named(head, "data_streams") && named(head, "maximum_timestamp"), named(head, "index") && named(head, "docs.count"):
		return true
	}
	return named(head, "_index", "data_stream.dataset", "data_stream") && named(head, "@timestamp", "day", "date") && named(head, "count", "events", "COUNT(*)") &&
		!named(head, "_source", "kibana.alert.uuid")
}

// named reports whether the first line of a table, or JSON, has one of the names.
func named(head []byte, names ...string) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	if bytes.HasPrefix(head, []byte("{")) || bytes.HasPrefix(head, []byte("[")) {
		return slices.ContainsFunc(names, func(n string) bool { return bytes.Contains(head, []byte(`"`+n+`"`)) })
	}
	have := decode.Columns(head, ',')
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(have, strings.ToLower(n)) })
}

// DecodeSplunk reads the answer of a search such as | tstats count dc(host) as hosts
// where index=* by _time span=1d sourcetype source, as CSV or JSON.
func DecodeSplunk(file string, r io.Reader) (Observed, error) { return read(Splunk, file, r) }

// DecodeSentinel reads Usage, or a count by day and table, as CSV or JSON.
func DecodeSentinel(file string, r io.Reader) (Observed, error) { return read(Sentinel, file, r) }

// DecodeElastic reads _data_stream/_stats, _cat/indices?format=json, or a count by day
// and index, as CSV or JSON.
func DecodeElastic(file string, r io.Reader) (Observed, error) { return read(Elastic, file, r) }

// maxInput bounds an input, in bytes.
const maxInput = 1 << 30

// read reads one file. It fails with fault.Invalid when the file cannot be read on, its dates
// do not tell whether day or month comes first, or nothing that is known arrived in it.
func read(format, file string, r io.Reader) (Observed, error) {
	return decode.Dated(file, r, func(r io.Reader, dates *decode.Dates) (Observed, error) {
		return measured(format, file, r, dates)
	})
}

func measured(format, file string, r io.Reader, dates *decode.Dates) (Observed, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInput))
	if err != nil {
		return Observed{}, err
	}
	m := &meter{product: products(format), file: file, clock: decode.Clock{Dates: dates}, days: map[key]*count{}, unknown: map[string]bool{}, unnamed: map[string]bool{}}
	if streams, ok := dataStreams(data); ok {
		m.streams(streams)
	} else {
		err := export.Records(export.Input{File: file, Text: bytes.NewReader(data),
			Reject: func(j evidence.Reject) { m.out.Rejects = append(m.out.Rejects, j) },
			Warn:   func(w string) { m.out.Warnings = append(m.out.Warnings, file+": "+w) }}, true, m.record)
		if err != nil {
			return Observed{}, err
		}
	}
	m.close()
	if len(m.out.Records)+len(m.out.Rejects) == 0 {
		return Observed{}, decode.Invalid(file, 0, "of no %s in the file it is known which log sources they hold%s", m.what, m.because()).
			Next("write what arrived as Candor's CSV: date,source,channel,events,hosts; candor evidence template feeds prints one")
	}
	return m.out, nil
}

// key is a log source on a day.
type key struct {
	day           day.Date
	name, channel string
}

// count is what arrived of it.
type count struct {
	events int64
	hosts  int
	seen   map[string]bool // hosts that are named
}

// meter adds up what arrived.
type meter struct {
	product
	file             string
	clock            decode.Clock
	out              Observed
	days             map[key]*count
	unknown, unnamed map[string]bool // places
	undated          map[string]bool
	sized, last      bool
	// hostless and codeless say that a row has no hosts, or that one of a log of Windows
	// is not of one event.
	hostless, codeless bool
}

// record adds one row.
func (m *meter) record(r *export.Record) bool {
	if inner := r.Objects("result"); len(inner) == 1 { // as Splunk's export wraps each
		r.Object = inner[0]
	}
	m.clock.Line = r.Line
	cells := lowered(r.Object)
	where := m.where(cells)
	if len(where) == 0 {
		r.Fail(m.at[len(m.at)-1], "", "is missing or empty")
		return true
	}
	on, dated := m.dayOf(cells, where)
	events, ok := m.eventsOf(cells)
	switch {
	case !ok:
		r.Fail("count", first(cells, append(countNames[:], sizeNames[:]...)...), "is missing, or not a number of 0 or more")
		return true
	case !dated && first(cells, dayNames[:]...) != "":
		r.Fail("time", first(cells, dayNames[:]...), "not a time such as 2026-03-01T00:00:00Z, or seconds since 1970")
		return true
	case !dated:
		m.without(where[0])
		return true
	}
	hosts, _ := number(first(cells, hostsNames[:]...))
	m.add(where, on, arrived{events: events, hosts: int(min(hosts, math.MaxInt32)), host: first(cells, hostNames[:]...), code: first(cells, codeNames[:]...)})
	return true
}

// lowered returns the texts of a record by name in lower case, those of objects within
// it by their path.
func lowered(o export.Object) map[string]string {
	cells := map[string]string{}
	var within func(prefix string, o export.Object, depth int)
	within = func(prefix string, o export.Object, depth int) {
		for _, m := range o {
			if text, is := m.Value.Text(); is {
				cells[prefix+strings.ToLower(strings.TrimSpace(m.Name))] = strings.TrimSpace(text)
			}
			if sub, is := m.Value.Object(); is && depth < 3 {
				within(prefix+strings.ToLower(m.Name)+".", sub, depth+1)
			}
		}
	}
	within("", o, 0)
	return cells
}

func first(cells map[string]string, names ...string) string {
	for _, n := range names {
		if cells[n] != "" {
			return cells[n]
		}
	}
	return ""
}

// where returns what a row says of where it lies, the most telling first.
func (m *meter) where(cells map[string]string) []string {
	var out []string
	for _, n := range m.at {
		if cells[n] != "" {
			out = append(out, cells[n])
		}
	}
	return out
}

// dayOf returns the day that a row is of: as it says or, of an index that is made anew
// each day, as the name does.
func (m *meter) dayOf(cells map[string]string, where []string) (day.Date, bool) {
	if text := first(cells, dayNames[:]...); text != "" {
		t, ok := m.clock.Time(text)
		return day.Of(t), ok
	}
	for _, name := range where {
		if d := daily.FindStringSubmatch(name); d != nil && !strings.HasPrefix(name, ".ds-") {
			on, err := day.Parse(d[1] + "-" + d[2] + "-" + d[3])
			return on, err == nil
		}
	}
	return "", false
}

// daily is the end of the name of an index that is made anew each day.
var daily = regexp.MustCompile(`[-_.]([0-9]{4})[-.]([0-9]{2})[-.]([0-9]{2})$`)

// eventsOf returns how many events a row counts. Where it says a size instead, any data
// is one event at least.
func (m *meter) eventsOf(cells map[string]string) (int64, bool) {
	if text := first(cells, countNames[:]...); text != "" {
		return number(text)
	}
	text := first(cells, sizeNames[:]...)
	size, err := strconv.ParseFloat(text, 64)
	if err != nil || !(size >= 0) || math.IsInf(size, 0) {
		return 0, false
	}
	m.sized = true
	if size > 0 {
		return 1, true
	}
	return 0, true
}

// number reads a whole number, which some products write with decimals or with commas
// between groups of digits.
func number(text string) (int64, bool) {
	n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	if err != nil || !(n >= 0) || n > 1<<53 {
		return 0, false
	}
	return int64(n), true
}

// arrived is what one row says: how much, from how many hosts or from which, and the
// code of the events where it is of one.
type arrived struct {
	events     int64
	hosts      int
	host, code string
}

// add adds what arrived on a day to the log sources of the first place that is known.
func (m *meter) add(where []string, on day.Date, a arrived) {
	i := slices.IndexFunc(where, func(name string) bool { _, ok := m.look(name); return ok })
	if i < 0 {
		m.unknown[where[len(where)-1]] = true
		return
	}
	p, _ := m.look(where[i])
	named := false
	for _, l := range p.Logs {
		if l.Name == "" {
			continue
		}
		named = true
		k := key{on, l.Name, l.Channel}
		if k.channel == "" && strings.HasPrefix(l.Name, "WinEventLog:") {
			if code, ok := number(a.code); ok {
				k.channel = "EventCode=" + strconv.FormatInt(code, 10)
			} else {
				m.codeless = true
			}
		}
		if m.days[k] == nil {
			m.days[k] = &count{seen: map[string]bool{}}
		}
		m.days[k].add(a, m.sized)
	}
	switch {
	case !named:
		m.unnamed[where[i]] = true
	case a.hosts == 0 && a.host == "":
		m.hostless = true
	}
}

// add adds events. The same hosts may send several places: of counts the largest
// stands, and hosts that are named are counted once.
func (c *count) add(a arrived, sized bool) {
	if sized {
		c.events = max(c.events, a.events)
	} else {
		c.events = min(c.events+a.events, 1<<53)
	}
	c.hosts = max(c.hosts, a.hosts)
	if a.host != "" && a.events > 0 {
		c.seen[strings.ToLower(a.host)] = true
	}
}

// without notes a place whose day is not known.
func (m *meter) without(name string) {
	if m.undated == nil {
		m.undated = map[string]bool{}
	}
	m.undated[name] = true
}

// stream is one data stream of _data_stream/_stats.
type stream struct {
	Name string  `json:"data_stream"`
	Last float64 `json:"maximum_timestamp"`
}

// dataStreams returns the data streams of a file that is their statistics.
func dataStreams(data []byte) ([]stream, bool) {
	if !named(data[:min(len(data), 1<<15)], "data_streams") {
		return nil, false
	}
	var all struct {
		Streams []stream `json:"data_streams"`
	}
	if json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &all) != nil {
		return nil, false
	}
	return all.Streams, true
}

// streams adds the last day on which each data stream got anything.
func (m *meter) streams(list []stream) {
	for _, s := range list {
		switch {
		case s.Name == "":
		case s.Last <= 0 || s.Last > 1e14:
			m.without(s.Name)
		default:
			m.last = true
			m.add([]string{s.Name}, day.Of(time.UnixMilli(int64(s.Last)).UTC()), arrived{events: 1})
		}
	}
}

// close makes observations of what was added up, by day and name, and says what was
// left out.
func (m *meter) close() {
	for _, k := range slices.SortedFunc(maps.Keys(m.days), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.name, b.name), cmp.Compare(a.channel, b.channel))
	}) {
		c := m.days[k]
		m.out.Records = append(m.out.Records, telemetry.Observation{Day: k.day, Source: k.name, Channel: k.channel, Events: c.events, Hosts: max(c.hosts, len(c.seen))})
	}
	for _, w := range []struct {
		what  string
		names map[string]bool
	}{
		{"it is not known which log sources these hold, and they were not counted", m.unknown},
		{"ATT&CK names no log source for what these hold, and they were not counted", m.unnamed},
		{"neither a row nor the name says the day, and these were not counted", m.undated},
	} {
		if len(w.names) > 0 {
			m.warn("%s: %s", w.what, some(slices.Sorted(maps.Keys(w.names)), 8))
		}
	}
	if len(m.out.Records) == 0 {
		return
	}
	if m.sized {
		m.warn("the file says how much arrived and not how many events: a day with data counts as 1 event, which is the least that it can be")
	}
	if m.last {
		m.warn("the statistics say when each data stream got something last: that day counts as 1 event, and nothing is said of others")
	}
	if m.codeless {
		m.warn("logs of Windows are counted as a whole, so that each of their events counts as arrived; count by EventCode (EventID, event.code) too to tell them apart")
	}
	if m.hostless {
		m.warn("the file does not say from how many hosts, so that their share is not known; add a distinct count of hosts to the query")
	}
}

func (m *meter) warn(format string, args ...any) {
	m.out.Warnings = append(m.out.Warnings, m.file+": "+fmt.Sprintf(format, args...))
}

// because adds to a message what was left out first.
func (m *meter) because() string {
	if len(m.out.Warnings) == 0 {
		return ""
	}
	return "; " + strings.TrimPrefix(m.out.Warnings[0], m.file+": ")
}

// some lists the first entries, and says how many more there are.
func some(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
