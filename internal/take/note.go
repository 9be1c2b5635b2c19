package take

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/near"
)

// MaxNote is how many bytes the words of a note have at most.
const MaxNote = 16 << 10

// maxAuthor is how many characters the name of an author has at most.
const maxAuthor = 100

// Note is what a person wrote about an object: the one part of a take that is not
// derived. It is never changed; a later one of the same ID takes its place.
type Note struct {
	// ID tells it from the other notes about the object.
	ID     string      `json:"id"`
	Object assure.Name `json:"object"`
	// Release is that of the official object which the author had, for example
	// "enterprise 18.1", and Hash the object's SHA-256 there.
	Release string `json:"release"`
	Hash    string `json:"object_sha256"`
	// Section is the part of the take that it belongs to; empty for none.
	Section SectionName `json:"section,omitempty"`
	// Markdown are the words.
	Markdown string    `json:"markdown"`
	Author   string    `json:"author"`
	Written  time.Time `json:"written"`
	// ReviewBy is the day on which someone is to look at it again, if one was named.
	ReviewBy day.Date `json:"review_by,omitempty"`
	// Replaces says that it is shown in place of what is derived for its section, which
	// stays one step away.
	Replaces bool `json:"replaces"`
	// RecordedBy names the token through which it came, if it came through one.
	RecordedBy string `json:"recorded_by,omitempty"`
	// Retired says who took it back, when and why; nil while nobody has.
	Retired *Retirement `json:"retired,omitempty"`
}

// Retirement says that a note is no longer shown, from when on and why.
type Retirement struct {
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// said is when an entry was made.
func (n *Note) said() time.Time {
	if n.Retired != nil {
		return n.Retired.At
	}
	return n.Written
}

// noteID is what a note may be called.
var noteID = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,39}$`)

// Checked returns the note as it is kept: without blanks around its words, and with an
// ID that is its author's for its section if it has none. A note that cannot be meant is
// fault.Usage with the field at fault.
func (n Note) Checked() (Note, error) {
	n.Markdown, n.Author = strings.TrimSpace(n.Markdown), strings.TrimSpace(n.Author)
	switch {
	case n.Author == "":
		return n, fault.New(fault.Usage, "a note needs an author").At("author").Next("say who writes it: its readers are told")
	case utf8.RuneCountInString(n.Author) > maxAuthor || strings.ContainsAny(n.Author, "\r\n"):
		return n, fault.New(fault.Usage, "the author's name is longer than %d characters or than a line", maxAuthor).At("author").Next("give a name")
	case n.Markdown == "":
		return n, fault.New(fault.Usage, "the note has no words").At("markdown").Next("write what readers of the take are to know")
	case len(n.Markdown) > MaxNote:
		return n, fault.New(fault.Usage, "the note has %d bytes, and %d is the most", len(n.Markdown), MaxNote).At("markdown").
			Next("keep the part that readers of the take need, and name where the rest is")
	case !utf8.ValidString(n.Markdown) || !utf8.ValidString(n.Author):
		return n, fault.New(fault.Usage, "the note is not UTF-8").At("markdown").Next("save it as UTF-8 text")
	case n.ReviewBy != "" && n.ReviewBy.Time().IsZero():
		return n, fault.New(fault.Usage, "%q is not a day", n.ReviewBy).At("review_by").Next("write it as 2006-01-02")
	case n.ReviewBy != "" && n.ReviewBy < day.Of(n.Written):
		return n, fault.New(fault.Usage, "the note would be due for review on %s, before it is written on %s", n.ReviewBy, day.Of(n.Written)).At("review_by").
			Next("choose a later day")
	case n.Replaces && n.Section == "":
		return n, fault.New(fault.Usage, "a note without a section cannot stand in place of one").At("section").Next("name the section that it replaces")
	}
	if n.ID == "" {
		sum := sha256.Sum256([]byte(n.Author + "\x00" + string(n.Section)))
		n.ID = hex.EncodeToString(sum[:4])
	}
	if !noteID.MatchString(n.ID) {
		return n, fault.New(fault.Usage, "%q is no id of a note", n.ID).At("id").Next("use lower-case letters, digits, dashes and dots, 40 at most")
	}
	return n, nil
}

// SectionOf returns the section that people mean: by its name, its title or one word of
// it, in any case. One that does not exist is fault.Usage with the nearest.
func SectionOf(text string) (SectionName, error) {
	var names, words []string
	of := map[string]SectionName{}
	for _, n := range SectionNames() {
		names = append(names, string(n))
		of[near.Letters(string(n))] = n
		for word := range strings.SplitSeq(string(n), "_") {
			words = append(words, word)
			of[word] = n
		}
	}
	if n, ok := of[near.Letters(text)]; ok && near.Letters(text) != "and" {
		return n, nil
	}
	fail := fault.New(fault.Usage, "a take has no section %q", text).At("section")
	if hits := near.Words(text, words, 1); len(near.Words(text, names, 1)) == 0 && len(hits) > 0 && hits[0] != "and" {
		return "", fail.Next("%s", near.Hint(string(of[hits[0]]), names, ""))
	}
	return "", fail.Next("%s", near.Hint(text, names, ""))
}

// Said is an entry in the record of what people wrote about one object.
type Said struct {
	Note
	Batch string
	// Withdrawn says that the batch no longer counts.
	Withdrawn bool
}

// The states of an entry.
const (
	InForce    = "in_force"
	Superseded = "superseded" // by a later one of its ID
	Retired    = "retired"    // the entry that took a note back
	Withdrawn  = "withdrawn"  // its batch no longer counts
	Later      = "later"      // it was made after the day of judgement
)

// Noted is a note with what became of it by a day.
type Noted struct {
	Note
	// State is in_force, superseded, retired, withdrawn or later.
	State string `json:"state"`
	// Changed says that the official object of the release at hand is not the one that
	// it was written for, and Due that its review is.
	Changed bool `json:"object_changed"`
	Due     bool `json:"review_due"`
	// Marks say both in words.
	Marks []string `json:"marks"`
	Batch string   `json:"batch"`
}

// History says of every entry about an object, oldest first, what became of it by a day.
// The hash is that of the object at hand; empty when no release has it.
func History(entries []Said, hash string, today day.Date) []Noted {
	last := map[string]int{}
	out := make([]Noted, len(entries))
	for i, e := range entries {
		out[i] = Noted{Note: e.Note, Batch: e.Batch, State: Superseded, Marks: []string{}}
		switch {
		case e.Withdrawn:
			out[i].State = Withdrawn
		case day.Of(e.said()) > today:
			out[i].State = Later
		default:
			last[e.ID] = i
		}
	}
	for _, i := range last {
		out[i].State = InForce
		if out[i].Note.Retired != nil {
			out[i].State = Retired
			continue
		}
		out[i].mark(hash, today)
	}
	return out
}

// mark says what a reader must know before trusting a note.
func (n *Noted) mark(hash string, today day.Date) {
	n.Changed = hash != "" && n.Hash != hash
	n.Due = n.ReviewBy != "" && n.ReviewBy <= today
	if n.Changed {
		n.Marks = append(n.Marks, "The official object is not the one that this was written for, which is that of "+n.Release+".")
	}
	if hash == "" {
		n.Marks = append(n.Marks, "No imported release has the object.")
	}
	if n.Due {
		n.Marks = append(n.Marks, "Its review has been due since "+string(n.ReviewBy)+".")
	}
}

// Current returns the entries of a history that are in force, by section in the order of
// the take, those without one last, and then by when they were written.
func Current(history []Noted) []Noted {
	out := []Noted{}
	for _, n := range history {
		if n.State == InForce {
			out = append(out, n)
		}
	}
	slices.SortStableFunc(out, func(a, b Noted) int { return place(a.Section) - place(b.Section) })
	return out
}

// place is where a section stands in a take; what is in none comes last.
func place(n SectionName) int {
	all := SectionNames()
	if i := slices.Index(all, n); i >= 0 {
		return i
	}
	return len(all)
}

// With returns the take with notes of people beside it, and no others. Of several that
// are to replace one section the latest does.
func (t Take) With(notes []Noted) Take {
	t.Notes = notes
	t.Sections = slices.Clone(t.Sections)
	for i := range t.Sections {
		t.Sections[i].ReplacedBy = ""
		for _, n := range notes {
			if n.Replaces && n.Section == t.Sections[i].Name {
				t.Sections[i].ReplacedBy = n.ID
			}
		}
	}
	return t
}

// Instead returns the note that is shown in place of a section; nil where none is.
func (t *Take) Instead(s Section) *Noted {
	for i := range t.Notes {
		if s.ReplacedBy != "" && t.Notes[i].ID == s.ReplacedBy {
			return &t.Notes[i]
		}
	}
	return nil
}

// Beside returns the notes that replace no section.
func (t *Take) Beside() []Noted {
	return slices.DeleteFunc(slices.Clone(t.Notes), func(n Noted) bool {
		return slices.ContainsFunc(t.Sections, func(s Section) bool { return s.ReplacedBy == n.ID })
	})
}

// hears reports whether a note is for an audience: one of a section for whom that is.
func (a Audience) hears(n Noted) bool {
	switch n.Section {
	case Executive:
		return a.Hears(Leader)
	case Technical, Telemetry, Direction:
		return a.Hears(Engineer)
	}
	return true
}
