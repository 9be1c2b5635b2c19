package question

import (
	"encoding/json"
	"net/url"
	"strconv"

	"candor/internal/evidence"
)

// thehive is TheHive 5: alerts and cases by its query interface.
//
// Shapes: StrangeBee's documents of the query API (listAlert, filter, sort, page).
func thehive() Product {
	return Product{
		Name: "thehive", Title: "TheHive 5",
		Auths: []string{Bearer, Basic},
		Parts: []Part{
			{Name: "alerts", Kind: evidence.Alerts, Format: "thehive", First: hive("listAlert"), Ending: ".ndjson"},
			{Name: "closures", Kind: evidence.Cases, Format: "thehive", First: hive("listCase"), Ending: ".ndjson"},
		},
		Rights: "a user with the profile read-only in the organisation",
	}
}

// hive asks for what was made in the window, and then for what was changed in it.
func hive(list string) func(Settings, Window) *Ask {
	return func(s Settings, w Window) *Ask {
		changed := comb{list: list, by: "_updatedAt", size: s.Size, from: w.From.UnixMilli(), to: w.To.UnixMilli()}
		made := changed
		made.by = "_createdAt"
		made.then = changed.ask
		return made.ask()
	}
}

// comb goes through what is listed by a time of it. Each request asks from the time of the
// last that came on, that one included; where more are of one time than come at once, it
// goes on among those.
type comb struct {
	list, by string
	size     int
	from, to int64 // in milliseconds since 1970
	skip     int
	then     func() *Ask
}

func (c comb) ask() *Ask {
	query := []object{
		{"_name": c.list},
		{"_name": "filter", "_and": []object{{"_gte": object{"_field": c.by, "_value": c.from}}, {"_lt": object{"_field": c.by, "_value": c.to}}}},
		{"_name": "sort", "_fields": []object{{c.by: "asc"}}},
		{"_name": "page", "from": c.skip, "to": c.skip + c.size},
	}
	return &Ask{Method: "POST", Path: "/api/v1/query", Query: url.Values{"name": {"candor"}}, Body: must(object{"query": query}), Read: c.read}
}

func (c comb) read(a Answer) (Reply, error) {
	var list []json.RawMessage
	if err := read(a, "a list", &list); err != nil || list == nil {
		return Reply{}, unreadable("a list", err)
	}
	var r Reply
	for _, raw := range list {
		r.Records = append(r.Records, Record{ID: text(raw, "_id"), JSON: raw})
	}
	if len(list) < c.size {
		if c.then != nil {
			r.Next = c.then()
		}
		return r, nil
	}
	at, err := strconv.ParseInt(text(list[len(list)-1], c.by), 10, 64)
	switch {
	case err != nil:
		return Reply{}, unreadable("one that can be gone on from: its last record has no "+c.by, nil)
	case at < c.from:
		return Reply{}, unreadable("in the order of "+c.by, nil)
	case at == c.from:
		c.skip += len(list)
	default:
		c.from, c.skip = at, 0
	}
	r.Next = c.ask()
	return r, nil
}
