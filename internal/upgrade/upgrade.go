// Package upgrade says what a newer ATT&CK release does to what evidence names: which IDs
// are not in force there, where each went and who says so, what a person has to decide, and
// which verdicts move.
//
// It changes nothing, and refuses to choose where sources contradict each other or where an
// ID became several. Its functions are pure.
package upgrade

import (
	"candor/internal/assure"
	"candor/internal/attack"
)

// Named is one thing of evidence that names ATT&CK IDs.
type Named struct {
	attack.Holder
	// Title is what it is called, for people.
	Title string
	IDs   []string
}

// Fate is what became of an ID.
type Fate string

// The fates.
const (
	Revoked    Fate = "revoked"    // something took its place
	Split      Fate = "split"      // several did
	Deprecated Fate = "deprecated" // given up, and nothing took its place
	Removed    Fate = "removed"    // the newer release does not have it at all
	Reused     Fate = "reused"     // the ID is another object's now
	Renamed    Fate = "renamed"    // the same object under another name
)

// Fates lists them.
func Fates() []Fate { return []Fate{Revoked, Split, Deprecated, Removed, Reused, Renamed} }

// State is what is left to do about an ID.
type State string

// The states.
const (
	// Certain says that all who say where it went say the same.
	Certain State = "certain"
	// Ambiguous is for a person: several IDs, sources that contradict each other, or none
	// that says where it went.
	Ambiguous State = "ambiguous"
	// Decided says that a person decided it for all who name it.
	Decided State = "decided"
	// Unaffected says that what names it is read as before.
	Unaffected State = "unaffected"
)

// States lists them.
func States() []State { return []State{Certain, Ambiguous, Decided, Unaffected} }

// Candidate is what an ID may stand for in the newer release.
type Candidate struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// By says who says so, step by step.
	By []string `json:"by"`
	// Suggested says that nobody says so: ATT&CK relates the two, and no more.
	Suggested bool `json:"suggested"`
}

// Naming is a holder of an ID, and what is decided for it.
type Naming struct {
	attack.Holder
	Title string `json:"title"`
	// To is what it is read as by decision, which Decision tells and Batch brought. An
	// undecided one has neither.
	To       []string `json:"to"`
	Decision string   `json:"decision,omitempty"`
	Batch    string   `json:"batch,omitempty"`
}

// Item is an ATT&CK ID that evidence names and that the newer release does not have in force
// as the older one had.
type Item struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Fate  Fate   `json:"fate"`
	State State  `json:"state"`
	// To is what it is to be read as: what a certain one became, or what was decided for all.
	To []string `json:"to"`
	// Why says what became of it, and what there is to decide.
	Why        string      `json:"why"`
	Candidates []Candidate `json:"candidates"`
	// Merged are the other IDs that evidence names and that come to the same.
	Merged []string `json:"merged"`
	Named  []Naming `json:"named"`
}

// Open is how many of those who name the item wait for a person.
func (i *Item) Open() int {
	n := 0
	for k := range i.Named {
		if i.State == Ambiguous && i.Named[k].Decision == "" {
			n++
		}
	}
	return n
}

// Plan is what an upgrade would do.
type Plan struct {
	Old   attack.Release `json:"old"`
	New   attack.Release `json:"new"`
	Items []Item         `json:"items"`
	// Things is how many rules, exercises and so on name any of the items, and All how many
	// name any ATT&CK ID.
	Things int `json:"things"`
	All    int `json:"all"`
	// Before is how many IDs that evidence names were not in force in the older release
	// either and are read alike by both.
	Before int      `json:"before"`
	Limits []string `json:"limits"`
}

// Count is how many items are in a state.
func (p *Plan) Count(s State) int {
	n := 0
	for i := range p.Items {
		if p.Items[i].State == s {
			n++
		}
	}
	return n
}

// Move is an analytic whose verdict the upgrade moves.
type Move struct {
	Analytic assure.Name `json:"analytic"`
	// From is its rung by the older release, To by the newer with what is certain and decided,
	// and Undecided by the newer as things are. One that a release does not have is empty.
	From      assure.Rung `json:"from"`
	To        assure.Rung `json:"to"`
	Undecided assure.Rung `json:"undecided"`
	// Because says why, by what the verdicts rest on.
	Because []string `json:"because"`
}
