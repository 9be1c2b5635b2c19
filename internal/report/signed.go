package report

import (
	"context"
	"fmt"
	"time"

	"candor/internal/fault"
	"candor/internal/head"
	"candor/internal/ledger"
)

// What a report's signature came to.
const (
	Unsigned  = "none"        // it has none
	Unchecked = "not_checked" // no key was at hand
	Good      = "good"
	Wrong     = "wrong"
)

// Signature is what was found out about the signature of the head that a report names.
type Signature struct {
	// State is "none", "not_checked", "good" or "wrong".
	State string `json:"state"`
	// Key is what the key is called that signed it, and Time when.
	Key  string    `json:"key,omitempty"`
	Time time.Time `json:"time,omitzero"`
	// Detail says what is wrong.
	Detail string `json:"detail,omitempty"`
}

// SignedBy holds the signature of a report's head against keys. Noted says that somebody noted
// the first of them, so that a report that has no signature of theirs is not theirs.
func (v *Verified) SignedBy(s *Sealed, keys head.Keys, noted bool) {
	v.Signature = signature(s, keys, noted)
	v.OK = v.OK && v.Signature.State != Wrong
}

func signature(s *Sealed, keys head.Keys, noted bool) Signature {
	switch {
	case s.Signed == "" && noted:
		return Signature{State: Wrong, Detail: "the report has no signed head, and a key was named"}
	case s.Signed == "":
		return Signature{State: Unsigned}
	}
	h, by, err := head.Open(s.Signed, keys)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound && len(keys) == 0 && h.Root == s.Head:
		return Signature{State: Unchecked, Time: h.Time}
	case err != nil:
		return Signature{State: Wrong, Time: h.Time, Detail: err.Error()}
	case h.Root != s.Head:
		return Signature{State: Wrong, Key: by.Name, Time: h.Time, Detail: fmt.Sprintf("the head %s was signed, and the report names %s", h.Root, s.Head)}
	}
	return Signature{State: Good, Key: by.Name, Time: h.Time}
}

// checkSignature holds the signature against the key that was noted, else those of the ledger.
func (s *Service) checkSignature(ctx context.Context, v *Verified, sealed *Sealed) error {
	entries, err := s.Log.Where(ctx, func(k ledger.Kind, _ string) bool { return k == ledger.Key })
	if err != nil {
		return err
	}
	keys, _ := head.Read(entries)
	if s.Key != "" {
		if keys, err = keys.From(s.Key); err != nil {
			return err
		}
	}
	if len(keys) == 0 && sealed.Signed != "" {
		v.Signature, v.OK = Signature{State: Wrong, Detail: "the head is signed, and the ledger here has no entry of a key: it was rolled back, or is another one"}, false
		return nil
	}
	v.SignedBy(sealed, keys, s.Key != "")
	return nil
}
