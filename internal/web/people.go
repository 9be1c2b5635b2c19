package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/people"
	"candor/internal/roster"
	"candor/internal/token"
)

// The addresses at which admins see to accounts, tokens and sessions, and auditors look.
const (
	peoplePath   = "/people"
	tokensPath   = "/people/tokens"
	sittingsPath = "/people/sessions"
	auditPath    = "/audit"
	auditFile    = "/audit/table.csv"
)

// Tokens lists, makes and revokes tokens.
type Tokens interface {
	List() ([]token.Token, error)
	Create(r token.Request, now time.Time) (token.Token, string, error)
	Revoke(which, by string, now time.Time) (token.Token, bool, error)
}

// Visits notes who came in, and says what has no entry in the ledger yet.
type Visits interface {
	Note(v people.Visit)
	Waiting() []people.Tally
}

// governs registers the routes of those who see to others.
func (s *site) governs(mux *door.Router) {
	see := func(path string, page func(*site, http.ResponseWriter, *http.Request) (done, error)) {
		mux.Handle("GET "+path, identity.Oversee, path, s.uncached(page))
	}
	see(peoplePath, (*site).peoplePage)
	see(tokensPath, (*site).tokensPage)
	see(sittingsPath, (*site).sittingsPage)
	see(auditPath, (*site).auditPage)
	mux.Handle("GET "+auditFile, identity.Oversee, auditFile, s.rosterFile((*site).audit))
	mux.Handle("POST "+peoplePath, identity.Govern, peoplePath, s.uncached((*site).changePeople))
	mux.Handle("POST "+tokensPath, identity.Govern, tokensPath, s.uncached((*site).changeTokens))
	mux.Handle("POST "+sittingsPath, identity.Govern, sittingsPath, s.uncached((*site).endSittings))
}

// peopleView is the page of the accounts.
type peopleView struct {
	frame
	All   []people.Account
	Roles []roleRow
	// Governs says that whoever looks may change them.
	Governs bool
	// Made is an account with its one-time password, which is shown this once.
	Made   *people.Account
	Secret string
	// Wrong says why nothing was changed, and Typed is what was typed.
	Wrong, Hint string
	Typed       people.New
}

// roleRow says what a role may.
type roleRow struct {
	Role identity.Role
	May  []string
}

// Has reports whether an account has a role.
func (v peopleView) Has(a people.Account, r identity.Role) bool { return a.Role == r }

func (s *site) people(r *http.Request) (v peopleView, err error) {
	if v.frame, err = s.bare(r, "people", "Accounts"); err != nil {
		return v, err
	}
	v.Governs = s.governing(r)
	for _, role := range identity.Roles() {
		row := roleRow{Role: role}
		for _, scope := range role.Scopes() {
			row.May = append(row.May, identity.Words(scope))
		}
		v.Roles = append(v.Roles, row)
	}
	v.All, err = s.People.List()
	return v, err
}

// governing reports whether whoever asks may change accounts.
func (s *site) governing(r *http.Request) bool {
	return s.Door.InForce().May(door.Who(r.Context()), identity.Govern, peoplePath) == nil
}

// peoplePage shows the accounts.
func (s *site) peoplePage(_ http.ResponseWriter, r *http.Request) (done, error) {
	v, err := s.people(r)
	return done{view: view{name: "people", data: v}}, err
}

// changePeople does with an account what an admin asks for. What else a form holds is not
// looked at.
func (s *site) changePeople(w http.ResponseWriter, r *http.Request) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	by := door.Who(r.Context()).Author()
	made, secret, err := s.changeAccount(r, f, by)
	if err == nil && secret == "" {
		return done{to: peoplePath}, nil
	}
	v, errList := s.people(r)
	if errList != nil {
		return done{}, errList
	}
	if err == nil {
		v.Made, v.Secret = &made, secret
		return done{view: view{name: "people", data: v}}, nil
	}
	if !forWhoTyped(err) {
		return done{}, err
	}
	var x *fault.Error
	if errors.As(err, &x) {
		v.Wrong, v.Hint = sentence(x.What), forPages(x.Hint)
	}
	v.Typed = people.New{Name: f.Get("name"), Role: identity.Role(f.Get("role"))}
	return done{view: view{name: "people", status: http.StatusUnprocessableEntity, data: v}}, nil
}

// changeAccount changes one account as a form says.
func (s *site) changeAccount(r *http.Request, f url.Values, by string) (a people.Account, secret string, err error) {
	ctx, c := r.Context(), people.Changing{Name: f.Get("name"), By: by}
	switch f.Get("do") {
	case "add":
		return s.People.Add(ctx, people.New{Name: c.Name, Role: identity.Role(f.Get("role")), By: by})
	case "recover":
		return s.People.Recover(ctx, c)
	case "role":
		a, _, err = s.People.SetRole(ctx, c, identity.Role(f.Get("role")))
	case "disable":
		a, _, err = s.People.SetState(ctx, c, people.Disabled)
	case "enable":
		a, _, err = s.People.SetState(ctx, c, people.Active)
	case "sign-out":
		a, err = s.People.SignOut(ctx, c)
	default:
		err = fault.New(fault.Usage, "there is nothing of that name to do with an account").Next("use the form on the page")
	}
	return a, "", err
}

// tokensView is the page of the tokens.
type tokensView struct {
	frame
	All     []tokenRow
	Scopes  []string
	Governs bool
	Made    *token.Token
	Secret  string
	// Wrong says why nothing was changed.
	Wrong, Hint string
	Name        string
}

// tokenRow is a token with what it is now.
type tokenRow struct {
	token.Token
	State string
}

func (s *site) tokens(r *http.Request) (v tokensView, err error) {
	if v.frame, err = s.bare(r, "people", "Tokens"); err != nil {
		return v, err
	}
	v.Governs, v.Scopes = s.governing(r), token.Scopes()
	all, err := s.Tokens.List()
	for _, t := range all {
		v.All = append(v.All, tokenRow{t, t.State(s.Clock())})
	}
	return v, err
}

// tokensPage shows the tokens.
func (s *site) tokensPage(_ http.ResponseWriter, r *http.Request) (done, error) {
	v, err := s.tokens(r)
	return done{view: view{name: "tokens", data: v}}, err
}

// changeTokens makes or revokes a token.
func (s *site) changeTokens(w http.ResponseWriter, r *http.Request) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	by := door.Who(r.Context()).Author()
	var made token.Token
	var secret string
	switch f.Get("do") {
	case "make":
		req := token.Request{Name: f.Get("name"), Scopes: f["scope"], By: by}
		if req.Expires, err = days(f.Get("days"), s.Clock()); err == nil {
			if made, secret, err = s.Tokens.Create(req, s.Clock()); err == nil {
				s.Visits.Note(people.Visit{What: people.TokenMade, Token: made.Name, By: by})
			}
		}
	case "revoke":
		if made, _, err = s.Tokens.Revoke(f.Get("name"), by, s.Clock()); err == nil {
			s.Visits.Note(people.Visit{What: people.TokenRevoked, Token: made.Name, By: by})
			return done{to: tokensPath}, nil
		}
	default:
		err = fault.New(fault.Usage, "there is nothing of that name to do with a token").Next("use the form on the page")
	}
	v, errList := s.tokens(r)
	switch {
	case errList != nil:
		return done{}, errList
	case err == nil:
		v.Made, v.Secret = &made, secret
		return done{view: view{name: "tokens", data: v}}, nil
	case !forWhoTyped(err):
		return done{}, err
	}
	var x *fault.Error
	if errors.As(err, &x) {
		v.Wrong, v.Hint, v.Name = sentence(x.What), forPages(x.Hint), f.Get("name")
	}
	return done{view: view{name: "tokens", status: http.StatusUnprocessableEntity, data: v}}, nil
}

// days reads for how many days a token is.
func days(text string, now time.Time) (*time.Time, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 3650 {
		return nil, fault.New(fault.Usage, "%q is no number of days from 1 to 3650", text).Next("90 is usual")
	}
	return new(now.AddDate(0, 0, n)), nil
}

// sittingsView is the page of the sessions.
type sittingsView struct {
	frame
	All     []door.Sitting
	Governs bool
}

// sittingsPage shows the sessions of everyone.
func (s *site) sittingsPage(_ http.ResponseWriter, r *http.Request) (done, error) {
	fr, err := s.bare(r, "people", "Sessions")
	v := sittingsView{frame: fr, All: s.Door.Sittings(""), Governs: s.governing(r)}
	return done{view: view{name: "sittings", data: v}}, err
}

// endSittings ends a session.
func (s *site) endSittings(w http.ResponseWriter, r *http.Request) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	key, by := f.Get("key"), door.Who(r.Context()).Author()
	s.Door.EndSittings(func(x door.Sitting) bool {
		if x.Key != key {
			return false
		}
		s.Visits.Note(people.Visit{What: people.SittingEnded, Account: x.Account.Name, By: by})
		return true
	})
	return done{to: sittingsPath}, nil
}

// auditView is the audit log.
type auditView struct {
	rosterView
	Lines []people.Line
}

// auditPage shows who came in, who was refused and whose rights changed.
func (s *site) auditPage(_ http.ResponseWriter, r *http.Request) (done, error) {
	v, err := s.auditLog(r)
	if err == nil {
		v.Lines, v.Paging, err = onPage(r, v.Lines)
	}
	return done{view: view{name: "audit", data: v}}, err
}

func (s *site) audit(r *http.Request) (rosterView, error) {
	v, err := s.auditLog(r)
	return v.rosterView, err
}

func (s *site) auditLog(r *http.Request) (v auditView, err error) {
	fr, err := s.bare(r, "people", "Audit log")
	if err != nil {
		return v, err
	}
	entries, err := s.Ledger.Where(r.Context(), people.Audited)
	if err != nil {
		return v, err
	}
	t := listing[people.Line]{List: roster.List{Name: "audit", Title: "Audit log", Order: "when it was, the last first"}, Cols: auditColumns(), Items: people.Audit(entries, s.Visits.Waiting())}
	var whats []string
	for i := range t.Items {
		whats = append(whats, t.Items[i].What)
	}
	if v.rosterView, v.Lines, err = listed(r, fr, t); err == nil {
		slices.Sort(whats)
		v.offered("what", slices.Compact(whats))
	}
	return v, err
}

// auditColumns are the columns of the audit log.
func auditColumns() []roster.Col[people.Line] {
	moment := func(key, name string, of func(*people.Line) time.Time) roster.Col[people.Line] {
		return kinded(roster.Column{Key: key, Name: name, Kind: roster.Moment}, func(l *people.Line) roster.Cell { return roster.At(of(l)) })
	}
	return []roster.Col[people.Line]{
		moment("last", "When, last", func(l *people.Line) time.Time { return l.Last }),
		chosen(column("what", "What", func(l *people.Line) string { return l.What })),
		column("account", "Account", func(l *people.Line) string { return l.Account }),
		column("token", "Token", func(l *people.Line) string { return l.Token }),
		column("from", "From", func(l *people.Line) string { return l.From }),
		column("route", "Asked for", func(l *people.Line) string { return l.Route }),
		column("by", "By", func(l *people.Line) string { return l.By }),
		counted("times", "Times", func(l *people.Line) int { return int(l.Times) }),
		moment("first", "First", func(l *people.Line) time.Time { return l.First }),
		column("entry", "Entry", func(l *people.Line) string {
			if l.Entry == nil {
				return ""
			}
			return strconv.FormatInt(*l.Entry, 10)
		}),
	}
}
