package taxii

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/near"
)

// query is what a request asks of a collection.
type query struct {
	after       time.Time
	limit       int // 0 for all
	next        *mark
	ids, types  []string
	versions    []string
	specs       []string
	onlyVersion bool // match[version] does not count: the versions are what is listed
}

// mark is the place in a collection after which a next answer goes on.
type mark struct {
	added int64 // microseconds
	bytes uint64
}

// The parameters of a query.
const (
	afterParameter   = "added_after"
	limitParameter   = "limit"
	nextParameter    = "next"
	idParameter      = "match[id]"
	typeParameter    = "match[type]"
	versionParameter = "match[version]"
	specParameter    = "match[spec_version]"
)

// ask reads the parameters of a request, of which it may have the given ones.
func ask(r *http.Request, may ...string) (query, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return query{}, bad("query", "the query cannot be read")
	}
	may = append([]string{afterParameter, limitParameter, nextParameter, specParameter}, may...)
	q := query{}
	for name, given := range values {
		if !slices.Contains(may, name) {
			return query{}, fault.New(fault.Invalid, "this address has no parameter %q", name).At("%s", name).Next("%s", near.Hint(name, may, ""))
		}
		if len(given) != 1 {
			return query{}, bad(name, "it is given %d times", len(given))
		}
		if err := q.take(name, given[0]); err != nil {
			return query{}, err
		}
	}
	if len(q.versions) == 0 {
		q.versions = []string{"last"}
	}
	return q, nil
}

func bad(name, format string, args ...any) error {
	return fault.New(fault.Invalid, format, args...).At("%s", name).Next("see doc/taxii.md for what it may be")
}

// take takes in one parameter.
func (q *query) take(name, value string) (err error) {
	switch name {
	case afterParameter:
		if q.after, err = time.Parse(time.RFC3339Nano, value); err != nil {
			return bad(name, "%q is no time such as 2026-03-01T00:00:00Z", value)
		}
	case limitParameter:
		if q.limit, err = strconv.Atoi(value); err != nil || q.limit < 1 {
			return bad(name, "%q is no number above 0", value)
		}
	case nextParameter:
		if q.next, err = unmark(value); err != nil {
			return bad(name, "this server has not given %q to go on with", value)
		}
	case idParameter:
		q.ids = strings.Split(value, ",")
	case typeParameter:
		q.types = strings.Split(value, ",")
	case specParameter:
		q.specs = strings.Split(value, ",")
	case versionParameter:
		return q.version(value)
	}
	return nil
}

func (q *query) version(value string) error {
	q.versions = strings.Split(value, ",")
	for _, v := range q.versions {
		if _, err := time.Parse(time.RFC3339Nano, v); err != nil && !slices.Contains([]string{"first", "last", "all"}, v) {
			return bad(versionParameter, "%q is neither first, last, all nor a time", v)
		}
	}
	if slices.Contains(q.versions, "all") && len(q.versions) > 1 {
		return bad(versionParameter, "all stands alone")
	}
	return nil
}

func (m mark) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", m.added, m.bytes))
}

func unmark(text string) (*mark, error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	added, bytes, _ := strings.Cut(string(b), ".")
	m := &mark{}
	if m.added, err = strconv.ParseInt(added, 10, 64); err != nil {
		return nil, err
	}
	m.bytes, err = strconv.ParseUint(bytes, 10, 64)
	return m, err
}

// result is what a query finds: entries by their index, and whether there are more.
type result struct {
	*shelf
	found []int
	more  bool
}

// find answers a query.
func (sh *shelf) find(q query) result {
	res := result{shelf: sh}
	if len(q.specs) > 0 && !slices.Contains(q.specs, sh.release.STIX) {
		return res
	}
	for i := range sh.entries {
		if e := &sh.entries[i]; !q.past(e) || !sh.matches(q, i) {
			continue
		}
		if q.limit > 0 && len(res.found) == q.limit {
			res.more = true
			break
		}
		res.found = append(res.found, i)
	}
	return res
}

// past reports whether an entry comes after what was asked for and given before.
func (q *query) past(e *item) bool {
	if !q.after.IsZero() && !e.added.After(q.after) {
		return false
	}
	at := e.mark()
	return q.next == nil || at.added > q.next.added || at.added == q.next.added && at.bytes > q.next.bytes
}

func (e *item) mark() mark { return mark{e.added.UnixMicro(), e.bytes} }

// matches reports whether the entry at an index is one that is asked for.
func (sh *shelf) matches(q query, i int) bool {
	e := &sh.entries[i]
	if q.ids != nil && !slices.Contains(q.ids, e.id) || q.types != nil && !slices.Contains(q.types, e.typ) {
		return false
	}
	of := sh.byID[e.id]
	for _, v := range q.versions {
		switch {
		case q.onlyVersion, v == "all", v == "first" && of[0] == i, v == "last" && of[len(of)-1] == i:
			return true
		}
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil && t.Equal(e.at) {
			return true
		}
	}
	return false
}
