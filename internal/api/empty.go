package api

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/fault"
)

// filled refuses a parameter that is given and empty where the document asks for
// more than any text: a day, a number or one of a few words. The framework takes it
// for one that is left out.
func (s *server) filled(ctx huma.Context, next func(huma.Context)) {
	u := ctx.URL()
	q := u.Query()
	for _, p := range ctx.Operation().Parameters {
		if p.In != "query" || p.Schema == nil || anyText(p.Schema) || !q.Has(p.Name) || q.Get(p.Name) != "" {
			continue
		}
		problem := s.problem(ctx.Context(), fault.New(fault.Usage, "%s is empty", p.Name).At("query %s", p.Name).
			Next("give it a value, or leave it out"))
		ctx.SetHeader("Content-Type", problemType)
		ctx.SetStatus(problem.Status)
		_ = json.NewEncoder(ctx.BodyWriter()).Encode(problem)
		return
	}
	next(ctx)
}

// anyText reports whether a schema allows the empty text: as any text does, and as a
// list that has nothing in it.
func anyText(s *huma.Schema) bool {
	return s.Type == huma.TypeArray || s.Type == huma.TypeString && s.Format == "" && len(s.Enum) == 0
}
