package api

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/attack/rename"
	"candor/internal/fault"
)

// upgradeMapped answers a request for a plan that reads the mapping in its body besides.
func (s *server) upgradeMapped(w http.ResponseWriter, r *http.Request) {
	q, err := s.mappedAsked(w, r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	u, err := s.Upgrades.Upgrade(r.Context(), q)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	send(w, http.StatusOK, "application/json", u)
}

func (s *server) mappedAsked(w http.ResponseWriter, r *http.Request) (asked assessment.UpgradeAsked, err error) {
	q := r.URL.Query()
	if err := only(q, "from", "release", "domain", "site", "as_of", "file"); err != nil {
		return asked, err
	}
	if q.Get("from") == "" {
		return asked, fault.New(fault.Usage, "it is not said which release is in force now").At("query from").Next("name it: from=18.1")
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRenames))
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return asked, fault.New(fault.Usage, "the mapping is longer than %d bytes", long.Limit).Because(errLong).Next("name the file that is meant")
	}
	if err != nil {
		return asked, fault.New(fault.Usage, "the mapping cannot be read").Because(err).Next("send it again")
	}
	if asked.Request, err = s.asked(Release{Domain: q.Get("domain"), Release: q.Get("release")}, q.Get("as_of")); err != nil {
		return asked, err
	}
	asked.Site = q.Get("site")
	asked.New = asked.Release
	asked.Old = attack.ReleaseRef{Domain: asked.Release.Domain, Version: q.Get("from")}
	asked.Mapping, err = rename.Strict(cmp.Or(q.Get("file"), "mapping"), data)
	return asked, err
}

// mappedOperation describes the address of plans that read a mapping.
func mappedOperation(h huma.API) *huma.Operation {
	op := operation(h, "plan-upgrade-mapped", mappedPath, "What a newer release does to what evidence names, with a mapping of IDs besides", 404, 409, 413)
	op.Method = http.MethodPost
	op.Description = "As candor attack upgrade --mapping FILE. The mapping is read for this answer alone and is not kept; a release that is not imported is known as far as it tells, and no verdict is judged by it then. One with a wrong line is refused whole."
	text := &huma.Schema{Type: huma.TypeString}
	for _, p := range [][2]string{{"from", "The release in force now"}, {"release", "The newer release"}, {"domain", "ATT&CK domain; enterprise when left out"}, {"site", "One site"}, {"as_of", "The day of the judgement"}, {"file", "A name for the mapping, in messages and beside what it says"}} {
		op.Parameters = append(op.Parameters, &huma.Param{Name: p[0], In: "query", Description: p[1], Schema: text, Required: p[0] == "from"})
	}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"text/csv": {Schema: text}, "application/x-ndjson": {Schema: text}}}
	op.Responses["200"] = &huma.Response{Description: "The plan", Content: map[string]*huma.MediaType{"application/json": {Schema: h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[assessment.Upgrade](), true, "")}}}
	op.Responses["413"].Description = "The mapping is too long"
	return &op
}
