package detection

import (
	"strings"

	"candor/internal/day"
)

// AnyRule stands for the rule of an exception that holds for all rules of its product.
const AnyRule = "*"

// Exception is a suppression: of the rule it keeps alerts from being raised, or from
// being looked at, for which its condition holds.
type Exception struct {
	// ID is the product's own, or made from rule and condition.
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// RuleID and RuleName are what the product calls the rule; AnyRule for all. Of an
	// exception that stands in a list which rules name, RuleID is empty and List is set.
	RuleID   string `json:"rule_id,omitempty"`
	RuleName string `json:"rule_name,omitempty"`
	List     string `json:"list,omitempty"`
	// Source is the product, in the words of the one who states it; it may be empty.
	Source string `json:"source,omitempty"`
	// Condition is in the language of package condition.
	Condition string `json:"condition"`
	Reason    string `json:"reason,omitempty"`
	// Owner answers for it; empty for nobody.
	Owner string `json:"owner,omitempty"`
	// Since is the first day on which it holds; empty for always. Expires is the last,
	// as it was agreed; empty where no end was.
	Since   day.Date `json:"since,omitempty"`
	Expires day.Date `json:"expires,omitempty"`
	// Ends says that the product itself ends it on Expires. Otherwise it hides on until
	// somebody takes it out.
	Ends bool `json:"ends_by_itself,omitempty"`
}

// Key names what a later record supersedes: the exception and the rule that it is of.
func (e *Exception) Key() string { return strings.Join([]string{e.ID, e.RuleID, e.List}, "|") }

// Begun reports whether it holds, or has held, by a day.
func (e *Exception) Begun(on day.Date) bool { return e.Since <= on }

// Expired reports whether the day up to which it was agreed is past.
func (e *Exception) Expired(on day.Date) bool { return e.Expires != "" && e.Expires < on }

// Hides reports whether it hides alerts on a day: also past its day, unless its product
// ends it then.
func (e *Exception) Hides(on day.Date) bool { return e.Begun(on) && !(e.Ends && e.Expired(on)) }

// Of reports whether the exception is of a rule that stands in none of its lists by id:
// of a list that the rule names, or of all rules of the rule's source.
func (e *Exception) Of(r *Rule) bool {
	switch {
	case e.List != "":
		for _, l := range r.ExceptionLists {
			if l == e.List {
				return true
			}
		}
		return false
	case e.RuleID == AnyRule:
		return e.Source == "" || r.of(e.Source)
	}
	return e.RuleID == r.ID
}
