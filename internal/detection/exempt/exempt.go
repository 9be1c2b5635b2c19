// Package exempt reads the exceptions of rules: as Candor's CSV or JSON Lines, as Elastic
// Security exports its exception lists, and as Microsoft Sentinel lists or exports its
// automation rules.
//
// It refuses to judge an exception, and what it cannot read of a condition decides
// nothing instead of being left out.
package exempt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"

	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/detection/condition"
	"candor/internal/evidence"
)

// Columns are the columns of the CSV and the keys of JSON Lines.
func Columns() []string {
	return []string{"rule_id", "condition", "reason", "owner", "expires", "id", "name", "rule_name", "list", "since", "source"}
}

// needed are the columns that a table must have.
func needed() []string { return []string{"rule_id", "condition", "reason", "owner", "expires"} }

// Sniff reports whether a file that begins with head is Candor's.
func Sniff(head []byte, _ string) bool {
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) {
		first, _, _ := bytes.Cut(head, []byte("\n"))
		return export.Has(first, "rule_id", "condition")
	}
	have := decode.Columns(head, ',')
	return !slices.ContainsFunc(needed(), func(c string) bool { return !slices.Contains(have, c) })
}

// Decode reads Candor's CSV or JSON Lines. File names the input in messages. It fails
// with fault.Invalid when the file cannot be read on.
func Decode(file string, r io.Reader) (evidence.Decoded[detection.Exception], error) {
	return export.Collect(file, r, needed(), own)
}

// DecodeLines reads JSON Lines alone: whatever a line is, it is an exception or a reject,
// and says nothing of the lines behind it. An error is the reader's own.
func DecodeLines(file string, r io.Reader) (evidence.Decoded[detection.Exception], error) {
	return export.CollectLines(file, r, own)
}

func own(r *export.Record) (detection.Exception, bool) {
	e := detection.Exception{
		ID: r.Text("id"), Name: r.Text("name"), RuleID: r.Text("rule_id"), RuleName: r.Text("rule_name"), List: r.Text("list"), Source: r.Text("source"),
		Condition: r.Need("condition"), Reason: r.Text("reason"), Owner: r.Text("owner"), Since: r.Day("since"), Expires: r.Day("expires"),
	}
	if e.RuleID == "" && e.RuleName == "" && e.List == "" {
		r.Fail("rule_id", "", "is missing: name the rule, or * for all rules")
	}
	if c, err := condition.Parse(e.Condition); err != nil {
		r.Fail("condition", e.Condition, err.Error())
	} else {
		e.Condition = c.String()
	}
	if e.Expires != "" && e.Expires < e.Since {
		r.Fail("expires", string(e.Expires), "is before since")
	}
	identify(&e)
	r.Unknown(Columns()...)
	return e, true
}

// identify gives an exception without an id one that is made of what it says.
func identify(e *detection.Exception) {
	if e.ID == "" {
		e.ID = MadeID(e)
	}
}

// MadeID returns the id of an exception for which its product has none: it follows from
// rule, list and condition.
func MadeID(e *detection.Exception) string {
	sum := sha256.Sum256([]byte(e.RuleID + "\x00" + e.RuleName + "\x00" + e.List + "\x00" + e.Condition))
	return "ex-" + hex.EncodeToString(sum[:6])
}

// spread makes one list of those that records gave.
func spread(d evidence.Decoded[[]detection.Exception], err error) (evidence.Decoded[detection.Exception], error) {
	return evidence.Decoded[detection.Exception]{Records: slices.Concat(d.Records...), Rejects: d.Rejects, Warnings: d.Warnings}, err
}
