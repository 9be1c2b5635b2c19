package library

import (
	"context"

	"candor/internal/attack"
	"candor/internal/attack/diff"
	"candor/internal/attack/stix"
	"candor/internal/store"
)

// History is an object over every imported release of the domains that it
// occurs in.
type History struct {
	Object   store.Header `json:"object"`
	Chapters []Chapter    `json:"history"`
}

// Chapter is a Moment with everything that its bytes tell.
type Chapter struct {
	Moment
	ContentHash string `json:"content_sha256,omitempty"`
	FileHash    string `json:"file_sha256"`
	Bytes       int    `json:"bytes,omitempty"`
	// Category is how the object changed since it was last present, empty if it
	// did not, and Fields what changed, with the value before and after.
	Category diff.Category          `json:"category,omitempty"`
	Fields   map[string]diff.Values `json:"fields,omitempty"`
}

// History returns an object's whole history, each release with its hashes and
// with what changed since the release before that carried it. The object is
// found as Page finds it.
func (s *Service) History(ctx context.Context, id string, ref attack.ReleaseRef) (History, error) {
	at, err := s.locate(ctx, id, ref)
	if err != nil {
		return History{}, err
	}
	moments, err := s.history(ctx, at.StixID)
	if err != nil {
		return History{}, err
	}
	all, err := s.store.Releases(ctx)
	if err != nil {
		return History{}, err
	}
	h := History{Object: at.Header, Chapters: make([]Chapter, 0, len(moments))}
	w := chronicler{service: s, id: at.StixID, all: all}
	for _, m := range moments {
		c, err := w.chapter(ctx, m)
		if err != nil {
			return History{}, err
		}
		h.Chapters = append(h.Chapters, c)
	}
	return h, nil
}

// chronicler goes through an object's releases, domain by domain.
type chronicler struct {
	service *Service
	id      string
	all     []attack.Release
	before  *attack.Snapshot // as last present in the domain
	release attack.Release   // the release that carried it
}

func (w *chronicler) chapter(ctx context.Context, m Moment) (Chapter, error) {
	c := Chapter{Moment: m}
	r := w.releaseOf(m)
	c.FileHash = r.FileHash
	if m.ObjectHash == "" {
		return c, nil
	}
	now, err := w.service.store.Snapshot(ctx, r, w.id)
	if err != nil {
		return c, err
	}
	content, err := stix.ContentHash(now.Raw)
	if err != nil {
		return c, err
	}
	c.ContentHash, c.Bytes = content.String(), len(now.Raw)
	if w.before != nil && w.release.Domain == r.Domain {
		c.Category, c.Fields, _ = diff.Between(w.before.Raw, now.Raw, w.release.STIX != r.STIX)
	}
	w.before, w.release = now, r
	return c, nil
}

// releaseOf returns the edition of a release that a moment speaks of.
func (w *chronicler) releaseOf(m Moment) attack.Release {
	for _, r := range editions(w.all, m.Domain) {
		if r.Version == m.Release {
			return r
		}
	}
	return attack.Release{Domain: m.Domain, Version: m.Release}
}
