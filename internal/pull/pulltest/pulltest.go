// Package pulltest has servers that behave as the documents of products say: they hand
// out records in parts, forget where a question was, ask to be left alone, answer in
// part, and break off. It is for tests.
package pulltest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Secret is what the servers let in who bears it.
const Secret = "s3cr3t-0f-the-pull"

// Server is a product of which tests say what goes wrong next.
type Server struct {
	*httptest.Server
	mu sync.Mutex
	// wrong are what befalls the next requests of a path, each once.
	wrong []befalling
	// Asked are the requests that came, as METHOD PATH.
	asked []string
	// open says who may ask; nil for whoever bears Secret anyhow.
	answer http.HandlerFunc
}

// befalling is what befalls one request whose path has a part.
type befalling struct {
	path string
	do   func(w http.ResponseWriter, r *http.Request)
}

// New starts a server that answers as it is told to. It is to be closed.
func New(answer http.HandlerFunc) *Server { return start(answer) }

// Bought is the token that the secret buys where servers sell tokens.
const Bought = "b0ught-for-a-while"

// start begins to serve. Requests without the secret are refused.
func start(answer http.HandlerFunc) *Server {
	s := &Server{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	return s
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	var do func(http.ResponseWriter, *http.Request)
	for i, b := range s.wrong {
		if strings.Contains(r.URL.Path, b.path) {
			do = b.do
			s.wrong = append(s.wrong[:i:i], s.wrong[i+1:]...)
			break
		}
	}
	s.mu.Unlock()
	if do != nil {
		do(w, r)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/token") {
		sell(w, r)
		return
	}
	if !bears(r) {
		http.Error(w, `{"error":"who are you"}`, http.StatusUnauthorized)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer(w, r)
}

// bears reports whether a request bears the secret, in whatever way.
func bears(r *http.Request) bool {
	if _, password, ok := r.BasicAuth(); ok {
		return password == Secret
	}
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return token == Secret || token == Bought || r.Header.Get("X-Key") == Secret
}

// Asked returns the requests that came, as METHOD PATH.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.asked...)
}

// Wrong has something befall the next request whose path has a part, once.
func (s *Server) Wrong(path string, do func(w http.ResponseWriter, r *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, befalling{path, do})
}

// Busy answers that too much is asked, and when to ask again.
func Busy(after string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		http.Error(w, `{"error":"too many requests"}`, http.StatusTooManyRequests)
	}
}

// Status answers a status with a body.
func Status(code int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, code) }
}

// Broken begins an answer and breaks off in the middle.
func Broken(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"hits":{"hits":[{"_id":`)
	panic(http.ErrAbortHandler)
}

// Silent answers nothing until whoever asks has gone.
func Silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// Elsewhere sends whoever asks to another address.
func Elsewhere(at string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, at, http.StatusTemporaryRedirect) }
}

// Echo answers with what the request said of who asks, as a careless server does.
func Echo(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "cannot read "+strings.Join(r.Header.Values("Authorization"), " "), http.StatusForbidden)
}

// sell sells a token to who has the secret.
func sell(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("client_secret") != Secret || r.PostFormValue("grant_type") != "client_credentials" {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	send(w, map[string]any{"access_token": Bought, "expires_in": 3600, "token_type": "Bearer"})
}

func send(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func parse(text string) time.Time {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.000-0700"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
