package assessment

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"candor/internal/fault"
	"candor/internal/store"
)

// RuleText is a rule as its file has it.
type RuleText struct {
	RuleID   string `json:"rule_id"`
	RuleName string `json:"rule_name,omitempty"`
	Source   string `json:"source"`
	Batch    string `json:"batch"`
	Path     string `json:"path,omitempty"`
	Bytes    int    `json:"bytes"`
	SHA256   string `json:"sha256"`
	// Text is Raw with what is no UTF-8 replaced; the hash and the length are of Raw.
	Text string `json:"text"`
	Raw  []byte `json:"-"`
}

// RuleText returns the text of one rule in force, named by its id or else by its name. A
// rule that nobody knows, or whose text is not kept, is fault.NotFound.
func (s *Service) RuleText(ctx context.Context, r Request, rule string) (RuleText, error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return RuleText{}, err
	}
	id, err := findRule(ev, rule)
	if err != nil {
		return RuleText{}, err
	}
	for i := range ev.Rules {
		x := &ev.Rules[i]
		if x.Value.ID != id {
			continue
		}
		raw, err := s.evidence.Text(ctx, store.KeyOf(x.Value.Origin, cmp.Or(x.Value.Bare, x.Value.ID)))
		if err != nil {
			return RuleText{}, err
		}
		if raw == nil {
			return RuleText{}, fault.New(fault.NotFound, "the text of rule %q is not kept: it came without one of its own, as the row of a table or in a file whose rules cannot be told apart, is longer than 256 kB, or was added by a candor that kept none", id).
				At("batch %s", x.Batch).Next("read it in its file; of one that an older candor added: candor evidence withdraw %s, and add its files again", x.Batch)
		}
		sum := sha256.Sum256(raw)
		return RuleText{RuleID: id, RuleName: x.Value.Name, Source: x.Value.Origin, Batch: x.Batch, Path: x.Value.Path, Bytes: len(raw),
			SHA256: hex.EncodeToString(sum[:]), Text: strings.ToValidUTF8(string(raw), "\ufffd"), Raw: raw}, nil
	}
	return RuleText{}, fault.New(fault.NotFound, "no rule %q was added; only its alerts are known", id).Next("candor evidence add rules FILE adds it")
}
