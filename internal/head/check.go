package head

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/ledger"
)

// MaxBytes bounds what is read of texts in which heads may be.
const MaxBytes = 256 << 20

// form is how a head looks within a text, once what logs and mails do to texts is undone.
var form = regexp.MustCompile(`(candor/[^\s+]+)[ \t]*\n[> \t]*(\d+)[ \t]*\n[> \t]*([A-Za-z0-9+/]{43}=)[ \t]*\n((?:[> \t]*[^\s>—][^\n]*\n){0,8})[> \t]*\n((?:[> \t]*— [^\s+]+ [A-Za-z0-9+/]+={0,2}[ \t]*\n?)+)`)

// undone are what logs and mails write in place of what a note has.
var undone = strings.NewReplacer("\r\n", "\n", "#012", "\n", `\r\n`, "\n", `\n`, "\n", `\u2014`, "—", `\U2014`, "—", "#342#200#224", "—", `\342\200\224`, "—", `\/`, "/")

// quoted are the same for mails that are quoted-printable.
var quoted = strings.NewReplacer("=\r\n", "", "=\n", "", "=E2=80=94", "—", "=3D", "=", "=2B", "+", "=2F", "/", "\r\n", "\n")

// Find returns the signed heads that a text has, whatever stands around them: one under the
// other, in lines of syslog, within JSON, in a mail. Each is there once, in the order of the
// text.
func Find(text string) []string {
	var list []string
	seen := map[string]bool{}
	ways := []string{undone.Replace(text)}
	if strings.Contains(text, "=E2=80=94") {
		ways = append(ways, quoted.Replace(text))
	}
	for _, t := range ways {
		for _, m := range form.FindAllStringSubmatch(t, -1) {
			n := m[1] + "\n" + m[2] + "\n" + m[3] + "\n" + plain(m[4]) + "\n" + plain(m[5])
			if !seen[n] {
				seen[n] = true
				list = append(list, n)
			}
		}
	}
	return list
}

// plain is lines without what mails put around them, each with its end.
func plain(lines string) string {
	var b strings.Builder
	for l := range strings.SplitSeq(lines, "\n") {
		if l = strings.Trim(l, "> \t"); l != "" {
			b.WriteString(l + "\n")
		}
	}
	return b.String()
}

// Wanted is what heads are to be held against.
type Wanted struct {
	// Keys are those that count.
	Keys Keys
	// Noted says that somebody noted the first of them, so that heads of other ledgers are none
	// of this one's business.
	Noted bool
	// Size is how many entries there are, and RootAt the root of the first of them.
	Size   int64
	RootAt func(size int64) (ledger.Root, error)
}

// What can be wrong with a head.
const (
	Forged     = "forged"      // its signature does not hold
	UnknownKey = "unknown_key" // none of the keys that count signed it
	RetiredKey = "retired_key" // a key signed it that was not in force then
	NotBegun   = "not_begun"   // the ledger does not begin with its tree
	NoHead     = "no_head"     // it is none
)

// Fault is a head that does not fit.
type Fault struct {
	Head   Head   `json:"head,omitzero"`
	What   string `json:"what"`
	Detail string `json:"detail"`
}

// Checked is what heads came to.
type Checked struct {
	// Found is how many there are, of which Fit with the ledger, and Others are of other
	// ledgers.
	Found  int `json:"found"`
	Fit    int `json:"fit"`
	Others int `json:"others"`
	// Last is the largest that fits.
	Last *Head `json:"last,omitempty"`
	// Faults do not fit, the first signed first.
	Faults []Fault `json:"faults"`
}

// Check holds heads against a ledger.
func Check(heads []string, w Wanted) Checked {
	c := Checked{Found: len(heads), Faults: []Fault{}}
	for _, text := range heads {
		h, by, err := Open(text, w.Keys)
		if w.Noted && fault.KindOf(err) == fault.NotFound && h.Origin != w.Keys[0].verifier.Name() {
			c.Others++
			continue
		}
		if f, wrong := w.wrong(h, by, err); wrong {
			c.Faults = append(c.Faults, f)
			continue
		}
		c.Fit++
		if c.Last == nil || h.Size > c.Last.Size {
			c.Last = &h
		}
	}
	slices.SortStableFunc(c.Faults, func(a, b Fault) int {
		return cmp.Or(a.Head.Time.Compare(b.Head.Time), cmp.Compare(a.Head.Size, b.Head.Size))
	})
	return c
}

// wrong says what is wrong with a head, if anything is.
func (w *Wanted) wrong(h Head, by Known, err error) (Fault, bool) {
	switch fault.KindOf(err) {
	case fault.Conflict:
		return Fault{What: Forged, Detail: "a head is not what was signed: " + err.Error()}, true
	case fault.NotFound:
		why := "this ledger has no entry of that key: it was rolled back to before it, or is another ledger"
		if w.Noted {
			why = "the key that was named did not confirm that one"
		}
		return Fault{h, UnknownKey, fmt.Sprintf("%s: %s; %s", h.called(), err, why)}, true
	case fault.Invalid:
		return Fault{h, NoHead, err.Error()}, true
	}
	if by.Seq >= 0 && (h.Size <= by.Seq || by.Until != nil && h.Size > *by.Until) {
		return Fault{h, RetiredKey, fmt.Sprintf("%s: it is signed with the key %s, which was not in force with so many entries", h.called(), by.Name)}, true
	}
	if h.Size > w.Size {
		return Fault{h, NotBegun, fmt.Sprintf("%s: the ledger has %d entries now, so it was rolled back since, or is another copy", h.called(), w.Size)}, true
	}
	if root, err := w.RootAt(h.Size); err != nil || root != h.Root {
		return Fault{h, NotBegun, fmt.Sprintf("%s: the first %d entries of the ledger are others now, so it was rewritten, or went on from an older copy", h.called(), h.Size)}, true
	}
	return Fault{}, false
}

// called is how people are told which head is meant.
func (h Head) called() string {
	return fmt.Sprintf("the head of %d entries that was signed at %s", h.Size, h.Time.UTC().Format(time.RFC3339))
}
