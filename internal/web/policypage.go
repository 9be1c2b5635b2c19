package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"candor/internal/ledger"
	"candor/internal/policy"
)

// policyView is the page of the policy in force.
type policyView struct {
	frame
	Settings []setting
	// Entries are what the ledger says of policies that came into force, newest first.
	Entries []ledger.Entry
}

// Current reports whether an entry is of a policy that is called as the one in
// force is.
func (v policyView) Current(e ledger.Entry) bool {
	return e.ID == strings.TrimSpace(v.Policy.Name+" "+v.Policy.Version)
}

// setting is one threshold as the page shows it.
type setting struct {
	policy.Setting
	Shown, Usual string
	Changed      bool
}

func (s *site) policy(r *http.Request) (view, error) {
	fr, err := s.begin(r, "policy", "Policy")
	if err != nil {
		return view{}, err
	}
	v := policyView{frame: fr}
	if v.Entries, err = s.Ledger.Where(r.Context(), func(k ledger.Kind, _ string) bool { return k == ledger.Policy }); err != nil {
		return view{}, err
	}
	slices.Reverse(v.Entries)
	for _, st := range policy.Explain(s.inForce) {
		shown := setting{Setting: st, Shown: value(st.Value), Usual: value(st.Default)}
		shown.Changed = shown.Shown != shown.Usual
		v.Settings = append(v.Settings, shown)
	}
	return view{name: "policy", data: v}, nil
}

// value writes a setting's value for people.
func value(v any) string {
	switch s := strings.Trim(fmt.Sprint(v), "[]"); {
	case s == "":
		return "none"
	case s == fmt.Sprint(v):
		return s
	default:
		return strings.Join(strings.Fields(s), ", ")
	}
}
