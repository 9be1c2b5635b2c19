package question

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

// settings are those of a product with every setting said.
func settings(p Product) Settings {
	s := Settings{Size: 2, Set: map[string]string{}}
	for _, f := range p.Fields {
		s.Set[f.Name] = f.Otherwise
		if s.Set[f.Name] == "" && f.Name != "index" {
			s.Set[f.Name] = "x"
		}
	}
	return s
}

func window() Window {
	to := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	return Window{To: to.Add(-time.Hour), From: to.Add(-25 * time.Hour)}
}

func TestEveryProductSaysHowItIsAsked(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Products() {
		if seen[p.Name] || p.Title == "" || p.Rights == "" || len(p.Auths) == 0 || len(p.Parts) == 0 {
			t.Errorf("%+v", p)
		}
		seen[p.Name] = true
		services := map[string]bool{"": true}
		for _, f := range p.Services {
			services[f.Name] = true
		}
		for _, part := range p.Parts {
			ask := part.First(settings(p), window())
			if ask == nil || ask.Method == "" || ask.Read == nil || !services[ask.Service] {
				t.Errorf("%s %s: %+v", p.Name, part.Name, ask)
			}
		}
	}
}

// FuzzAnswers hands whatever comes to what reads the answers of every product, and to what
// reads the answers to what is asked then.
func FuzzAnswers(f *testing.F) {
	for _, text := range []string{
		`{}`, `[]`, `null`, `{"id":"p"}`, `{"sid":"1"}`, `{"hits":{"hits":[{"_id":"1","sort":["2026-01-01T00:00:00Z",3]},{"_id":"2","sort":[5]}]}}`,
		`{"timed_out":true,"_shards":{"total":2,"failed":1},"hits":{"hits":[]}}`, `{"total":3,"data":[{"rule_id":"a"}]}`,
		`{"tables":[{"name":"PrimaryResult","columns":[{"name":"a","type":"string"}],"rows":[["x"],[null]]}],"error":{"code":"PartialError"}}`,
		`{"value":[{"id":"1"}],"nextLink":"https://x/y","@odata.nextLink":"https://x/z"}`, `{"results":[{"a":"1"}],"messages":[{"type":"ERROR","text":"x"}]}`,
		`{"entry":[{"name":"a","content":{"search":"x\ny"}}],"paging":{"total":4}}`, `[{"_id":"~1","_createdAt":5,"_updatedAt":6},{"_id":"~2","_createdAt":5}]`,
	} {
		f.Add([]byte(text), 200, "")
		f.Add([]byte(text), 404, `<https://x/?page=2>; rel="next"`)
	}
	products := Products()
	f.Fuzz(func(t *testing.T, body []byte, status int, link string) {
		for _, p := range products {
			for _, part := range p.Parts {
				ask := part.First(settings(p), window())
				for range 6 {
					if ask == nil || ask.Read == nil {
						break
					}
					r, err := ask.Read(Answer{Status: status, Link: link, Body: body})
					if err != nil {
						break
					}
					holds(t, part, r)
					ask = r.Next
				}
			}
		}
	})
}

// FuzzGeneric hands whatever an answer may be to a source that answers in JSON, with whatever
// a configuration says of where its records and the way on are.
func FuzzGeneric(f *testing.F) {
	f.Add([]byte(`{"data":{"items":[{"id":1},{"id":2}]},"meta":{"next":"n2"}}`), `<https://x/?p=2>; rel=next`, "data.items", "id", "meta.next", "cursor", uint8(0))
	f.Add([]byte(`[{"a.b":"x"},3,null]`), "", "", "a.b", "", "", uint8(1))
	f.Add([]byte(`{"items":[{},{}],"next":7}`), "<>;rel=next,<a>;rel=\"next\"", "items", "", "next", "", uint8(2))
	f.Add([]byte(`{"a":{"b":{"c":[[]]}}}`), "", "a.b.c", "..", ".", "x", uint8(7))
	f.Add([]byte(`{"items":null,"next":false}`), "", "items", "id", "next", "page", uint8(3))
	generic, ok := Of("http")
	if !ok {
		f.Fatal("no generic product")
	}
	f.Fuzz(func(t *testing.T, body []byte, link, records, id, next, param string, how uint8) {
		s := settings(*generic)
		s.Set["path"], s.Set["query"], s.Set["records"], s.Set["id"], s.Set["next"], s.Set["next_param"] = "/"+records, "a={from}&b={to}", records, id, next, param
		for i, name := range []string{"link_header", "page_param", "offset_param"} {
			if s.Set[name] = ""; how>>i&1 == 1 {
				s.Set[name] = map[bool]string{true: "yes", false: "p"}[i == 0]
			}
		}
		for _, part := range generic.Parts {
			ask := part.First(s, window())
			for n := 0; ask != nil && ask.Read != nil && n < 12; n++ {
				r, err := ask.Read(Answer{Status: 200, Link: link, Body: body})
				if err != nil {
					break
				}
				holds(t, part, r)
				ask = r.Next
			}
		}
	})
}

// holds checks what must be true of every reply.
func holds(t *testing.T, part Part, r Reply) {
	for _, rec := range r.Records {
		line, err := Lines([]Record{rec})
		if err != nil || bytes.Count(line, []byte("\n")) != 1 || !json.Valid(line) {
			t.Errorf("%s: %q makes %q, %v", part.Name, rec.JSON, line, err)
		}
	}
	if part.Frame != nil {
		if _, err := part.Frame(r.Records); err != nil {
			t.Errorf("%s: %v", part.Name, err)
		}
	}
	if a := r.Next; a != nil && (a.Method == "" || a.Path == "" || a.Body != nil && !a.Form && !json.Valid(a.Body)) {
		t.Errorf("%s: %+v", part.Name, a)
	}
}
