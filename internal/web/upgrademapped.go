package web

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"candor/internal/attack"
	"candor/internal/attack/rename"
	"candor/internal/fault"
)

// mappedPath is the page of an upgrade by a mapping that is sent.
const mappedPath = upgradePath + "/mapped"

// takeMapping shows what an upgrade does by a mapping that is sent. The mapping is not kept,
// and a release that is not imported is known as far as it tells.
func (s *site) takeMapping(w http.ResponseWriter, r *http.Request) (done, error) {
	f, name, data, err := mappingOf(w, r)
	at := r.Clone(r.Context()) // the page that comes of it leads to where another can be sent
	at.URL.Path, at.URL.RawPath = upgradePath, ""
	v, broken := s.upgrade(at, strings.TrimSpace(f.Get("from")))
	if broken != nil {
		return done{}, broken
	}
	if v.Release.Version == "" {
		return done{view: view{name: "upgrade", status: http.StatusNotFound, data: v}}, nil
	}
	v.Typed, v.To = f.Get("mapping"), strings.TrimSpace(f.Get("to"))
	q := s.upgradeAsked(&v)
	if q.Old.Version = cmp.Or(v.From, v.Release.Version); v.To != "" && v.To != v.Release.Version {
		q.Old.Version, q.New.Version = v.Release.Version, v.To // a release after the one of the page
	}
	if err == nil && len(strings.TrimSpace(string(data))) == 0 {
		err = fault.New(fault.Usage, "no mapping was sent").Next("choose a file, or paste its text")
	}
	if err == nil {
		q.Mapping, err = rename.Strict(name, data)
	}
	if err == nil {
		if err = s.plan(at, &v, q); err == nil {
			v.Mapped, v.From, v.File, v.JSON = name, q.Old.Version, "", ""
			return done{view: view{name: "upgrade", data: v}}, nil
		}
	}
	if k := fault.KindOf(err); k != fault.Usage && k != fault.NotFound && k != fault.Invalid {
		return done{}, err
	}
	var wrong *fault.Error
	if errors.As(err, &wrong) {
		v.Wrong, v.Hint = sentence(wrong.What), forPages(wrong.Hint)
	}
	return done{view: view{name: "upgrade", status: http.StatusUnprocessableEntity, data: v}}, nil
}

// Next is the release that the page is about.
func (v upgradeView) Next() attack.Release {
	if v.Mapped != "" {
		return v.U.New
	}
	return v.Release
}
