package question

import (
	"encoding/json"
	"net/url"
	"strconv"

	"candor/internal/evidence"
)

// wazuh is Wazuh's indexer, which speaks OpenSearch's dialect: there is no point in time
// that every version has, so that the question walks by time alone.
//
// Shapes: OpenSearch's documents of search; Wazuh's of the index wazuh-alerts-*.
func wazuh() Product {
	return Product{
		Name: "wazuh", Title: "Wazuh 4, its indexer",
		Auths:  []string{Basic},
		Fields: []Field{{Name: "index", Otherwise: "wazuh-alerts-*", Doc: "pattern of the alert index"}},
		Parts: []Part{
			{Name: "alerts", Kind: evidence.Alerts, Format: "wazuh", First: wazuhAlerts, Ending: ".ndjson"},
		},
		Rights: "a role with the index permission read on wazuh-alerts-*",
	}
}

func wazuhAlerts(s Settings, w Window) *Ask {
	return steps{index: s.Set["index"], by: "timestamp", size: s.Size, from: w.From.UnixMilli(), to: w.To.UnixMilli()}.ask()
}

// steps walks through an index by a time of its documents: each request asks from the time
// of the last document on, that one included, so that none is missed and some come twice.
type steps struct {
	index, by string
	size      int
	from, to  int64 // in milliseconds since 1970
}

// maxSteps is how many documents an index hands out at once, unless it is set up otherwise.
const maxSteps = 10_000

func (k steps) ask() *Ask {
	body := object{
		"size": k.size, "track_total_hits": false,
		"query": object{"bool": object{"filter": []object{{"range": object{k.by: object{"gte": k.from, "lt": k.to, "format": "epoch_millis"}}}}}},
		"sort":  []object{{k.by: object{"order": "asc", "unmapped_type": "date"}}},
	}
	return &Ask{Method: "POST", Path: "/" + url.PathEscape(k.index) + "/_search", Query: url.Values{"ignore_unavailable": {"true"}}, Body: must(body), Read: k.hits}
}

func (k steps) hits(a Answer) (Reply, error) {
	_, r, last, err := documents(a)
	if err != nil || len(r.Records) < k.size {
		return r, err
	}
	var at []int64
	if json.Unmarshal(last.Sort, &at) != nil || len(at) != 1 {
		return Reply{}, unreadable("that of a search: the last document says no "+k.by, nil)
	}
	switch {
	case at[0] < k.from:
		return Reply{}, unreadable("in the order of "+k.by, nil)
	case at[0] == k.from && k.size >= maxSteps:
		return Reply{}, unreadable("one that can be gone on from: "+strconv.Itoa(maxSteps)+" documents or more are of one "+k.by, nil)
	case at[0] == k.from:
		k.size = maxSteps
	}
	k.from = at[0]
	r.Next = k.ask()
	return r, nil
}
