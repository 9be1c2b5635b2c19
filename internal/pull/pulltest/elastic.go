package pulltest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Document is a document of an index.
type Document struct {
	Index, ID string
	Source    map[string]any
}

// Elastic is a cluster, and Kibana beside it at the same address.
type Elastic struct {
	*Server
	docs  []Document
	rules []map[string]any
	// points are the points in time that are open: the documents as they were.
	points map[string][]Document
	opened int
	// partial is how many of the next searches miss a shard.
	partial int
}

// NewElastic starts a cluster. It is to be closed.
func NewElastic() *Elastic {
	e := &Elastic{points: map[string][]Document{}}
	e.Server = start(e.answerTo)
	return e
}

// Put adds a document, or puts it in the place of the one of the same index and id.
func (e *Elastic) Put(d Document) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := slices.IndexFunc(e.docs, func(o Document) bool { return o.Index == d.Index && o.ID == d.ID }); i >= 0 {
		e.docs[i] = d
		return
	}
	e.docs = append(e.docs, d)
}

// Rules sets the rules that Kibana has.
func (e *Elastic) Rules(rules ...map[string]any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rules = rules
}

// Forget closes every point in time, as a cluster does that restarts.
func (e *Elastic) Forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.points)
}

// MissShards has the next searches miss a shard.
func (e *Elastic) MissShards(searches int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.partial = searches
}

// Open is how many points in time are open.
func (e *Elastic) Open() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.points)
}

func (e *Elastic) answerTo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/_pit"):
		e.opened++
		id := "pit-" + strconv.Itoa(e.opened)
		e.points[id] = e.of(strings.TrimSuffix(r.URL.Path[1:], "/_pit"))
		send(w, map[string]any{"id": id})
	case r.Method == http.MethodDelete && r.URL.Path == "/_pit":
		var q struct{ ID string }
		_ = json.Unmarshal(body, &q)
		delete(e.points, q.ID)
		send(w, map[string]any{"succeeded": true})
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/_search"):
		e.search(w, strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), "_search"), body)
	case strings.HasSuffix(r.URL.Path, "/api/detection_engine/rules/_find"):
		e.find(w, r)
	default:
		http.Error(w, `{"error":"no such path"}`, http.StatusNotFound)
	}
}

// of returns the documents of a pattern of indices, as they are now.
func (e *Elastic) of(pattern string) []Document {
	var out []Document
	for _, d := range e.docs {
		if ok, _ := path.Match(pattern, d.Index); ok {
			out = append(out, d)
		}
	}
	return out
}

// query is what a search asks.
type query struct {
	Size int
	PIT  struct{ ID string } `json:"pit"`
	// Query is a bool with a filter: ranges and terms.
	Query struct {
		Bool struct {
			Filter []struct {
				Range map[string]struct {
					Gte, Lt any
				}
				Terms map[string][]any
			}
		}
	}
	Sort        []map[string]struct{ Format string }
	SearchAfter []any `json:"search_after"`
}

func (e *Elastic) search(w http.ResponseWriter, index string, body []byte) {
	var q query
	if err := json.Unmarshal(body, &q); err != nil || len(q.Sort) == 0 {
		http.Error(w, `{"error":"parsing_exception"}`, http.StatusBadRequest)
		return
	}
	docs, ok := e.points[q.PIT.ID]
	if index != "" {
		docs, ok = e.of(strings.TrimSuffix(index, "/")), true
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		send(w, map[string]any{"error": map[string]any{"root_cause": []any{map[string]any{"type": "search_context_missing_exception"}}}, "status": 404})
		return
	}
	by, format := "", ""
	for name, how := range q.Sort[0] {
		by, format = name, how.Format
	}
	type placed struct {
		Document
		at time.Time
		n  int
	}
	var found []placed
	for n, d := range docs {
		if at := parse(fmt.Sprint(d.Source[by])); e.fits(d, &q) {
			found = append(found, placed{d, at, n})
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].at.Before(found[j].at) })
	if len(q.SearchAfter) > 0 {
		after, n := moment(q.SearchAfter[0]), -1
		if len(q.SearchAfter) > 1 {
			f, _ := q.SearchAfter[1].(float64)
			n = int(f)
		}
		found = slices.DeleteFunc(found, func(p placed) bool { return p.at.Before(after) || p.at.Equal(after) && p.n <= n })
	}
	hits := []any{}
	for _, p := range found[:min(q.Size, len(found))] {
		at := any(p.at.UnixMilli())
		if format != "" {
			at = p.at.Format("2006-01-02T15:04:05.000000000Z")
		}
		place := []any{at}
		if index == "" { // a point in time breaks ties by itself
			place = append(place, p.n)
		}
		hits = append(hits, map[string]any{"_index": p.Index, "_id": p.ID, "_score": nil, "_source": p.Source, "sort": place})
	}
	failed := 0
	if e.partial > 0 {
		e.partial, failed = e.partial-1, 1
		hits = hits[:len(hits)/2]
	}
	send(w, map[string]any{"pit_id": q.PIT.ID, "timed_out": false, "_shards": map[string]any{"total": 2, "failed": failed}, "hits": map[string]any{"hits": hits}})
}

// moment reads a time as a query has it.
func moment(v any) time.Time {
	if ms, ok := v.(float64); ok {
		return time.UnixMilli(int64(ms)).UTC()
	}
	return parse(fmt.Sprint(v))
}

// fits reports whether a document is one of those that a query asks for.
func (e *Elastic) fits(d Document, q *query) bool {
	for _, f := range q.Query.Bool.Filter {
		for name, r := range f.Range {
			at := parse(fmt.Sprint(d.Source[name]))
			if at.IsZero() || at.Before(moment(r.Gte)) || !at.Before(moment(r.Lt)) {
				return false
			}
		}
		for name, values := range f.Terms {
			if !slices.Contains(values, d.Source[name]) {
				return false
			}
		}
	}
	return true
}

func (e *Elastic) find(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	if n < 1 || size < 1 {
		http.Error(w, `{"message":"bad page"}`, http.StatusBadRequest)
		return
	}
	from := min((n-1)*size, len(e.rules))
	send(w, map[string]any{"page": n, "perPage": size, "total": len(e.rules), "data": append([]map[string]any{}, e.rules[from:min(from+size, len(e.rules))]...)})
}
