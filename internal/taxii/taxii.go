// Package taxii serves the library as the OASIS standard TAXII 2.1 says, to be read: a
// collection for every imported release, and one for the newest of each domain.
//
// Objects go out as the very bytes that were imported, one after the other: no answer is
// held whole. It refuses, with the error message of the standard, what it cannot read as
// the standard means it, so that a filter that is misspelt is never taken for none; nothing
// can be written.
package taxii

import (
	"context"
	"log/slog"
	"net/http"

	"candor/internal/attack"
	"candor/internal/cache"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/library"
	"candor/internal/store"
)

// Origin names the source and licence of a release.
type Origin interface {
	Origin(ctx context.Context, r attack.Release) (library.Official, error)
}

// Deps is what the server is made from. Every field is needed.
type Deps struct {
	Store  store.LibraryReader
	Origin Origin
	Door   *door.Door
	Log    *slog.Logger
}

// Path is where discovery is found, and root the one API root.
const (
	Path = "/taxii2/"
	root = Path + "attack/"
)

type server struct {
	Deps
	shelves cache.Cache[*shelf]
}

// mostShelves is how many collections are kept sorted in memory.
const mostShelves = 6

// New returns the handler of everything under Path.
func New(d Deps) http.Handler {
	s := &server{Deps: d, shelves: cache.Cache[*shelf]{Most: mostShelves}}
	mux := d.Door.Router(func(w http.ResponseWriter, r *http.Request, err error) { refuse(w, door.Refuse(w, r, err), err) })
	const one = root + "collections/{id}/"
	for pattern, answer := range map[string]func(http.ResponseWriter, *http.Request) error{
		Path + "{$}":                          s.discover,
		root + "{$}":                          s.about,
		root + "collections/{$}":              s.collections,
		one + "{$}":                           s.collection,
		one + "manifest/{$}":                  s.manifest,
		one + "objects/{$}":                   s.objects,
		one + "objects/{object}/{$}":          s.object,
		one + "objects/{object}/versions/{$}": s.versions,
	} {
		mux.HandleFunc("GET "+pattern, s.taxi(answer))
	}
	mux.HandleFunc(Path, func(w http.ResponseWriter, r *http.Request) { s.unknown(mux, w, r) })
	return mux
}

// taxi negotiates the media type of an answer, and renders an error as the standard has it.
func (s *server) taxi(answer func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !acceptable(r.Header.Values("Accept")) {
			refuse(w, http.StatusNotAcceptable, fault.New(fault.Usage, "none of the media types that are accepted is that of TAXII 2.1").
				Next("send the header Accept: %s", mediaType))
			return
		}
		if err := answer(w, r); err != nil {
			status := fault.HTTPStatus(err)
			if status >= http.StatusInternalServerError && r.Context().Err() == nil {
				s.Log.ErrorContext(r.Context(), "request failed", "error", err)
			}
			refuse(w, status, err)
		}
	}
}

// unknown answers for every path and method that has no handler of its own.
func (s *server) unknown(mux *door.Router, w http.ResponseWriter, r *http.Request) {
	read := r.Clone(r.Context())
	read.Method = http.MethodGet
	if mux.Pattern(read) != Path {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, fault.New(fault.Usage, "nothing can be written here: the library is to be read").At("%s", r.URL.Path).Next("use GET"))
		return
	}
	refuse(w, http.StatusNotFound, fault.New(fault.NotFound, "the server has no such path").At("%s", r.URL.Path).Next("begin at %s", Path))
}

func (s *server) discover(w http.ResponseWriter, r *http.Request) error {
	return send(w, r, struct {
		Title       string   `json:"title"`
		Description string   `json:"description"`
		Default     string   `json:"default"`
		Roots       []string `json:"api_roots"`
	}{"Candor", "The ATT&CK library of a Candor, to be read", root, []string{root}})
}

func (s *server) about(w http.ResponseWriter, r *http.Request) error {
	return send(w, r, struct {
		Title       string   `json:"title"`
		Description string   `json:"description"`
		Versions    []string `json:"versions"`
		Most        int      `json:"max_content_length"`
	}{"ATT&CK releases", "A collection for every release that is imported, and one for the newest of each domain. Nothing is taken.", []string{mediaType}, 1})
}

func (s *server) collections(w http.ResponseWriter, r *http.Request) error {
	list, err := s.all(r.Context())
	if err != nil {
		return err
	}
	views := []view{}
	for i := range list {
		v, err := s.view(r.Context(), &list[i])
		if err != nil {
			return err
		}
		views = append(views, v)
	}
	return send(w, r, struct {
		Collections []view `json:"collections,omitempty"`
	}{views})
}

func (s *server) collection(w http.ResponseWriter, r *http.Request) error {
	c, err := s.named(r)
	if err != nil {
		return err
	}
	v, err := s.view(r.Context(), c)
	if err != nil {
		return err
	}
	return send(w, r, v)
}
