package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/upgrade"
)

// upgradePath is the page of what a newer release does to what evidence names.
const upgradePath = "/upgrade"

// Upgrader plans upgrades.
type Upgrader interface {
	Upgrade(ctx context.Context, q assessment.UpgradeAsked) (assessment.Upgrade, error)
}

// Decider records what people decided of IDs.
type Decider interface {
	Decide(ctx context.Context, q assessment.UpgradeAsked, ds []attack.Decision) (recorded []attack.Decision, batch string, err error)
}

// The most that the page lists: who name one ID, and verdicts that move.
const (
	mostNaming = 40
	mostMoves  = 200
)

// upgradeView is what an upgrade to the selected release would do.
type upgradeView struct {
	frame
	From  string
	Older []choice
	U     *assessment.Upgrade
	Items []upgradeItem
	Moves []moveView
	More  int // moves that are not listed
	// JSON and File are where the same is a file.
	JSON, File string
	// Mapped is the file that was read besides, Typed and To what was sent with it.
	Mapped, Typed, To string
	// Wrong says why what was sent was not taken, and At of which ID.
	Wrong, Hint, At string
}

// upgradeItem is an ID with a form to decide it.
type upgradeItem struct {
	*upgrade.Item
	Named []upgrade.Naming
	More  int
	// Choosable says that a decision of it would be read.
	Choosable bool
}

// moveView is a verdict that moves.
type moveView struct {
	upgrade.Move
	Link     link
	Was, Now *chip
}

// upgradePage is the page.
func (s *site) upgradePage(r *http.Request) (view, error) {
	v, err := s.upgrade(r, strings.TrimSpace(r.URL.Query().Get("from")))
	return view{name: "upgrade", data: v}, err
}

func (s *site) upgrade(r *http.Request, from string) (upgradeView, error) {
	fr, err := s.begin(r, "objects", "The next ATT&CK")
	if err != nil {
		return upgradeView{}, err
	}
	all, err := s.Index.Releases(r.Context())
	if err != nil {
		return upgradeView{}, err
	}
	older := changesView{frame: fr, From: from}
	older.older(all)
	v := upgradeView{frame: fr, From: older.From, Older: older.Older}
	v.only(later(all))
	if len(v.Older) == 0 {
		return v, nil
	}
	return v, s.plan(r, &v, s.upgradeAsked(&v))
}

// plan plans an upgrade into its page.
func (s *site) plan(r *http.Request, v *upgradeView, q assessment.UpgradeAsked) error {
	u, err := s.Upgrader.Upgrade(r.Context(), q)
	if err != nil {
		return err
	}
	v.U, v.Items, v.Moves, v.More = &u, nil, nil, 0
	v.JSON = v.Sel.Link("/api/v1/upgrade", "from", v.From, "domain", attack.ShortDomain(v.Release.Domain), "release", v.Release.Version)
	v.File = v.Sel.Link(upgradePath+"/table.csv", "from", v.From)
	for i := range v.U.Items {
		x := upgradeItem{Item: &v.U.Items[i], Named: v.U.Items[i].Named}
		x.Choosable = x.Fate != upgrade.Reused && x.State != upgrade.Unaffected
		if x.More = len(x.Named) - mostNaming; x.More > 0 {
			x.Named = x.Named[:mostNaming]
		}
		v.Items = append(v.Items, x)
	}
	for i := range v.U.Moves {
		m := v.U.Moves[i]
		if i == mostMoves {
			v.More = len(v.U.Moves) - i
			break
		}
		row := moveView{Move: m, Link: v.Sel.Name(m.Analytic)}
		if m.From != "" {
			row.Was = &chip{look: lookOf(m.From)}
		}
		if m.To != "" {
			row.Now = &chip{look: lookOf(m.To)}
		}
		v.Moves = append(v.Moves, row)
	}
	return nil
}

// upgradeAsked is what the page asks for.
func (s *site) upgradeAsked(v *upgradeView) assessment.UpgradeAsked {
	q := assessment.UpgradeAsked{Request: s.requestFor(v.Sel, v.Release)}
	q.New = attack.ReleaseRef{Domain: v.Release.Domain, Version: v.Release.Version}
	q.Old = attack.ReleaseRef{Domain: v.Release.Domain, Version: v.From}
	return q
}

// Open says whether an item waits for a person.
func (x upgradeItem) Open() bool { return x.State == upgrade.Ambiguous || x.State == upgrade.Certain }

// Field is the name of a holder in the form.
func (x upgradeItem) Field(n upgrade.Naming) string { return n.Kind + ":" + n.ID }

// upgradeRows is the page as a file.
func (s *site) upgradeRows(r *http.Request) (rosterView, error) {
	v, err := s.upgrade(r, strings.TrimSpace(r.URL.Query().Get("from")))
	if err != nil {
		return rosterView{}, err
	}
	if v.U == nil { // there is no older release
		v.U = &assessment.Upgrade{}
	}
	return newRoster(r, v.frame, assessment.UpgradeRoster(v.U))
}

// takeDecision takes what a person decides of one ID.
func (s *site) takeDecision(w http.ResponseWriter, r *http.Request) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	v, err := s.upgrade(r, strings.TrimSpace(f.Get("from")))
	if err != nil {
		return done{}, err
	}
	name := door.Who(r.Context()).Name
	v.At = attack.SpellID(f.Get("id"))
	text := v.At
	if of := f.Get("of"); of != "" {
		text += "@" + of
	}
	var d attack.Decision
	if f.Get("do") == "withdraw" {
		d, err = upgrade.Holding(text)
		d.Withdrawn = true
	} else {
		d, err = upgrade.Chosen(text + "=" + f.Get("to"))
	}
	if err == nil {
		d.Why, d.By, d.RecordedBy, d.At = plainLines(f.Get("why")), name, door.Who(r.Context()).Author(), s.Clock()
		_, _, err = s.Writing.Upgrades.Decide(r.Context(), s.upgradeAsked(&v), []attack.Decision{d})
	}
	if k := fault.KindOf(err); k == fault.Usage || k == fault.NotFound || k == fault.Conflict {
		var wrong *fault.Error
		if errors.As(err, &wrong) {
			v.Wrong, v.Hint = sentence(wrong.What), forPages(wrong.Hint)
		}
		return done{view: view{name: "upgrade", status: http.StatusUnprocessableEntity, data: v}}, nil
	}
	if err != nil {
		return done{}, err
	}
	return done{to: v.Sel.Link(upgradePath, "from", v.From) + "#" + v.At}, nil
}

// MayDecide reports whether the browser may decide: of the release of the page, and no other.
func (v upgradeView) MayDecide() bool {
	return v.Next().Version == v.Release.Version && v.Sign.May(identity.Upgrades)
}
