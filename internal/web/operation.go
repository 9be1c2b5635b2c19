package web

import (
	"net/http"

	"candor/internal/upkeep"
)

// operationView is what is amiss with the installation, and every alarm that there is.
type operationView struct {
	frame
	upkeep.State
	Meanings []upkeep.Meaning
}

// operation is never kept: what it says has to be so now, and follows from no store.
func (s *site) operation(r *http.Request) (view, error) {
	fr, err := s.begin(r, "operation", "Operation")
	return view{name: "operation", data: operationView{fr, s.Operation(r.Context()), upkeep.Meanings()}}, err
}

// Tag says how a weight is marked.
func (operationView) Tag(w upkeep.Weight) string {
	if w == upkeep.Soon {
		return "tag"
	}
	return "tag dead"
}

// Raised reports whether there is an alarm of a code.
func (v operationView) Raised(code string) bool {
	for i := range v.Alarms {
		if v.Alarms[i].Code == code {
			return true
		}
	}
	return false
}
