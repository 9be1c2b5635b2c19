package pulltest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Splunk is a search head.
type Splunk struct {
	*Server
	// Events are what searches find, by what a search must hold: "`notable`" or
	// "index=_internal". Each has its time in seconds as _at.
	Events map[string][]map[string]any
	// Searches are the saved searches.
	Searches []map[string]any
	jobs     map[string][]map[string]any
}

// NewSplunk starts a search head. It is to be closed.
func NewSplunk() *Splunk {
	s := &Splunk{Events: map[string][]map[string]any{}, jobs: map[string][]map[string]any{}}
	s.Server = start(s.answerTo)
	return s
}

// Forget drops every search job, as a search head does after their time.
func (s *Splunk) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.jobs)
}

var (
	jobPath   = regexp.MustCompile(`/search(/v2)?/jobs/([^/]+)(/results)?$`)
	reviewing = regexp.MustCompile(`review_time>=(\d+) AND review_time<(\d+)`)
)

func (s *Splunk) answerTo(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/saved/searches") {
		from, count := number(r, "offset"), number(r, "count")
		from = min(from, len(s.Searches))
		send(w, map[string]any{"entry": append([]map[string]any{}, s.Searches[from:min(from+count, len(s.Searches))]...), "paging": map[string]any{"total": len(s.Searches), "perPage": count, "offset": from}, "messages": []any{}})
		return
	}
	if strings.HasSuffix(r.URL.Path, "/search/jobs") && r.Method == http.MethodPost {
		sid := "job-" + strconv.Itoa(len(s.asked))
		s.jobs[sid] = s.run(r)
		w.WriteHeader(http.StatusCreated)
		send(w, map[string]any{"sid": sid})
		return
	}
	m := jobPath.FindStringSubmatch(r.URL.Path)
	if m == nil {
		http.Error(w, `{"messages":[{"type":"ERROR","text":"Not Found"}]}`, http.StatusNotFound)
		return
	}
	found, ok := s.jobs[m[2]]
	switch {
	case !ok:
		http.Error(w, `{"messages":[{"type":"FATAL","text":"Unknown sid."}]}`, http.StatusNotFound)
	case m[3] == "":
		send(w, map[string]any{"entry": []any{map[string]any{"name": m[2], "content": map[string]any{"isDone": true, "dispatchState": "DONE", "resultCount": len(found), "messages": []any{}}}}})
	default:
		from, count := min(number(r, "offset"), len(found)), number(r, "count")
		send(w, map[string]any{"preview": false, "init_offset": from, "messages": []any{}, "results": append([]map[string]any{}, found[from:min(from+count, len(found))]...)})
	}
}

// run runs a search: what it must hold, its times, and the times of review.
func (s *Splunk) run(r *http.Request) []map[string]any {
	search := r.PostFormValue("search")
	from, _ := strconv.ParseInt(r.PostFormValue("earliest_time"), 10, 64)
	to, _ := strconv.ParseInt(r.PostFormValue("latest_time"), 10, 64)
	review := reviewing.FindStringSubmatch(search)
	var out []map[string]any
	for what, events := range s.Events {
		if !strings.Contains(search, what) {
			continue
		}
		for _, e := range events {
			at, _ := e["_at"].(int64)
			reviewed, err := strconv.ParseInt(fmt.Sprint(e["review_time"]), 10, 64)
			if at < from || at >= to {
				continue
			}
			if review != nil {
				a, _ := strconv.ParseInt(review[1], 10, 64)
				b, _ := strconv.ParseInt(review[2], 10, 64)
				if err != nil || reviewed < a || reviewed >= b {
					continue
				}
			}
			copied := map[string]any{"_serial": strconv.Itoa(len(out))}
			for k, v := range e {
				if k != "_at" {
					copied[k] = v
				}
			}
			out = append(out, copied)
		}
	}
	return out
}

func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(name))
	return n
}

// Azure is Log Analytics, the resource manager and Graph at one address.
type Azure struct {
	*Server
	// Tables are the rows by table, each with TimeGenerated; Most is how many come at once.
	Tables map[string][]map[string]any
	Most   int
	// Rules are the rules, and Alerts those of Graph.
	Rules, Alerts []map[string]any
	// Apart is how many come before a link to the next.
	Apart int
}

// NewAzure starts the services. They are to be closed.
func NewAzure() *Azure {
	a := &Azure{Tables: map[string][]map[string]any{}, Most: 1000, Apart: 2}
	a.Server = start(a.answerTo)
	return a
}

var (
	kusto  = regexp.MustCompile(`^(\w+) \| where TimeGenerated >= datetime\(([^)]*)\) and TimeGenerated < datetime\(([^)]*)\)`)
	filter = regexp.MustCompile(`^lastUpdateDateTime ge (\S+) and lastUpdateDateTime lt (\S+)$`)
)

func (a *Azure) answerTo(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/query"):
		a.query(w, r)
	case strings.HasSuffix(r.URL.Path, "/alertRules"):
		if r.URL.Query().Get("api-version") == "" {
			http.Error(w, `{"error":{"code":"MissingApiVersionParameter"}}`, http.StatusBadRequest)
			return
		}
		a.list(w, r, a.Rules, "nextLink")
	case r.URL.Path == "/v1.0/security/alerts_v2":
		m := filter.FindStringSubmatch(r.URL.Query().Get("$filter"))
		if m == nil {
			http.Error(w, `{"error":{"code":"BadRequest"}}`, http.StatusBadRequest)
			return
		}
		list := slices.DeleteFunc(slices.Clone(a.Alerts), func(o map[string]any) bool {
			at := parse(fmt.Sprint(o["lastUpdateDateTime"]))
			return at.Before(parse(m[1])) || !at.Before(parse(m[2]))
		})
		a.list(w, r, list, "@odata.nextLink")
	default:
		http.NotFound(w, r)
	}
}

// list hands a list out in parts.
func (a *Azure) list(w http.ResponseWriter, r *http.Request, list []map[string]any, next string) {
	from := min(number(r, "$skiptoken"), len(list))
	to := min(from+a.Apart, len(list))
	body := map[string]any{"value": append([]map[string]any{}, list[from:to]...)}
	if to < len(list) {
		q := r.URL.Query()
		q.Set("$skiptoken", strconv.Itoa(to))
		body[next] = a.URL + r.URL.Path + "?" + q.Encode()
	}
	send(w, body)
}

func (a *Azure) query(w http.ResponseWriter, r *http.Request) {
	var q struct{ Query string }
	_ = json.NewDecoder(r.Body).Decode(&q)
	m := kusto.FindStringSubmatch(q.Query)
	if m == nil {
		http.Error(w, `{"error":{"code":"BadArgumentError"}}`, http.StatusBadRequest)
		return
	}
	var columns []string
	var found []map[string]any
	for _, row := range a.Tables[m[1]] {
		if at := parse(fmt.Sprint(row["TimeGenerated"])); at.Before(parse(m[2])) || !at.Before(parse(m[3])) {
			continue
		}
		found = append(found, row)
		for k := range row {
			if !slices.Contains(columns, k) {
				columns = append(columns, k)
			}
		}
	}
	sort.Strings(columns)
	body := map[string]any{}
	if len(found) > a.Most {
		found = found[:a.Most]
		body["error"] = map[string]any{"code": "PartialError", "message": "There were some errors when processing your query."}
	}
	names, rows := []any{}, [][]any{}
	for _, c := range columns {
		names = append(names, map[string]any{"name": c, "type": "string"})
	}
	for _, row := range found {
		cells := []any{}
		for _, c := range columns {
			cells = append(cells, row[c])
		}
		rows = append(rows, cells)
	}
	body["tables"] = []any{map[string]any{"name": "PrimaryResult", "columns": names, "rows": rows}}
	send(w, body)
}

// Hive is TheHive.
type Hive struct {
	*Server
	// Lists are what is listed, by the name of the query: listAlert, listCase.
	Lists map[string][]map[string]any
}

// NewHive starts TheHive. It is to be closed.
func NewHive() *Hive {
	h := &Hive{Lists: map[string][]map[string]any{}}
	h.Server = start(h.answerTo)
	return h
}

func (h *Hive) answerTo(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Query []struct {
			Name string `json:"_name"`
			And  []map[string]struct {
				Field string `json:"_field"`
				Value int64  `json:"_value"`
			} `json:"_and"`
			Fields   []map[string]string `json:"_fields"`
			From, To int
		}
	}
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path != "/api/v1/query" || json.Unmarshal(body, &q) != nil || len(q.Query) != 4 {
		http.Error(w, `{"type":"BadRequest"}`, http.StatusBadRequest)
		return
	}
	list := slices.Clone(h.Lists[q.Query[0].Name])
	for _, cond := range q.Query[1].And {
		for op, c := range cond {
			list = slices.DeleteFunc(list, func(o map[string]any) bool {
				at, ok := o[c.Field].(int64)
				return !ok || op == "_gte" && at < c.Value || op == "_lt" && at >= c.Value
			})
		}
	}
	for by := range q.Query[2].Fields[0] {
		sort.SliceStable(list, func(i, j int) bool { return list[i][by].(int64) < list[j][by].(int64) })
	}
	from := min(q.Query[3].From, len(list))
	send(w, append([]map[string]any{}, list[from:min(q.Query[3].To, len(list))]...))
}

// Millis is a time as TheHive writes it.
func Millis(t time.Time) int64 { return t.UnixMilli() }
