package web

import (
	"net/http"
	"net/url"
	"strings"
)

// compareIDs reads which objects are to be compared: one to a parameter, or several in one.
func compareIDs(r *http.Request) []string {
	return strings.FieldsFunc(strings.Join(r.URL.Query()["id"], " "), func(c rune) bool { return c == ' ' || c == ',' || c == ';' })
}

// compared returns the objects that a request asks for, side by side.
func (s *site) compared(r *http.Request) (rosterView, error) {
	fr, req, err := s.asking(r, "objects", "Side by side")
	if err != nil {
		return rosterView{}, err
	}
	req.Platform = ""
	ids := compareIDs(r)
	v := rosterView{frame: fr, Compared: true, IDs: strings.Join(ids, " "), query: r.URL.Query()}
	if len(ids) == 0 {
		v.L.Title, v.Bare = "Side by side", true
		v.L.Empty = "Name two or more groups, campaigns, software, mitigations or tactics by their ATT&CK IDs, for example G0016 and G0032."
		return v, nil
	}
	l, err := s.Rosterer.Compare(r.Context(), req, ids)
	if err != nil {
		return rosterView{}, err
	}
	if v, err = newRoster(r, fr, l); err != nil {
		return rosterView{}, err
	}
	v.Compared, v.IDs, v.Others = true, strings.Join(ids, " "), shelves(fr.Sel, "objects", "")
	v.Title = "Side by side: " + v.IDs
	for _, id := range ids {
		v.hidden = append(v.hidden, field{"id", id})
	}
	return v, nil
}

func (s *site) comparePage(r *http.Request) (view, error) {
	v, err := s.compared(r)
	if err != nil {
		return view{}, err
	}
	v.Rows, v.Paging, err = onPage(r, v.L.Rows)
	return view{name: "roster", data: v}, err
}

// Compare is the address of objects side by side.
func (s selection) Compare(ids ...string) string {
	q := s.values()
	for _, id := range ids {
		q.Add("id", id)
	}
	return "/compare?" + url.Values(q).Encode()
}
