package api

import (
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/upkeep"
)

// operationPath is where an installation says what is amiss with it, and readyPath where it
// says whether it can answer and take what is sent.
const (
	operationPath = "/api/v1/operation"
	readyPath     = "/readyz"
)

type operationOutput struct{ Body upkeep.State }

func (s *server) registerOperation(h huma.API, mux *door.Router) {
	if s.Operation == nil {
		return
	}
	huma.Register(h, operation(h, "show-operation", operationPath, "What is amiss with the installation, and what whoever runs it is to do"), s.operation)
	// Probes have no token, and are told no more than yes or no.
	mux.Handle("GET "+readyPath, identity.Enter, readyPath, s.ready)
}

func (s *server) operation(ctx context.Context, _ *nothing) (*operationOutput, error) {
	return &operationOutput{Body: s.Operation(ctx)}, nil
}

// ready says whether the installation can answer and take what is sent.
func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	answer := `{"ready":true}`
	if !s.Operation(r.Context()).Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
		answer = `{"ready":false}`
	}
	_, _ = io.WriteString(w, answer+"\n")
}
