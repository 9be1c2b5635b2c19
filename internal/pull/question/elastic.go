package question

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"

	"candor/internal/evidence"
)

// The services of Elastic beside the cluster's own address.
const kibana = "kibana"

// keepAlive is how long a cluster is asked to keep a point in time between two requests.
const keepAlive = "5m"

// elastic is Elastic Security: alerts and the log of executions from the cluster, rules
// from Kibana.
//
// Shapes: Elastic's API reference, open point in time, search (search_after), Kibana's
// detections API _find.
func elastic() Product {
	return Product{
		Name: "elastic", Title: "Elastic Security 8 and 9",
		Services: []Field{{Name: kibana, Doc: "address of Kibana, for the part rules"}},
		Auths:    []string{APIKey, Basic, Bearer},
		Fields: []Field{
			{Name: "space", Otherwise: "default", Doc: "Kibana's space"},
			{Name: "index", Doc: "pattern of the alert index; usually .alerts-security.alerts-SPACE"},
			{Name: "log_index", Otherwise: ".kibana-event-log-*", Doc: "pattern of the event log"},
		},
		Parts: []Part{
			{Name: "rules", Kind: evidence.Rules, Format: "elastic", Whole: true, First: elasticRules, Ending: ".ndjson"},
			{Name: "alerts", Kind: evidence.Alerts, Format: "elastic", First: elasticAlerts, Ending: ".ndjson"},
			{Name: "runs", Kind: evidence.Runs, Format: "elastic", First: elasticRuns, Ending: ".ndjson"},
		},
		Rights: "index privileges read and view_index_metadata on the alert index (and on .kibana-event-log-* for runs); in Kibana the feature Security: Read, for rules",
	}
}

// elasticAlerts asks for the alerts that were raised in the window, and then for those
// whose workflow status changed in it: closures of alerts of any age.
func elasticAlerts(s Settings, w Window) *Ask {
	index := s.Set["index"]
	if index == "" {
		index = ".alerts-security.alerts-" + s.Set["space"]
	}
	changed := walk{index: index, size: s.Size, w: w, by: "kibana.alert.workflow_status_updated_at"}
	raised := changed
	raised.by = "@timestamp"
	raised.then = changed.open
	return raised.open()
}

// elasticRuns asks for the events that say how executions of rules ended.
func elasticRuns(s Settings, w Window) *Ask {
	return walk{index: s.Set["log_index"], size: s.Size, w: w, by: "@timestamp",
		only: object{"terms": object{"event.provider": []string{"securitySolution.ruleExecution", "alerting"}}}}.open()
}

// walk goes through the documents of an index in the order of a time of theirs, at one
// point in time. What the cluster lets go of is opened again where the walk was.
type walk struct {
	index string
	size  int
	w     Window
	by    string // the field whose time is in the window
	only  object // what else must hold; nil for nothing
	then  func() *Ask
	// from is where the walk began anew; empty for the beginning of the window.
	from string
	// anew counts how often it did, without any record since.
	anew int
}

// maxAnew is how often a walk begins anew without coming any further.
const maxAnew = 3

// open asks for a point in time.
func (k walk) open() *Ask {
	return &Ask{Method: "POST", Path: "/" + url.PathEscape(k.index) + "/_pit",
		Query: url.Values{"keep_alive": {keepAlive}, "ignore_unavailable": {"true"}},
		Read: func(a Answer) (Reply, error) {
			var pit struct {
				ID string `json:"id"`
			}
			if err := read(a, "a point in time", &pit); err != nil || pit.ID == "" {
				return Reply{}, unreadable("a point in time", err)
			}
			return Reply{Next: k.search(pit.ID, nil)}, nil
		}}
}

// search asks for the documents behind those that came last.
func (k walk) search(pit string, after json.RawMessage) *Ask {
	from := k.from
	if from == "" {
		from = stamp(k.w.From)
	}
	filter := []object{{"range": object{k.by: object{"gte": from, "lt": stamp(k.w.To), "format": "strict_date_optional_time_nanos||strict_date_optional_time"}}}}
	if k.only != nil {
		filter = append(filter, k.only)
	}
	body := object{
		"size": k.size, "track_total_hits": false, "pit": object{"id": pit, "keep_alive": keepAlive},
		"query": object{"bool": object{"filter": filter}},
		"sort":  []object{{k.by: object{"order": "asc", "unmapped_type": "date", "format": "strict_date_optional_time_nanos"}}},
	}
	if after != nil {
		body["search_after"] = after
	}
	return &Ask{Method: "POST", Path: "/_search", Body: must(body), Also: []int{404},
		Read: func(a Answer) (Reply, error) { return k.hits(pit, a) }}
}

// found is the answer to a search.
type found struct {
	PIT      string `json:"pit_id"`
	TimedOut bool   `json:"timed_out"`
	Shards   struct {
		Failed int `json:"failed"`
		Total  int `json:"total"`
	} `json:"_shards"`
	Hits struct {
		Hits []json.RawMessage `json:"hits"`
	} `json:"hits"`
}

// hit is what a search finds of a document beside its source.
type hit struct {
	ID    string          `json:"_id"`
	Index string          `json:"_index"`
	Sort  json.RawMessage `json:"sort"`
}

// documents reads what a search found, with the last of it.
func documents(a Answer) (f found, r Reply, last hit, err error) {
	if err := read(a, "that of a search", &f); err != nil {
		return f, r, last, err
	}
	if f.Hits.Hits == nil {
		return f, r, last, unreadable("that of a search", nil)
	}
	for _, raw := range f.Hits.Hits {
		last = hit{}
		if err := json.Unmarshal(raw, &last); err != nil {
			return f, r, last, unreadable("that of a search", err)
		}
		doc, err := without(raw, "sort", "_score")
		if err != nil {
			return f, r, last, unreadable("that of a search", err)
		}
		r.Records = append(r.Records, Record{ID: last.ID, JSON: doc})
	}
	switch {
	case f.TimedOut:
		r.Partial = "the search ran out of time, so that some documents are missing"
	case f.Shards.Failed > 0:
		r.Partial = strconv.Itoa(f.Shards.Failed) + " of " + strconv.Itoa(f.Shards.Total) + " shards did not answer, so that their documents are missing"
	}
	return f, r, last, nil
}

func (k walk) hits(pit string, a Answer) (Reply, error) {
	if a.Status == 404 {
		return k.lost(a)
	}
	f, r, last, err := documents(a)
	if err != nil {
		return Reply{}, err
	}
	if f.PIT != "" {
		pit = f.PIT
	}
	if len(f.Hits.Hits) < k.size {
		r.Next = k.end(pit)
		return r, nil
	}
	if len(last.Sort) == 0 {
		return Reply{}, unreadable("that of a search: the last document says no place to go on from", nil)
	}
	k.anew, k.from = 0, firstText(last.Sort)
	r.Next = k.search(pit, last.Sort)
	return r, nil
}

// firstText returns the first of a list of values, where that is a text.
func firstText(list json.RawMessage) string {
	var all []any
	if json.Unmarshal(list, &all) != nil || len(all) == 0 {
		return ""
	}
	text, _ := all[0].(string)
	return text
}

// lost begins anew where the cluster let the point in time go, from the time of the last
// document that came: those of that very time come once more.
func (k walk) lost(a Answer) (Reply, error) {
	if !bytes.Contains(a.Body, []byte("search_context_missing")) {
		return Reply{}, unreadable("that of a search: it is not found", nil)
	}
	if k.anew++; k.anew > maxAnew {
		return Reply{}, unreadable("that of a search: the point in time was lost again and again", nil)
	}
	return Reply{Next: k.open(), Anew: true}, nil
}

// end gives the point in time back, and goes on with what is to be asked then.
func (k walk) end(pit string) *Ask {
	return &Ask{Method: "DELETE", Path: "/_pit", Body: must(object{"id": pit}), Also: []int{404},
		Read: func(Answer) (Reply, error) {
			if k.then == nil {
				return Reply{}, nil
			}
			return Reply{Next: k.then()}, nil
		}}
}

// elasticRules asks Kibana for all rules, a part after the other.
func elasticRules(s Settings, _ Window) *Ask {
	path := "/api/detection_engine/rules/_find"
	if space := s.Set["space"]; space != "" && space != "default" {
		path = "/s/" + url.PathEscape(space) + path
	}
	size := min(s.Size, 1000)
	var ask func(n, had int) *Ask
	ask = func(n, had int) *Ask {
		return &Ask{Service: kibana, Method: "GET", Path: path,
			Query: url.Values{"page": {strconv.Itoa(n)}, "per_page": {strconv.Itoa(size)}, "sort_field": {"created_at"}, "sort_order": {"asc"}},
			Read: func(a Answer) (Reply, error) {
				var list struct {
					Total *int              `json:"total"`
					Data  []json.RawMessage `json:"data"`
				}
				if err := read(a, "a list of rules", &list); err != nil || list.Data == nil || list.Total == nil {
					return Reply{}, unreadable("a list of rules", err)
				}
				var r Reply
				for _, raw := range list.Data {
					// How its last execution went changes with every answer, and is among the runs.
					rule, err := without(raw, "execution_summary")
					if err != nil {
						return Reply{}, unreadable("a list of rules", err)
					}
					r.Records = append(r.Records, Record{ID: text(raw, "rule_id"), JSON: rule})
				}
				had := had + len(list.Data)
				switch {
				case had < *list.Total && len(list.Data) > 0:
					r.Next = ask(n+1, had)
				case had < *list.Total:
					r.Partial = strconv.Itoa(had) + " of " + strconv.Itoa(*list.Total) + " rules came"
				}
				return r, nil
			}}
	}
	return ask(1, 0)
}

// text returns a member of an object that is a text or a number; empty for any other.
func text(raw json.RawMessage, name string) string {
	var o map[string]json.RawMessage
	if json.Unmarshal(raw, &o) != nil {
		return ""
	}
	var s string
	if json.Unmarshal(o[name], &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(o[name], &n) == nil {
		return n.String()
	}
	return ""
}
