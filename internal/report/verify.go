package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/fault"
	"candor/internal/ledger"
)

// MaxBytes bounds what is read of a report.
const MaxBytes = 64 << 20

// The marks between which a page has its record.
const (
	recordBegins = `<script type="application/json" id="candor-report">`
	recordEnds   = `</script>`
)

// Read reads a report: a page or the record in JSON. Of a page it returns the differences
// between what it shows and what its record says. It is fault.Invalid for what is no report.
func Read(b []byte) (s Sealed, shown []string, err error) {
	record, isPage := bytes.TrimSpace(b), false
	if !bytes.HasPrefix(record, []byte("{")) {
		from := bytes.LastIndex(b, []byte(recordBegins))
		if from < 0 {
			return s, nil, fault.New(fault.Invalid, "the file is no report: it has no record").Next("name a page or a JSON file that candor report wrote")
		}
		rest := b[from+len(recordBegins):]
		to := bytes.Index(rest, []byte(recordEnds))
		if to < 0 {
			return s, nil, fault.New(fault.Invalid, "the report is cut off within its record").Next("get the whole file")
		}
		record, isPage = rest[:to], true
	}
	if err := decode(record, &s); err != nil {
		return s, nil, err
	}
	if !isPage {
		return s, nil, nil
	}
	again, err := HTML(&s)
	if err != nil || bytes.Equal(again, b) {
		return s, nil, err
	}
	return s, differing(again, b), nil
}

// decode reads a record, of which nothing may be unknown.
func decode(record []byte, s *Sealed) error {
	var head struct {
		Format int `json:"candor_report"`
	}
	if err := json.Unmarshal(record, &head); err != nil {
		return fault.New(fault.Invalid, "the record of the report cannot be read").Because(err).Next("get the file as it was written")
	}
	if head.Format != Format {
		return fault.New(fault.Invalid, "the report is of format %d, and this candor reads %d", head.Format, Format).Next("use the candor that made it, or a newer one")
	}
	d := json.NewDecoder(bytes.NewReader(record))
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return fault.New(fault.Invalid, "the record of the report cannot be read").Because(err).Next("get the file as it was written")
	}
	return nil
}

// mostDiffering is how many differences are named.
const mostDiffering = 20

// differing names the lines in which what is shown is not what the record says.
func differing(want, got []byte) []string {
	w, g := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	var list []string
	for i := range max(len(w), len(g)) {
		var a, b string
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b && len(list) < mostDiffering {
			list = append(list, fmt.Sprintf("line %d shows %q where the record makes %q", i+1, excerpt(b, a), excerpt(a, b)))
		}
	}
	return list
}

// excerpt is the part of a line around where it begins to differ from another.
func excerpt(line, other string) string {
	at := 0
	for at < len(line) && at < len(other) && line[at] == other[at] {
		at++
	}
	from := max(0, at-30)
	return strings.ToValidUTF8(line[from:min(len(line), at+60)], "")
}

// Verified is what was found out about a report.
type Verified struct {
	OK    bool   `json:"ok"`
	Asked Asked  `json:"asked"`
	Title string `json:"title"`
	// Page says that the file is a page and not the record alone; Shown are the differences
	// between it and its record.
	Page  bool     `json:"page"`
	Shown []string `json:"page_differs"`
	// Proofs is how many entries are proved to be in the tree of the head that the report
	// names, and Broken says which are not.
	Proofs int      `json:"proofs"`
	Broken []string `json:"broken_proofs"`
	Head   string   `json:"head"`
	// Signature is what the signature of that head came to.
	Signature Signature `json:"signature"`
	// Alone says that there was no store to compare with: all below is empty then.
	Alone bool `json:"alone"`
	// Ledger says what of the report's head the ledger here does not have; Since is how many
	// entries came after it.
	Ledger []string `json:"ledger_differs"`
	Since  int64    `json:"entries_since"`
	// Differs is what the same question is answered with otherwise, by the evidence that
	// counts now.
	Differs []string `json:"derived_otherwise"`
}

// Alone verifies a report by itself, without a store.
func Alone(b []byte) (Verified, Sealed, error) {
	s, shown, err := Read(b)
	if err != nil {
		return Verified{}, s, err
	}
	v := Verified{Asked: s.Asked, Title: s.Document.Title, Shown: append([]string{}, shown...), Broken: []string{}, Ledger: []string{}, Differs: []string{}, Head: s.Head.String(), Alone: true,
		Page: !bytes.HasPrefix(bytes.TrimSpace(b), []byte("{"))}
	for i := range s.Entries {
		p := &s.Entries[i]
		err := p.Check()
		if err == nil && p.Root != s.Head {
			err = fmt.Errorf("it is proved for another tree, %s", p.Root)
		}
		if err != nil {
			v.Broken = append(v.Broken, fmt.Sprintf("entry %d: %v", p.Seq, err))
			continue
		}
		v.Proofs++
	}
	v.OK = len(v.Shown)+len(v.Broken) == 0
	v.SignedBy(&s, nil, false)
	return v, s, nil
}

// Verify verifies a report, compares it with the ledger here, and asks the same again. Of the
// request it takes the policy; the rest is what the report was asked for.
func (s *Service) Verify(ctx context.Context, r assessment.Request, b []byte) (Verified, error) {
	v, sealed, err := Alone(b)
	if err != nil {
		return v, err
	}
	v.Alone = false
	if err := s.checkSignature(ctx, &v, &sealed); err != nil {
		return v, err
	}
	if err := s.compareLedger(ctx, &v, &sealed); err != nil {
		return v, err
	}
	now, err := s.again(ctx, r, sealed.Asked)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return v, err
	}
	if err != nil {
		v.Differs = append(v.Differs, "what it is about is not here any more: "+err.Error())
	} else {
		v.Differs = append(v.Differs, Compare(&sealed.Document, &now.document)...)
		if err := s.proved(ctx, &v, &sealed, &now); err != nil {
			return v, err
		}
	}
	v.OK = v.OK && len(v.Broken) == 0 && len(v.Ledger)+len(v.Differs) == 0
	return v, nil
}

// proved names the entries that a report rests on, that were there when it was made and of
// which it has no proof: whoever takes proofs out of a record leaves the others right.
func (s *Service) proved(ctx context.Context, v *Verified, sealed *Sealed, now *made) error {
	seqs, _, err := s.places(ctx, now)
	for _, seq := range seqs {
		if seq < sealed.Head.Size && !slices.ContainsFunc(sealed.Entries, func(p ledger.Inclusion) bool { return p.Seq == seq }) {
			v.Broken = append(v.Broken, fmt.Sprintf("entry %d, which it rests on, is not proved in it", seq))
		}
	}
	return err
}

// compareLedger says whether the ledger here begins with the tree of the report.
func (s *Service) compareLedger(ctx context.Context, v *Verified, sealed *Sealed) error {
	size, err := s.Log.Size(ctx)
	if err != nil {
		return err
	}
	v.Since = size - sealed.Head.Size
	if sealed.Head.Size == 0 {
		if size > 0 {
			v.Ledger = append(v.Ledger, "the report names no head, so that nothing shows beside which ledger it was made")
		}
		return nil
	}
	if v.Since < 0 {
		v.Ledger = append(v.Ledger, fmt.Sprintf("the ledger has %d entries, and had %d when the report was made: it was rolled back, or is another one", size, sealed.Head.Size))
		return nil
	}
	root, err := s.Log.RootOf(ctx, sealed.Head.Size)
	if err != nil {
		return err
	}
	if root != sealed.Head {
		v.Ledger = append(v.Ledger, fmt.Sprintf("the first %d entries of the ledger are not those of the report: their root is %s", sealed.Head.Size, root))
		for i := range sealed.Entries {
			here, err := s.Log.IncludeIn(ctx, sealed.Entries[i].Seq, sealed.Head.Size)
			if err == nil && here.Line != sealed.Entries[i].Line {
				v.Ledger = append(v.Ledger, fmt.Sprintf("entry %d is another one: %s here, %s in the report", here.Seq, what(here), what(sealed.Entries[i])))
			}
		}
	}
	return nil
}

// what names the subject of an entry and its hash.
func what(p ledger.Inclusion) string {
	e, err := ledger.Decode([]byte(p.Line))
	if err != nil {
		return "one that cannot be read"
	}
	return fmt.Sprintf("%s %s of SHA-256 %.12s…", e.Kind, e.ID, e.SHA256)
}

// Compare names what two documents say otherwise, part by part: a is the one that was
// written, b the one that would be now.
func Compare(a, b *Document) []string {
	var list []string
	differ := func(where, was, is string) {
		if was != is {
			list = append(list, fmt.Sprintf("%s: %q was written, %q is what it would be now", where, clip(was), clip(is)))
		}
	}
	differ("title", a.Title, b.Title)
	lines(differ, "answer", a.Lead, b.Lead)
	lines(differ, "limits", a.Limits, b.Limits)
	lines(differ, "judged by", a.Basis.Words(), b.Basis.Words())
	for i := range max(len(a.Sections), len(b.Sections)) {
		var x, y Section
		if i < len(a.Sections) {
			x = a.Sections[i]
		}
		if i < len(b.Sections) {
			y = b.Sections[i]
		}
		differ(fmt.Sprintf("title of part %d", i+1), x.Title, y.Title)
		lines(differ, x.Title, x.texts(), y.texts())
	}
	return list
}

// texts are all that a section says, a row of a table to a line.
func (s *Section) texts() []string {
	list := slices.Concat(s.Text, s.Items)
	for _, b := range s.Bars {
		list = append(list, fmt.Sprintf("%s: %d of %d, %s", b.Name, b.N, b.Of, b.Note))
	}
	if s.Table != nil {
		list = append(list, strings.Join(s.Table.Columns, " | "), s.Table.Empty)
	}
	for _, r := range tableRows(s.Table) {
		list = append(list, strings.Join(r, " | "))
	}
	return list
}

// lines names what only one of two lists has: where both have as many, pair by pair.
func lines(differ func(where, was, is string), where string, was, is []string) {
	if len(was) == len(is) {
		for i := range was {
			differ(where, was[i], is[i])
		}
		return
	}
	for _, t := range was {
		if !slices.Contains(is, t) {
			differ(where, t, "")
		}
	}
	for _, t := range is {
		if !slices.Contains(was, t) {
			differ(where, "", t)
		}
	}
	if len(was) != len(is) && !slices.ContainsFunc(was, func(t string) bool { return !slices.Contains(is, t) }) && !slices.ContainsFunc(is, func(t string) bool { return !slices.Contains(was, t) }) {
		differ(where, fmt.Sprintf("%d lines", len(was)), fmt.Sprintf("%d lines", len(is)))
	}
}

func clip(s string) string {
	if r := []rune(s); len(r) > 160 {
		return string(r[:160]) + "…"
	}
	return s
}
