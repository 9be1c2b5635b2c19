package question

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// generic is any interface that answers in JSON, read through a mapping file or as a
// known format.
func generic() Product {
	return Product{
		Name: "http", Title: "any interface that answers in JSON",
		Auths: []string{Bearer, Header, Basic, APIKey, OAuth, None},
		Fields: []Field{
			{Name: "kind", Needed: true, Doc: "the kind of evidence: alerts, dispositions, cases, rules, runs, signals, feeds, ..."},
			{Name: "mapping", Doc: "mapping file (candor evidence map) through which the records read"},
			{Name: "format", Doc: "or the name of a format (candor evidence formats)"},
			{Name: "path", Otherwise: "/", Doc: "what is asked for, with {from} and {to} for the times"},
			{Name: "method", Otherwise: "GET", Doc: "GET or POST"},
			{Name: "query", Doc: "parameters, such as since={from}&until={to}"},
			{Name: "body", Doc: "JSON of a POST, with {from} and {to}"},
			{Name: "times", Otherwise: "rfc3339", Doc: "how times are written: rfc3339, epoch or epoch_ms"},
			{Name: "records", Doc: "where the records stand in an answer, such as data.items; the answer itself unless said"},
			{Name: "id", Doc: "what names a record, such as id"},
			{Name: "next", Doc: "where an answer says what is next: a link, or a word for next_param"},
			{Name: "next_param", Doc: "the parameter that takes the word under next"},
			{Name: "link_header", Otherwise: "no", Doc: "yes: the next part is in the header Link"},
			{Name: "page_param", Doc: "the parameter that counts parts, from first_page on"},
			{Name: "first_page", Otherwise: "1", Doc: "the number of the first part"},
			{Name: "offset_param", Doc: "the parameter that counts records, from 0 on"},
			{Name: "size_param", Doc: "the parameter that says how many records come at once"},
			{Name: "complete", Otherwise: "no", Doc: "yes: each answer is all there is, so that what it lacks is retired; no time is asked for"},
		},
		Parts:  []Part{{Name: "records", First: request, Ending: ".ndjson"}},
		Rights: "whatever reading takes, and no more",
	}
}

// As is a part as settings have it: of a generic source they say the kind.
func (p Part) As(s Settings) Part {
	if p.Kind == "" {
		p.Kind, p.Format, p.Whole = s.Set["kind"], s.Set["format"], s.Set["complete"] == "yes"
	}
	return p
}

// request asks for the first part.
func request(s Settings, w Window) *Ask {
	c := call{set: s.Set, w: w, size: s.Size}
	c.number, _ = strconv.Atoi(s.Set["first_page"])
	return c.ask("")
}

// call is a generic question.
type call struct {
	set    map[string]string
	w      Window
	size   int
	number int      // of the part
	had    int      // records that came
	marks  []string // what led here, so that a circle is seen
}

// filled returns text with the times of the window.
func (c call) filled(text string) string {
	return strings.NewReplacer("{from}", c.time(c.w.From), "{to}", c.time(c.w.To)).Replace(text)
}

func (c call) time(t time.Time) string {
	switch c.set["times"] {
	case "epoch":
		return strconv.FormatInt(t.Unix(), 10)
	case "epoch_ms":
		return strconv.FormatInt(t.UnixMilli(), 10)
	}
	return stamp(t)
}

// ask asks for a part; mark is the word of the one before for it.
func (c call) ask(mark string) *Ask {
	a := &Ask{Method: "GET", Path: c.filled(c.set["path"]), Query: url.Values{}, Read: c.read}
	if strings.EqualFold(c.set["method"], "POST") {
		a.Method = "POST"
		if body := c.filled(c.set["body"]); json.Valid([]byte(body)) {
			a.Body = []byte(body)
		}
	}
	if !strings.HasPrefix(a.Path, "/") {
		a.Path = "/" + a.Path
	}
	if q, err := url.ParseQuery(c.filled(strings.ReplaceAll(c.set["query"], "+", "%2B"))); err == nil {
		a.Query = q
	}
	for param, value := range map[string]string{"page_param": strconv.Itoa(c.number), "offset_param": strconv.Itoa(c.had), "size_param": strconv.Itoa(c.size), "next_param": mark} {
		if name := c.set[param]; name != "" && value != "" {
			a.Query.Set(name, value)
		}
	}
	return a
}

func (c call) read(a Answer) (Reply, error) {
	if !json.Valid(a.Body) {
		return Reply{}, unreadable("JSON", nil)
	}
	list, ok := inside(a.Body, c.set["records"])
	if !ok {
		return Reply{}, unreadable("one with a list under "+c.set["records"], nil)
	}
	var records []json.RawMessage
	if err := json.Unmarshal(list, &records); err != nil {
		return Reply{}, unreadable("one with a list under "+c.set["records"], err)
	}
	var r Reply
	for _, raw := range records {
		id, _ := inside(raw, c.set["id"])
		if c.set["id"] == "" {
			id = nil
		}
		r.Records = append(r.Records, Record{ID: strings.Trim(string(id), `"`), JSON: raw})
	}
	c.had, c.number = c.had+len(records), c.number+1
	return c.further(a, r, len(records))
}

// further says what to ask next.
func (c call) further(a Answer, r Reply, n int) (Reply, error) {
	mark := ""
	switch {
	case c.set["next"] != "":
		raw, _ := inside(a.Body, c.set["next"])
		if json.Unmarshal(raw, &mark) != nil && string(raw) != "null" && string(raw) != "false" {
			mark = string(raw) // a number
		}
	case c.set["link_header"] == "yes":
		mark = nextOf(a.Link)
	case (c.set["page_param"] != "" || c.set["offset_param"] != "") && n >= c.size:
		r.Next = c.ask("")
		return r, nil
	}
	if mark == "" {
		return r, nil
	}
	if slices.Contains(c.marks, mark) {
		return Reply{}, unreadable("one that goes on: it leads back to "+mark, nil)
	}
	c.marks = append(slices.Clone(c.marks[max(0, len(c.marks)-8):]), mark)
	if c.set["next_param"] != "" {
		r.Next = c.ask(mark)
		return r, nil
	}
	r.Next = &Ask{Method: "GET", Path: mark, Linked: true, Read: c.read}
	return r, nil
}

// inside returns what stands at a path of names with dots between; the whole where the path
// is empty.
func inside(raw json.RawMessage, path string) (json.RawMessage, bool) {
	if path == "" {
		return raw, true
	}
	name, rest, _ := strings.Cut(path, ".")
	var o map[string]json.RawMessage
	if json.Unmarshal(raw, &o) != nil {
		return nil, false
	}
	if v, ok := o[path]; ok { // a name with dots in it
		return v, true
	}
	v, ok := o[name]
	if !ok {
		return nil, false
	}
	return inside(v, rest)
}

// nextOf returns the address of rel="next" in a header Link (RFC 8288).
func nextOf(header string) string {
	for part := range strings.SplitSeq(header, ",") {
		link, params, _ := strings.Cut(part, ";")
		link = strings.TrimSpace(link)
		if strings.HasPrefix(link, "<") && strings.HasSuffix(link, ">") && strings.Contains(strings.ReplaceAll(params, `"`, ""), "rel=next") {
			return link[1 : len(link)-1]
		}
	}
	return ""
}
