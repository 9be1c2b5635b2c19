package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/near"
)

// problemType is the content type of a problem (RFC 9457).
const problemType = "application/problem+json"

// Problem is the answer to a request that could not be met: a problem of RFC
// 9457 with the kind of fault, its place and the next step.
type Problem struct {
	Title   string `json:"title" doc:"The HTTP status in words"`
	Status  int    `json:"status" doc:"The HTTP status"`
	Kind    string `json:"kind" doc:"What class of failure it is, for machines" enum:"internal,not_found,invalid,conflict,refused,unavailable,usage"`
	Message string `json:"message" doc:"What was wrong, for people"`
	Where   string `json:"where,omitempty" doc:"The place of the fault"`
	Hint    string `json:"hint,omitempty" doc:"What to do next"`
}

// Error returns the message.
func (p *Problem) Error() string { return p.Message }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the content type of a problem instead of that of JSON.
func (p *Problem) ContentType(string) string { return problemType }

// problem returns what a client may know of err. The rest goes to the log.
func (s *server) problem(ctx context.Context, err error) *Problem {
	status := fault.HTTPStatus(err)
	p := &Problem{Title: http.StatusText(status), Status: status, Kind: string(fault.KindOf(err)), Hint: fault.HintOf(err)}
	if status >= http.StatusInternalServerError && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "request failed", "error", err)
	}
	var f *fault.Error
	if fault.KindOf(err) == fault.Internal || !errors.As(err, &f) {
		p.Message, p.Hint = "the request failed for a reason of the server's own", "the server's log says why"
		return p
	}
	p.Message, p.Where = f.What, f.Where
	if status >= http.StatusInternalServerError && filepath.IsAbs(f.Where) { // a file of the server's
		p.Where = evidence.FileName(f.Where)
	}
	return p
}

// ours turns the framework's own errors into problems.
func ours(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	status := statusOf(m.Status)
	p := &Problem{Title: http.StatusText(status), Status: status, Kind: string(fault.Usage), Message: m.Detail,
		Hint: "see " + documentPath + " for the parameters and their values"}
	if status >= http.StatusInternalServerError {
		p.Kind, p.Hint = string(fault.Internal), ""
	}
	for i, d := range m.Errors {
		if i == 0 {
			p.Message, p.Where = d.Message, strings.Replace(d.Location, ".", " ", 1)
			if words, ok := strings.CutPrefix(d.Message, "expected value to be one of \""); ok {
				p.Hint = near.Hint(fmt.Sprint(d.Value), strings.Split(strings.TrimSuffix(words, "\""), ", "), p.Hint)
			}
			continue
		}
		p.Message += "; " + strings.Replace(d.Location, ".", " ", 1) + ": " + d.Message
	}
	return p, nil
}

// statusOf returns the status that Candor gives for the framework's: a request
// that says something wrong is 400 whatever is wrong with it.
func statusOf(code int) int {
	if code == http.StatusUnprocessableEntity {
		return http.StatusBadRequest
	}
	return code
}

// statusContext writes the status that statusOf gives.
type statusContext struct{ inner }

type inner = huma.Context

// SetStatus sets the status of the response.
func (c statusContext) SetStatus(code int) { c.inner.SetStatus(statusOf(code)) }

// Unwrap returns the context below.
func (c statusContext) Unwrap() huma.Context { return c.inner }

func withStatus(ctx huma.Context, next func(huma.Context)) { next(statusContext{ctx}) }
