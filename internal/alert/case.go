package alert

import (
	"strings"
	"time"
)

// Discovery is how an incident came to be known.
type Discovery string

// The discoveries. Only FoundByAlert is a detection of our own.
const (
	FoundByAlert  Discovery = "alert"  // one of our alerts led to it
	FoundByHunt   Discovery = "hunt"   // our people found it without an alert
	FoundByOthers Discovery = "others" // somebody else told us
	FoundTooLate  Discovery = "missed" // it was over, and the damage done, when it was found
)

// Discoveries lists every discovery.
func Discoveries() []Discovery {
	return []Discovery{FoundByAlert, FoundByHunt, FoundByOthers, FoundTooLate}
}

// ParseDiscovery returns the discovery named s and whether there is one.
func ParseDiscovery(s string) (Discovery, bool) {
	d := Discovery(strings.ToLower(strings.TrimSpace(s)))
	for _, known := range Discoveries() {
		if d == known {
			return d, true
		}
	}
	return "", false
}

// Case is the review of an incident: what really happened, how it came to be
// known, and which alerts were part of it. It is a statement about its alerts,
// too: one that carries no label of its own inherits the class of its case.
type Case struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	// Occurred is when the behaviour took place, as far as it is known, and
	// Opened and Closed when people worked on it. Opened is set; the others may be
	// zero. A case that is not closed has no final class.
	Occurred time.Time `json:"occurred,omitzero"`
	Opened   time.Time `json:"opened"`
	Closed   time.Time `json:"closed,omitzero"`
	// Class is what the incident came to; Unlabelled while it is open.
	Class Class `json:"class"`
	// Word is the source's own word for the class.
	Word    string    `json:"word,omitempty"`
	FoundBy Discovery `json:"found_by,omitempty"`
	// Techniques and Analytics are the ATT&CK IDs, in upper case, of what was done,
	// whether or not anything detected it. Platforms are where; empty means that
	// it was not said.
	Techniques []string `json:"techniques,omitempty"`
	Analytics  []string `json:"analytics,omitempty"`
	Platforms  []string `json:"platforms,omitempty"`
	// Alerts name the alerts that were part of it, by their ids or as Identity.String writes
	// them; those that name the case themselves need not be listed.
	Alerts []string `json:"alerts,omitempty"`
	// Site and Entities are where it took place and what it touched, as alerts name them;
	// empty where it was not said.
	Site     string   `json:"site,omitempty"`
	Entities []string `json:"entities,omitempty"`
	// Apart are alerts of which a review said that they are no part of it; they are no part
	// of the case's own record.
	Apart []Identity `json:"apart,omitempty"`
	Owner string     `json:"owner,omitempty"`
	// Runbooks are the ids of the runbooks that were used in it.
	Runbooks []string `json:"runbooks,omitempty"`
	// Lessons is what the review learned, for people.
	Lessons string `json:"lessons,omitempty"`
}

// Lists reports whether the case lists an alert. Of several alerts that have the id, the one
// at the case's own site is meant.
func (c *Case) Lists(a *Alert) bool {
	is := a.Identity()
	for _, text := range c.Alerts {
		for _, i := range Naming(text) {
			if i.Within(is) && (i.Source+i.Site != "" || fitting(c.Site, is.Site)) {
				return true
			}
		}
	}
	return false
}

// When is the time that the case speaks of: when the behaviour took place, else
// when the case was opened.
func (c *Case) When() time.Time {
	if !c.Occurred.IsZero() {
		return c.Occurred
	}
	return c.Opened
}
