package question

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/evidence"
)

// splunk is Splunk Enterprise Security: notable events and the scheduler's log by search
// jobs, saved searches by their list.
//
// Shapes: Splunk's REST API reference, search/jobs, search/v2/jobs/SID/results and
// saved/searches; its documents of notable events (the macro notable).
func splunk() Product {
	return Product{
		Name: "splunk", Title: "Splunk Enterprise Security 7 and 8",
		Auths: []string{Bearer, Basic},
		Fields: []Field{
			{Name: "app", Otherwise: "SplunkEnterpriseSecuritySuite", Doc: "the app whose macros and searches are meant"},
			{Name: "lookback", Otherwise: "30", Doc: "how many days before a closure its notable event may lie"},
		},
		Parts: []Part{
			{Name: "rules", Kind: evidence.Rules, Format: "splunk", Whole: true, First: savedSearches, Frame: conf, Ending: "-savedsearches.conf"},
			{Name: "alerts", Kind: evidence.Alerts, Format: "splunk", First: notables, Ending: ".ndjson"},
			{Name: "closures", Kind: evidence.Alerts, Format: "splunk", First: reviewed, Ending: ".ndjson"},
			{Name: "runs", Kind: evidence.Runs, Format: "candor-jsonl", First: scheduled, Ending: ".jsonl"},
		},
		Rights: "a role with the capability search over the index notable (and _internal, for runs), read on the app's macros, lookups and saved searches (rest_properties_get)",
	}
}

// notables asks for the notable events that were raised in the window, with what was said of
// them.
func notables(s Settings, w Window) *Ask {
	return job{app: s.Set["app"], size: s.Size, from: w.From, to: w.To, search: "search `notable`", name: "event_id", read: notable}.ask()
}

// reviewed asks for those of which something was said in the window, whenever they were
// raised.
func reviewed(s Settings, w Window) *Ask {
	days, err := strconv.Atoi(s.Set["lookback"])
	if err != nil || days < 1 || days > 3650 {
		days = 30
	}
	search := fmt.Sprintf("search `notable` | where isnum(review_time) AND review_time>=%d AND review_time<%d", w.From.Unix(), w.To.Unix()+1)
	return job{app: s.Set["app"], size: s.Size, from: w.From.AddDate(0, 0, -days), to: w.To, search: search, name: "event_id", read: notable}.ask()
}

// notable leaves out of an event what differs from one answer to the next.
func notable(raw json.RawMessage) (json.RawMessage, error) {
	return without(raw, "_serial", "_si", "_kv", "_bkt", "_cd", "_subsecond", "splunk_server")
}

// scheduled asks how the runs of scheduled searches ended.
func scheduled(s Settings, w Window) *Ask {
	const search = "search index=_internal sourcetype=scheduler savedsearch_name=* status=*" +
		" | table _time savedsearch_name scheduled_time dispatch_time run_time status reason"
	return job{app: s.Set["app"], size: s.Size, from: w.From, to: w.To, search: search, read: scheduling}.ask()
}

// scheduling writes a line of the scheduler's log as a run, as Candor has them. A search
// that was skipped did not look; one that was put off looked late. What says neither is no
// run that ended.
func scheduling(raw json.RawMessage) (json.RawMessage, error) {
	var line map[string]any
	if err := json.Unmarshal(raw, &line); err != nil {
		return nil, err
	}
	get := func(name string) string { v, _ := line[name].(string); return v }
	status := ""
	switch word := strings.ToLower(get("status")); {
	case word == "success", word == "completed":
		status = "ok"
	case word == "continued", word == "deferred":
		status = "late"
	case word == "skipped", strings.Contains(word, "error"), strings.Contains(word, "fail"):
		status = "failed"
	default:
		return nil, nil
	}
	start, ok := seconds(get("dispatch_time"))
	if !ok {
		start, ok = seconds(get("scheduled_time"))
	}
	if !ok {
		t, err := time.Parse("2006-01-02T15:04:05.000-07:00", get("_time"))
		if err != nil {
			return nil, fmt.Errorf("a run of %q has no time", get("savedsearch_name"))
		}
		start = t.UTC()
	}
	end := start
	if took, err := strconv.ParseFloat(get("run_time"), 64); err == nil && took > 0 && took < 86_400 {
		end = start.Add(time.Duration(took * float64(time.Second)))
	}
	run := object{"rule_id": get("savedsearch_name"), "rule_name": get("savedsearch_name"), "start": start.Format(time.RFC3339), "end": end.Format(time.RFC3339), "status": status, "source": "Splunk", "executions": 1}
	if status != "ok" {
		run["reason"] = strings.TrimSpace(get("status") + " " + get("reason"))
	}
	return must(run), nil
}

// seconds reads a time in seconds since 1970.
func seconds(text string) (time.Time, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n <= 0 || n > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(n), 0).UTC(), true
}

// job is a search whose results are handed out in parts. One that the search head has
// forgotten is begun anew, from the beginning: what came is known by then.
type job struct {
	app, search string
	from, to    time.Time
	size        int
	name        string // of the field that names a record
	// read makes of a result what is taken; nil where it is none.
	read func(json.RawMessage) (json.RawMessage, error)
	anew int
}

func (j job) base() string {
	if j.app == "" {
		return "/services/search"
	}
	return "/servicesNS/nobody/" + url.PathEscape(j.app) + "/search"
}

// ask begins the search, and waits for its end.
func (j job) ask() *Ask {
	form := url.Values{"search": {j.search}, "exec_mode": {"blocking"}, "output_mode": {"json"}, "max_count": {"500000"},
		"earliest_time": {strconv.FormatInt(j.from.Unix(), 10)}, "latest_time": {strconv.FormatInt(j.to.Unix()+1, 10)}}
	return &Ask{Method: "POST", Path: j.base() + "/jobs", Body: []byte(form.Encode()), Form: true, Read: func(a Answer) (Reply, error) {
		var made struct {
			SID string `json:"sid"`
		}
		if err := read(a, "a search job", &made); err != nil || made.SID == "" {
			return Reply{}, unreadable("a search job", err)
		}
		return Reply{Next: j.state(made.SID)}, nil
	}}
}

// state asks how the search ended.
func (j job) state(sid string) *Ask {
	return &Ask{Method: "GET", Path: j.base() + "/jobs/" + url.PathEscape(sid), Query: url.Values{"output_mode": {"json"}}, Also: []int{404}, Read: func(a Answer) (Reply, error) {
		if a.Status == 404 {
			return j.lost()
		}
		var list struct {
			Entry []struct {
				Content struct {
					IsDone      bool      `json:"isDone"`
					IsFailed    bool      `json:"isFailed"`
					IsFinalized bool      `json:"isFinalized"`
					Count       int       `json:"resultCount"`
					Messages    []message `json:"messages"`
				} `json:"content"`
			} `json:"entry"`
		}
		if err := read(a, "a search job", &list); err != nil || len(list.Entry) != 1 {
			return Reply{}, unreadable("a search job", err)
		}
		c := list.Entry[0].Content
		partial := said(c.Messages)
		switch {
		case c.IsFailed:
			return Reply{}, unreadable("that of a search that succeeded: "+partial, nil)
		case !c.IsDone:
			return Reply{}, unreadable("that of a search that has ended: it takes longer than the source waits", nil)
		case c.IsFinalized:
			partial = "the search was ended before it was done"
		case c.Count >= 500_000:
			partial = "the search found more than is handed out at once"
		}
		return Reply{Partial: partial, Long: c.Count >= 500_000, Next: j.results(sid, 0, c.Count)}, nil
	}}
}

// message is what Splunk says beside an answer.
type message struct{ Type, Text string }

// said returns what messages say of results that are missing.
func said(list []message) string {
	for _, m := range list {
		switch strings.ToUpper(m.Type) {
		case "ERROR", "FATAL":
			return m.Text
		}
		if strings.Contains(strings.ToLower(m.Text), "incomplete") || strings.Contains(strings.ToLower(m.Text), "partial") {
			return m.Text
		}
	}
	return ""
}

func (j job) lost() (Reply, error) {
	if j.anew++; j.anew > maxAnew {
		return Reply{}, unreadable("that of a search job: it was forgotten again and again", nil)
	}
	return Reply{Next: j.ask(), Anew: true}, nil
}

// results asks for a part of the results.
func (j job) results(sid string, from, all int) *Ask {
	if from >= all {
		return nil
	}
	q := url.Values{"output_mode": {"json"}, "offset": {strconv.Itoa(from)}, "count": {strconv.Itoa(j.size)}}
	path := strings.Replace(j.base(), "/search", "/search/v2", 1) + "/jobs/" + url.PathEscape(sid) + "/results"
	return &Ask{Method: "GET", Path: path, Query: q, Also: []int{404}, Read: func(a Answer) (Reply, error) {
		if a.Status == 404 {
			return j.lost()
		}
		var list struct {
			Results  []json.RawMessage `json:"results"`
			Messages []message         `json:"messages"`
		}
		if err := read(a, "a list of results", &list); err != nil || list.Results == nil {
			return Reply{}, unreadable("a list of results", err)
		}
		r := Reply{Partial: said(list.Messages)}
		for _, raw := range list.Results {
			rec, err := j.read(raw)
			if err != nil {
				return Reply{}, unreadable("a list of results", err)
			}
			if rec != nil {
				r.Records = append(r.Records, Record{ID: text(raw, j.name), JSON: rec})
			}
		}
		if len(list.Results) == 0 {
			r.Partial = fmt.Sprintf("%d of %d results came", from, all)
			return r, nil
		}
		j.anew = 0
		r.Next = j.results(sid, from+len(list.Results), all)
		return r, nil
	}}
}

// savedSearches asks for every saved search of the app.
func savedSearches(s Settings, _ Window) *Ask {
	app := s.Set["app"]
	if app == "" {
		app = "-"
	}
	return lists{size: s.Size, path: "/servicesNS/-/" + url.PathEscape(app) + "/saved/searches"}.ask(0)
}

// lists goes through one of Splunk's lists.
type lists struct {
	path string
	size int
}

func (l lists) ask(from int) *Ask {
	q := url.Values{"output_mode": {"json"}, "offset": {strconv.Itoa(from)}, "count": {strconv.Itoa(l.size)}, "sort_key": {"name"}}
	return &Ask{Method: "GET", Path: l.path, Query: q, Read: func(a Answer) (Reply, error) {
		var list struct {
			Entry  []json.RawMessage `json:"entry"`
			Paging *struct {
				Total int `json:"total"`
			} `json:"paging"`
			Messages []message `json:"messages"`
		}
		if err := read(a, "a list of saved searches", &list); err != nil || list.Entry == nil || list.Paging == nil {
			return Reply{}, unreadable("a list of saved searches", err)
		}
		r := Reply{Partial: said(list.Messages)}
		for _, raw := range list.Entry {
			r.Records = append(r.Records, Record{ID: text(raw, "id"), JSON: raw})
		}
		switch had := from + len(list.Entry); {
		case had < list.Paging.Total && len(list.Entry) > 0:
			r.Next = l.ask(had)
		case had < list.Paging.Total:
			r.Partial = fmt.Sprintf("%d of %d saved searches came", had, list.Paging.Total)
		}
		return r, nil
	}}
}

// conf writes saved searches as settings, which the decoder of savedsearches.conf reads.
// What changes with every run of a search is left out.
func conf(records []Record) ([]byte, error) {
	var b strings.Builder
	for _, r := range records {
		var e struct {
			Name    string         `json:"name"`
			Content map[string]any `json:"content"`
		}
		if err := json.Unmarshal(r.JSON, &e); err != nil {
			return nil, err
		}
		name := strings.Join(strings.FieldsFunc(e.Name, func(c rune) bool { return c == '\n' || c == '\r' }), " ")
		fmt.Fprintf(&b, "[%s]\n", name)
		for _, k := range slices.Sorted(maps.Keys(e.Content)) {
			v, ok := setting(e.Content[k])
			if !ok || strings.ContainsAny(k, "=\n\r[]") || slices.Contains([]string{"next_scheduled_time", "triggered_alert_count", "qualifiedSearch"}, k) {
				continue
			}
			if k == "is_scheduled" { // which settings call otherwise
				k = "enableSched"
			}
			fmt.Fprintf(&b, "%s = %s\n", k, strings.ReplaceAll(strings.ReplaceAll(v, "\r\n", "\n"), "\n", "\\\n"))
		}
		b.WriteString("\n")
	}
	return []byte(b.String()), nil
}

// setting writes a value as settings have it.
func setting(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, v != ""
	case bool:
		if v {
			return "1", true
		}
		return "0", true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}
