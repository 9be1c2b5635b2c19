package taxii_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/ingest"
	"candor/internal/library"
	"candor/internal/store/sqlite"
	"candor/internal/taxii"
)

// served is a server over a library of two releases of one domain.
type served struct {
	t *testing.T
	*httptest.Server
	door *door.Door
}

const media = "application/taxii+json;version=2.1"

// Three objects; the second release changes the one, keeps the other, adds a third.
const (
	frame  = `{"type":"bundle","id":"bundle--1","objects":[%]}`
	maker  = `{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--1","created":"2017-06-01T00:00:00.000Z"}`
	keeps  = `{"type":"tool", "spec_version":"2.1","id":"tool--1", "name":"kept as <it> \u0069s",  "modified":"2024-01-01T00:00:00.000Z","created":"2020-01-01T00:00:00.000Z"}`
	before = `{"type":"tool","spec_version":"2.1","id":"tool--2","name":"before","modified":"2024-01-01T00:00:00.000Z"}`
	after  = `{"type":"tool","spec_version":"2.1","id":"tool--2","name":"after","modified":"2025-01-01T00:00:00.000Z"}`
	added  = `{"type":"malware","spec_version":"2.1","id":"malware--1","name":"new","modified":"2025-01-01T00:00:00.000Z"}`
)

// The times that the releases were imported at.
var (
	first  = time.Date(2026, 3, 1, 10, 0, 0, 123456789, time.UTC)
	second = first.Add(24 * time.Hour)
)

func serve(t *testing.T, rules identity.Rules) *served {
	t.Helper()
	lib, err := sqlite.OpenLibrary(t.Context(), filepath.Join(t.TempDir(), "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lib.Close() })
	for _, b := range []struct {
		version string
		at      time.Time
		objects []string
	}{{"1.0", first, []string{maker, keeps, before}}, {"2.0", second, []string{after, maker, keeps, added, before}}} { // which repeats an id
		path := filepath.Join(t.TempDir(), "b.json")
		if err := os.WriteFile(path, []byte(strings.Replace(frame, "%", strings.Join(b.objects, ",\n"), 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ingest.NewBundles(lib).Import(t.Context(), ingest.BundleRequest{Source: path, Domain: "ics-attack", Release: b.version, Now: b.at}); err != nil {
			t.Fatal(err)
		}
	}
	s := &served{t: t, door: door.New(door.Config{Rules: rules, Now: time.Now})}
	s.Server = httptest.NewServer(taxii.New(taxii.Deps{Store: lib, Origin: library.New(lib), Door: s.door, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}))
	t.Cleanup(s.Close)
	return s
}

func (s *served) ask(method, path, accept string) (*http.Response, []byte) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	w, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Body.Close()
	b, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if got := w.Header.Get("Content-Type"); got != media {
		s.t.Errorf("%s %s: content type %q", method, path, got)
	}
	return w, b
}

type answer struct {
	More        bool
	Next        string
	Objects     []json.RawMessage
	Versions    []string
	Collections []struct {
		ID, Alias, Title  string
		CanRead, CanWrite bool
		Media             []string `json:"media_types"`
	}
}

func (s *served) get(path string) (*http.Response, answer) {
	s.t.Helper()
	w, b := s.ask("GET", path, media)
	var a answer
	if err := json.Unmarshal(b, &a); err != nil || w.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s %v %s", path, w.Status, err, b)
	}
	return w, a
}

const latest = "/taxii2/attack/collections/ics-latest/"

func ids(a answer) string {
	var list []string
	for _, o := range a.Objects {
		var v struct{ ID, Name, Version string }
		_ = json.Unmarshal(o, &v)
		list = append(list, strings.TrimSpace(v.ID+" "+v.Name))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func TestCollectionsAreTheReleasesAndTheNewest(t *testing.T) {
	s := serve(t, identity.Rules{})
	_, a := s.get("/taxii2/attack/collections/")
	var aliases []string
	for _, c := range a.Collections {
		aliases = append(aliases, c.Alias)
		if c.Media[0] != "application/stix+json;version=2.1" || len(c.ID) != 36 {
			t.Errorf("%+v", c)
		}
		if _, one := s.get("/taxii2/attack/collections/" + c.ID + "/objects/"); len(one.Objects) == 0 {
			t.Errorf("%s is empty", c.Alias)
		}
	}
	if got := strings.Join(aliases, " "); got != "ics-latest ics-2.0 ics-1.0" {
		t.Errorf("collections %s", got)
	}
}

func TestObjectsAreTheBytesThatWereImported(t *testing.T) {
	s := serve(t, identity.Rules{})
	w, b := s.ask("GET", latest+"objects/", media)
	for _, o := range []string{maker, keeps, after, added} {
		if !bytes.Contains(b, []byte(o)) {
			t.Errorf("not served as it was imported: %s\n%s", o, b)
		}
	}
	if bytes.Contains(b, []byte(before)) {
		t.Error("an earlier version is served where the last is meant")
	}
	if f, l := w.Header.Get("X-TAXII-Date-Added-First"), w.Header.Get("X-TAXII-Date-Added-Last"); f != "2026-03-01T10:00:00.123456Z" || l != "2026-03-02T10:00:00.123456Z" {
		t.Errorf("added from %s to %s", f, l)
	}
}

func TestFiltersNarrow(t *testing.T) {
	s := serve(t, identity.Rules{})
	for _, c := range []struct{ path, query, want string }{
		{"objects/", "match[type]=malware", "malware--1 new"},
		{"objects/", "match[type]=malware,marking-definition", "malware--1 new, marking-definition--1"},
		{"objects/", "match[id]=tool--2,tool--9", "tool--2 after"},
		{"objects/", "match[id]=tool--2&match[version]=first", "tool--2 before"},
		{"objects/", "match[id]=tool--2&match[version]=all", "tool--2 after, tool--2 before"},
		{"objects/", "match[id]=tool--2&match[version]=2024-01-01T00:00:00Z", "tool--2 before"},
		{"objects/", "match[version]=2017-06-01T00:00:00Z", "marking-definition--1"}, // what has no other time
		{"objects/", "match[spec_version]=2.0", ""},
		{"objects/", "match[spec_version]=2.0,2.1&match[type]=malware", "malware--1 new"},
		{"objects/", "added_after=2026-03-01T10:00:00.123456Z", "malware--1 new, tool--2 after"}, // what the newest had before is not new
		{"objects/", "added_after=2026-03-02T10:00:00.123456Z", ""},
		{"objects/tool--2/", "", "tool--2 after"},
		{"objects/tool--2/", "match[version]=all", "tool--2 after, tool--2 before"},
		{"manifest/", "match[type]=malware", "malware--1"},
		{"manifest/", "added_after=2026-03-01T10:00:00.123456Z", "malware--1, tool--2"},
	} {
		_, a := s.get(latest + c.path + "?" + strings.NewReplacer("[", url.QueryEscape("["), "]", url.QueryEscape("]")).Replace(c.query))
		if got := ids(a); got != c.want || a.More {
			t.Errorf("%s?%s: %q, want %q", c.path, c.query, got, c.want)
		}
	}
	if _, a := s.get(latest + "objects/tool--2/versions/"); strings.Join(a.Versions, " ") != "2024-01-01T00:00:00.000Z 2025-01-01T00:00:00.000Z" {
		t.Errorf("versions %v", a.Versions)
	}
	if _, a := s.get("/taxii2/attack/collections/ics-1.0/objects/?added_after=2026-03-01T10:00:00Z"); len(a.Objects) != 3 {
		t.Errorf("%d objects of the first release", len(a.Objects))
	}
}

func TestPagesAddUpToTheWhole(t *testing.T) {
	s := serve(t, identity.Rules{})
	for _, path := range []string{"objects/", "manifest/"} {
		_, whole := s.get(latest + path + "?match%5Bversion%5D=all")
		var parts answer
		next := ""
		for {
			_, a := s.get(latest + path + "?match%5Bversion%5D=all&limit=2" + next)
			parts.Objects = append(parts.Objects, a.Objects...)
			if len(a.Objects) > 2 || a.More != (a.Next != "") {
				t.Errorf("%d objects, more %v, next %q", len(a.Objects), a.More, a.Next)
			}
			if !a.More {
				break
			}
			next = "&next=" + a.Next
		}
		if ids(parts) != ids(whole) || len(parts.Objects) != 5 {
			t.Errorf("%s: %s in parts, %s whole", path, ids(parts), ids(whole))
		}
	}
}

func TestWhatCannotBeMetIsRefusedAsTheStandardSays(t *testing.T) {
	s := serve(t, identity.Rules{})
	for _, c := range []struct {
		method, path, accept string
		status               int
	}{
		{"GET", "/taxii2/", "", 200},
		{"GET", "/taxii2/", "*/*", 200},
		{"GET", "/taxii2/", "text/html, application/taxii+json", 200},
		{"GET", "/taxii2/", "application/taxii+json;version=2.1", 200},
		{"GET", "/taxii2/", "application/taxii+json; version=2.0", 406},
		{"GET", "/taxii2/", "application/taxii+json;q=0", 406},
		{"GET", "/taxii2/", "text/html", 406},
		{"GET", "/taxii2/", "nonsense;;", 406},
		{"GET", latest + "objects/", "application/vnd.oasis.stix+json", 406},
		{"HEAD", latest + "objects/", media, 200},
		{"POST", latest + "objects/", media, 405},
		{"DELETE", latest + "objects/tool--1/", media, 405},
		{"PUT", "/taxii2/", media, 405},
		{"GET", "/taxii2/attack/status/1/", media, 404},
		{"GET", "/taxii2/other/", media, 404},
		{"GET", "/taxii2/attack/collections", media, 200}, // it is sent on to the path with a slash
		{"GET", "/taxii2/attack/collections/ics-9.0/", media, 404},
		{"GET", latest + "objects/tool--9/", media, 404},
		{"GET", latest + "objects/tool--9/versions/", media, 404},
		{"GET", latest + "objects/?limit=0", media, 400},
		{"GET", latest + "objects/?limit=x", media, 400},
		{"GET", latest + "objects/?next=x", media, 400},
		{"GET", latest + "objects/?added_after=yesterday", media, 400},
		{"GET", latest + "objects/?match%5Bversion%5D=newest", media, 400},
		{"GET", latest + "objects/?match%5Bversion%5D=all,last", media, 400},
		{"GET", latest + "objects/?match%5Btipe%5D=tool", media, 400},
		{"GET", latest + "objects/?limit=1&limit=2", media, 400},
		{"GET", latest + "objects/tool--1/versions/?match%5Bversion%5D=all", media, 400},
	} {
		w, b := s.ask(c.method, c.path, c.accept)
		if w.StatusCode != c.status {
			t.Errorf("%s %s (%s): %d, want %d", c.method, c.path, c.accept, w.StatusCode, c.status)
		}
		if c.status == 405 && w.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: allow %q", c.path, w.Header.Get("Allow"))
		}
		var e struct {
			Title  string
			Status string `json:"http_status"`
		}
		if c.status >= 400 && (json.Unmarshal(b, &e) != nil || e.Title == "" || e.Status == "") {
			t.Errorf("%s: no error message: %s", c.path, b)
		}
	}
	locked := serve(t, identity.Rules{TokenToRead: true})
	if w, _ := locked.ask("GET", latest, media); w.StatusCode != 401 || w.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("without a token: %s", w.Status)
	}
}

// others is how a client that others wrote reads what is served.
const others = `import sys
from taxii2client.v21 import Server, as_pages
server = Server(sys.argv[1])
root = server.api_roots[0]
print(server.title, root.versions, [c._raw["alias"] for c in root.collections])
latest = root.collections[0]
print(sorted(o["id"] for o in latest.get_objects()["objects"]))
print([len(p["objects"]) for p in as_pages(latest.get_objects, per_request=3)])
print([len(p["objects"]) for p in as_pages(latest.get_manifest, per_request=2, version="all")])
print([o["name"] for o in latest.get_object("tool--2")["objects"]], latest.object_versions("tool--2")["versions"])
print([o["id"] for o in latest.get_objects(type="malware", added_after="2026-03-01T10:00:00.123456Z")["objects"]])
print(latest.get_objects(spec_version="2.0"))
`

func TestAClientThatOthersWroteReadsIt(t *testing.T) {
	python := os.Getenv("CANDOR_TEST_PYTHON")
	if python == "" {
		t.Skip("CANDOR_TEST_PYTHON names no Python with taxii2-client")
	}
	s := serve(t, identity.Rules{})
	out, err := exec.Command(python, "-c", others, s.URL+"/taxii2/").CombinedOutput()
	const want = `Candor ['application/taxii+json;version=2.1'] ['ics-latest', 'ics-2.0', 'ics-1.0']
['malware--1', 'marking-definition--1', 'tool--1', 'tool--2']
[3, 1]
[2, 2, 1]
['after'] ['2024-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z']
['malware--1']
{}
`
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
}
