package pull

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/decode"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/near"
	"candor/internal/pull/question"
	"candor/internal/pull/wire"
)

// Kind is what a configuration says that it is.
const Kind = "candor-pulls"

// Variable names a configuration in the environment.
const Variable = "CANDOR_PULLS"

// Source is what a configuration says of one source.
type Source struct {
	// Name is what people call it; it is in the author of its batches, and begins every
	// file of its state.
	Name    string
	Product *question.Product
	// Addresses are by service; that of "" is the source's own.
	Addresses map[string]string
	Auth      wire.Auth // without its secret
	// SecretFile and SecretEnv say where the secret is.
	SecretFile, SecretEnv string
	CAFile                string
	// Parts are what is collected.
	Parts []question.Part
	// Every is how often a server asks; Overlap how far back each question goes behind
	// the last, and Span how long a time one asks for at most.
	Every, Overlap, Span time.Duration
	Timeout              time.Duration
	PerMinute            int
	// Since is where the first question begins.
	Since time.Time
	// Of is whose statements they are; empty where the decoders say. Rules are of the
	// source's name then.
	Of string
	// Mapping is the path of the mapping file of a generic source.
	Mapping  string
	Settings question.Settings
}

// Author begins the author of every batch that was pulled; the name of the source follows.
const Author = "pull:"

// What holds where a configuration says nothing.
const (
	usualEvery   = 15 * time.Minute
	usualOverlap = time.Hour
	usualSpan    = 7 * 24 * time.Hour
	usualTimeout = time.Minute
	usualSince   = 30 * 24 * time.Hour
	usualSize    = 500
)

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// taken are the names that commands have.
var taken = [...]string{"list", "check", "products", "help", "all"}

// Beside returns where the configuration of a data folder lies: beside it.
func Beside(dir string) string {
	if at, err := filepath.Abs(dir); err == nil {
		dir = at
	}
	return filepath.Clean(dir) + ".pulls.yaml"
}

// Read reads the configuration in a file. Relative paths in it start at its folder. Since
// counts back from now where the file does not say. Faults: NotFound without the file,
// Invalid with file, line and field for one that does not say what it should.
func Read(path string, now time.Time) ([]Source, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, unread(path, err)
	}
	return Decode(path, data, now)
}

// Decode is Read of bytes that are there.
func Decode(path string, data []byte, now time.Time) ([]Source, error) {
	top, err := decode.DocumentOf(path, data, Kind, "1")
	if err != nil {
		return nil, err
	}
	if err := strange(top, "kind", "version", "pulls"); err != nil {
		return nil, err
	}
	maps, rejects := top.Maps("pulls")
	if len(rejects) > 0 {
		return nil, decode.Invalid(path, rejects[0].Line, "%s: %s", rejects[0].Field, rejects[0].Reason)
	}
	if len(maps) == 0 {
		return nil, decode.Invalid(path, top.Line("pulls"), "pulls: no source is named").Next("list at least one: name, product, address, auth")
	}
	var list []Source
	for _, m := range maps {
		s, err := source(m, filepath.Dir(path), now)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(list, func(o Source) bool { return o.Name == s.Name }) {
			return nil, wrong(m, "name", "two sources are called %s", s.Name).Next("give each a name of its own")
		}
		list = append(list, s)
	}
	return list, nil
}

// Find returns the source of a name.
func Find(list []Source, name string) (Source, error) {
	var names []string
	for _, s := range list {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Source{}, fault.New(fault.NotFound, "no source is called %q", name).Next("%s", near.Hint(name, names, "candor pull list lists them"))
}

// wrong is a fault of a field.
func wrong(m *decode.Map, field, format string, args ...any) *fault.Error {
	return decode.Invalid(m.File(), m.Line(field), field+": "+format, args...)
}

// secrets are the names under which people put secrets into files.
var secrets = [...]string{"secret", "password", "passwd", "token", "api_key", "apikey", "client_secret", "key", "bearer", "authorization"}

// strange refuses a key that is not known, and one that would hold a secret.
func strange(m *decode.Map, known ...string) error {
	for _, k := range m.Keys() {
		switch {
		case slices.Contains(known, k):
		case slices.Contains(secrets[:], strings.ToLower(k)):
			return wrong(m, k, "a secret does not stand in the configuration").
				Next("put it in a file that only you may read and name that with secret_file, or name a variable of the environment with secret_env; and change the secret, which was in a file")
		default:
			return wrong(m, k, "is no setting here").Next("%s", near.Hint(k, known, "candor pull products lists the settings"))
		}
	}
	return nil
}

// source reads one source.
func source(m *decode.Map, dir string, now time.Time) (Source, error) {
	s := Source{Name: m.Need("name"), SecretEnv: m.String("secret_env"), Of: m.String("source")}
	name := m.Need("product")
	if r, bad := m.Bad(); bad {
		return s, decode.Invalid(r.File, r.Line, "%s: %s", r.Field, r.Reason)
	}
	if !nameForm.MatchString(s.Name) || slices.Contains(taken[:], s.Name) {
		return s, wrong(m, "name", "%q is no name for a source", s.Name).Next("use up to 40 small letters, digits, - and _, and none of %s", strings.Join(taken[:], ", "))
	}
	p, ok := question.Of(name)
	if !ok {
		var names []string
		for _, q := range question.Products() {
			names = append(names, q.Name)
		}
		return s, wrong(m, "product", "%q is not one that can be asked", name).Next("%s", near.Hint(name, names, "candor pull products lists them"))
	}
	s.Product = p
	known := []string{"name", "product", "address", "auth", "user", "tenant", "header", "secret_file", "secret_env", "token_url", "ca_file",
		"parts", "every", "overlap", "window", "since", "size", "per_minute", "timeout", "source"}
	for _, f := range slices.Concat(p.Services, p.Fields) {
		known = append(known, f.Name)
	}
	if err := strange(m, known...); err != nil {
		return s, err
	}
	s.SecretFile, s.CAFile, s.Mapping = within(dir, m.String("secret_file")), within(dir, m.String("ca_file")), within(dir, m.String("mapping"))
	for _, read := range []func(*decode.Map, *Source) error{settings, addresses, auth, parts, amounts} {
		if err := read(m, &s); err != nil {
			return s, err
		}
	}
	var err error
	s.Since, err = since(m, now)
	return s, err
}

// within returns a path that starts at a folder, unless it is whole or empty.
func within(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// addresses reads where the source is asked.
func addresses(m *decode.Map, s *Source) error {
	s.Addresses = map[string]string{"": m.String("address")}
	if s.Addresses[""] == "" {
		s.Addresses[""] = s.Product.Address
	}
	if s.Addresses[""] == "" {
		return wrong(m, "address", "is missing").Next("say where the source is asked, such as https://search.example:9200")
	}
	for _, f := range s.Product.Services {
		at := m.String(f.Name)
		if at == "" {
			at = f.Otherwise
		}
		if at != "" {
			s.Addresses[f.Name] = at
		}
	}
	for service, at := range s.Addresses {
		field := service
		if field == "" {
			field = "address"
		}
		u, err := url.Parse(at)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			return wrong(m, field, "%q is no address", printable(at)).Next("write it as https://HOST or https://HOST:PORT/PATH")
		case u.User != nil || u.RawQuery != "" || u.Fragment != "":
			return wrong(m, field, "an address has no user, secret or parameters in it").Next("name the user under user, and the secret with secret_file or secret_env")
		case u.Scheme == "http" && !loopback(u.Hostname()):
			return wrong(m, field, "what is asked over http can be read on its way, secrets included").Next("use https; ca_file names the certificate of one that the system does not trust")
		}
	}
	return nil
}

// printable is an address without what may be secret in it.
func printable(at string) string {
	if i := strings.LastIndexByte(at, '@'); i >= 0 {
		return "…" + at[i:]
	}
	return at
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// auth reads how the source is told who asks.
func auth(m *decode.Map, s *Source) error {
	kind := m.String("auth")
	if kind == "" {
		kind = s.Product.Auths[0]
	}
	if !slices.Contains(s.Product.Auths, kind) {
		return wrong(m, "auth", "%s is not asked so", s.Product.Name).Next("use one of: %s", strings.Join(s.Product.Auths, ", "))
	}
	s.Auth = wire.Auth{Kind: kind, User: m.String("user"), Header: m.String("header"), Tokens: m.String("token_url"), Scopes: s.Product.Scopes}
	has := map[string]bool{"user": s.Auth.User != "", "header": s.Auth.Header != "", "tenant": m.Has("tenant"), "token_url": m.Has("token_url"), "secret_file": s.SecretFile != "", "secret_env": s.SecretEnv != ""}
	if kind == question.OAuth && s.Auth.Tokens == "" && has["tenant"] {
		s.Auth.Tokens = "https://login.microsoftonline.com/" + url.PathEscape(m.String("tenant")) + "/oauth2/v2.0/token"
	}
	for _, n := range []struct {
		field string
		needs bool
		may   bool
	}{
		{"user", kind == question.Basic || kind == question.OAuth, kind == question.Basic || kind == question.OAuth},
		{"header", kind == question.Header, kind == question.Header},
		{"tenant", kind == question.OAuth && s.Auth.Tokens == "", kind == question.OAuth},
		{"token_url", false, kind == question.OAuth},
	} {
		switch {
		case n.needs && !has[n.field]:
			return wrong(m, n.field, "is missing, and auth %s needs it", kind).Next("name it: with oauth, user is the id of the client")
		case !n.may && has[n.field]:
			return wrong(m, n.field, "does not go with auth %s", kind).Next("leave it out")
		}
	}
	if u, err := url.Parse(s.Auth.Tokens); s.Auth.Tokens != "" && (err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !loopback(u.Hostname())) {
		return wrong(m, "token_url", "is no address of https").Next("write it as https://HOST/PATH")
	}
	switch {
	case kind == question.None && (has["secret_file"] || has["secret_env"]):
		return wrong(m, "auth", "none goes with no secret").Next("leave the secret out, or say how it is sent")
	case kind != question.None && has["secret_file"] == has["secret_env"]:
		return wrong(m, "secret_file", "the secret has one place: secret_file or secret_env").Next("name a file that only you may read, or a variable of the environment")
	}
	return nil
}

// parts reads what is collected: all that can be where nothing is said.
func parts(m *decode.Map, s *Source) error {
	names := m.Strings("parts")
	for _, n := range names {
		if _, ok := s.Product.Part(n); !ok {
			return wrong(m, "parts", "%s has no part %q", s.Product.Name, n).Next("%s", near.Hint(n, s.Product.PartNames(), "candor pull products lists them"))
		}
	}
	for _, p := range s.Product.Parts {
		if len(names) > 0 && !slices.Contains(names, p.Name) {
			continue
		}
		if ask := p.First(s.Settings, question.Window{}); s.Addresses[ask.Service] == "" {
			if len(names) == 0 {
				continue // it cannot be asked without an address that is not said
			}
			return wrong(m, "parts", "%s is asked at %s, and no address of it is said", p.Name, ask.Service).Next("add %s: https://HOST, or leave the part out", ask.Service)
		}
		if p = p.As(s.Settings); !slices.Contains(ingest.Kinds(), p.Kind) {
			return wrong(m, "kind", "%q is no kind of evidence", p.Kind).Next("use one of: %s", strings.Join(ingest.Kinds(), ", "))
		}
		s.Parts = append(s.Parts, p)
	}
	if r, bad := m.Bad(); bad {
		return decode.Invalid(r.File, r.Line, "%s: %s", r.Field, r.Reason)
	}
	return nil
}

// settings reads the product's own settings.
func settings(m *decode.Map, s *Source) error {
	s.Settings = question.Settings{Set: map[string]string{}, Size: m.Int("size", 1, 10_000)}
	if s.Settings.Size == 0 {
		s.Settings.Size = usualSize
	}
	for _, f := range s.Product.Fields {
		v := m.String(f.Name)
		if v == "" {
			v = f.Otherwise
		}
		if v == "" && f.Needed {
			return wrong(m, f.Name, "is missing: %s", f.Doc).Next("candor pull products says what %s is asked with", s.Product.Name)
		}
		s.Settings.Set[f.Name] = v
	}
	if r, bad := m.Bad(); bad {
		return decode.Invalid(r.File, r.Line, "%s: %s", r.Field, r.Reason)
	}
	return nil
}

// amounts reads how often, how far and how much is asked.
func amounts(m *decode.Map, s *Source) error {
	s.PerMinute = m.Int("per_minute", 1, 10_000)
	for _, d := range []struct {
		field       string
		into        *time.Duration
		usual       time.Duration
		least, most time.Duration
	}{
		{"every", &s.Every, usualEvery, time.Minute, 7 * 24 * time.Hour},
		{"overlap", &s.Overlap, usualOverlap, time.Minute, 30 * 24 * time.Hour},
		{"window", &s.Span, usualSpan, time.Hour, 366 * 24 * time.Hour},
		{"timeout", &s.Timeout, usualTimeout, time.Second, 30 * time.Minute},
	} {
		text := m.String(d.field)
		*d.into = d.usual
		if text == "" {
			continue
		}
		v, err := duration(text)
		if err != nil || v < d.least || v > d.most {
			return wrong(m, d.field, "%q is no time from %s to %s", text, shown(d.least), shown(d.most)).Next("write it as 90s, 15m, 2h or 7d")
		}
		*d.into = v
	}
	if r, bad := m.Bad(); bad {
		return decode.Invalid(r.File, r.Line, "%s: %s", r.Field, r.Reason)
	}
	return nil
}

// duration reads a time such as 90s, 15m, 2h or 7d.
func duration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 10_000 {
			return 0, fmt.Errorf("%q is no number of days", days)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(text)
}

// shown writes a time as people write it.
func shown(d time.Duration) string {
	switch {
	case d >= 24*time.Hour && d%(24*time.Hour) == 0:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	case d >= time.Hour && d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d >= time.Minute && d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return d.String()
}

// ParseSince reads where a question is to begin: a day, or a time; see since in the
// configuration.
func ParseSince(text string, now time.Time) (time.Time, error) {
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, text); err == nil && t.Before(now) {
			return t.UTC(), nil
		}
	}
	if d, err := duration(text); err == nil && d > 0 {
		return now.Add(-d).UTC().Truncate(time.Millisecond), nil
	}
	return time.Time{}, fault.New(fault.Usage, "%q is no time in the past", text).Next("write a day such as 2026-03-01, a time such as 2026-03-01T12:00:00Z, or how long ago: 30d")
}

func since(m *decode.Map, now time.Time) (time.Time, error) {
	text := m.String("since")
	if text == "" {
		return now.Add(-usualSince).UTC().Truncate(24 * time.Hour), nil
	}
	t, err := ParseSince(text, now)
	if err != nil {
		return t, wrong(m, "since", "%s", err).Next("%s", fault.HintOf(err))
	}
	return t, nil
}
