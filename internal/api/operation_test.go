package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/upkeep"
)

// TestProbesAreToldYesOrNo asks without a token a server that asks everyone for one.
func TestProbesAreToldYesOrNo(t *testing.T) {
	facts := upkeep.Facts{At: time.Now(), Writable: true, Releases: 1, Imported: time.Now(), Browser: true, Dead: 3}
	h := New(Deps{Door: door.New(door.Config{Rules: identity.Rules{TokenToRead: true}, Now: time.Now}), Operation: func(context.Context) upkeep.State { return upkeep.Of(facts) }})
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	if w := ask(readyPath); w.Code != http.StatusOK || w.Body.String() != "{\"ready\":true}\n" {
		t.Errorf("something is amiss and stops nothing: %d %s", w.Code, w.Body)
	}
	facts.Writable = false
	if w := ask(readyPath); w.Code != http.StatusServiceUnavailable || w.Body.String() != "{\"ready\":false}\n" {
		t.Errorf("nothing can be taken: %d %s", w.Code, w.Body)
	}
	if w := ask(operationPath); w.Code != http.StatusUnauthorized {
		t.Errorf("what is amiss is told to everybody: %d", w.Code)
	}
}
