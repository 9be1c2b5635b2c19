// Package hook tells others what is new: webhooks get what changed between two standings, and
// places that a user named get signed heads of the ledger's tree.
//
// What is to be told is on the disk before it is sent, under the id that it is sent with, and
// stays there until it was taken: a process that is killed tells it again, and who gets it twice
// sees that by the id. What nobody took for long is kept aside, and sent again when a person says
// so. The package only reads evidence, and holds nobody up. It refuses secrets in configurations,
// and to tell anybody a secret or the path of an address.
package hook

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/decode"
	"candor/internal/deliver"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/news"
)

// Kind is what a configuration says that it is, and Variable names one in the environment.
const (
	Kind     = "candor-hooks"
	Variable = "CANDOR_HOOKS"
)

// Secret says where a secret is; both are empty for none.
type Secret struct{ File, Env string }

// Hook is a receiver of what is new.
type Hook struct {
	Name  string
	Place deliver.Place
	Secret
	// Kinds are what it gets.
	Kinds []string
	// GiveUp is for how long what it does not take is sent again.
	GiveUp time.Duration
}

// HeadsTo is a place that gets signed heads.
type HeadsTo struct {
	// Written is how the configuration names it, by which what it got is remembered.
	Written string
	Place   deliver.Place
	Secret
	// Every is how long is waited at least between two.
	Every time.Duration
}

// Config is a configuration.
type Config struct {
	Hooks []Hook
	Heads []HeadsTo
}

// What holds where a configuration says nothing.
const (
	usualGiveUp = 24 * time.Hour
	// UsualEvery is how long is waited at least between two heads.
	UsualEvery = time.Minute
)

// Beside returns where the configuration of a data folder lies: beside it.
func Beside(dir string) string {
	if at, err := filepath.Abs(dir); err == nil {
		dir = at
	}
	return filepath.Clean(dir) + ".hooks.yaml"
}

// Read reads a configuration. Relative paths in it start at its folder. Faults: NotFound
// without the file, Invalid with line and field for one that does not say what it should.
func Read(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return Config{}, fault.New(fault.NotFound, "there is no configuration of hooks").At("%s", path).Next("write one (doc/hooks.md has an example), or name another with --hooks or %s", Variable)
	}
	if err != nil {
		return Config{}, fault.New(fault.Unavailable, "the configuration of hooks cannot be read").At("%s", path).Because(err).Next("check that you may read it")
	}
	top, err := decode.DocumentOf(path, data, Kind, "1")
	if err != nil {
		return Config{}, err
	}
	if err := strange(top, "kind", "version", "hooks", "heads"); err != nil {
		return Config{}, err
	}
	var c Config
	hooks, rejects := top.Maps("hooks")
	heads, more := top.Maps("heads")
	if rejects = append(rejects, more...); len(rejects) > 0 {
		return c, decode.Invalid(path, rejects[0].Line, "%s: %s", rejects[0].Field, rejects[0].Reason)
	}
	for _, m := range hooks {
		h, err := hookOf(m, filepath.Dir(path))
		if err != nil {
			return c, err
		}
		if slices.ContainsFunc(c.Hooks, func(o Hook) bool { return o.Name == h.Name }) {
			return c, wrong(m, "name", "two hooks are called %s", h.Name).Next("give each a name of its own")
		}
		c.Hooks = append(c.Hooks, h)
	}
	for _, m := range heads {
		h, err := headsOf(m, filepath.Dir(path))
		if err != nil {
			return c, err
		}
		c.Heads = append(c.Heads, h)
	}
	return c, nil
}

func wrong(m *decode.Map, field, format string, args ...any) *fault.Error {
	return decode.Invalid(m.File(), m.Line(field), field+": "+format, args...)
}

// strange refuses a key that is not known, and one that would hold a secret.
func strange(m *decode.Map, known ...string) error {
	for _, k := range m.Keys() {
		switch {
		case slices.Contains(known, k):
		case slices.Contains([]string{"secret", "password", "token", "key", "authorization"}, strings.ToLower(k)):
			return wrong(m, k, "a secret does not stand in the configuration").
				Next("put it in a file that only you may read and name that with secret_file, or name a variable of the environment with secret_env; and change the secret, which was in a file")
		default:
			return wrong(m, k, "is no setting here").Next("%s", near.Hint(k, known, "doc/hooks.md lists them"))
		}
	}
	return nil
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

func hookOf(m *decode.Map, dir string) (Hook, error) {
	h := Hook{Name: m.Need("name"), Kinds: m.Strings("kinds"), GiveUp: usualGiveUp}
	at := m.Need("url")
	if err := strange(m, "name", "url", "kinds", "give_up", "secret_file", "secret_env"); err != nil {
		return h, err
	}
	if r, bad := m.Bad(); bad {
		return h, decode.Invalid(r.File, r.Line, "%s: %s", r.Field, r.Reason)
	}
	if !nameForm.MatchString(h.Name) {
		return h, wrong(m, "name", "%q is no name for a hook", h.Name).Next("use up to 40 small letters, digits, - and _")
	}
	var err error
	if h.Place, err = deliver.Parse(deliver.Webhook + ":" + at); err != nil {
		return h, wrong(m, "url", "%s", err.Error()).Next("write it as https://HOST/PATH")
	}
	for _, k := range h.Kinds {
		if !slices.Contains(news.Kinds(), k) {
			return h, wrong(m, "kinds", "%q is no kind of news", k).Next("%s", near.Hint(k, news.Kinds(), ""))
		}
	}
	if len(h.Kinds) == 0 {
		h.Kinds = news.Kinds()
	}
	if h.GiveUp, err = span(m, "give_up", usualGiveUp, time.Second, 30*24*time.Hour); err != nil {
		return h, err
	}
	if h.Secret, err = secretOf(m, dir); err == nil && h.Secret == (Secret{}) {
		err = wrong(m, "secret_file", "is missing: what a hook gets is signed").Next("name a file that only you may read with secret_file, or a variable of the environment with secret_env")
	}
	return h, err
}

func headsOf(m *decode.Map, dir string) (HeadsTo, error) {
	h := HeadsTo{Written: m.Need("to")}
	if err := strange(m, "to", "every", "secret_file", "secret_env"); err != nil {
		return h, err
	}
	if r, bad := m.Bad(); bad {
		return h, decode.Invalid(r.File, r.Line, "%s: %s", r.Field, r.Reason)
	}
	var err error
	if h.Place, err = deliver.Parse(h.Written); err != nil {
		return h, wrong(m, "to", "%s", err.Error()).Next("%s", fault.HintOf(err))
	}
	if h.Place.Kind == deliver.File && !filepath.IsAbs(h.Place.Path) {
		h.Place.Path = filepath.Join(dir, h.Place.Path)
	}
	if h.Every, err = span(m, "every", UsualEvery, time.Second, 30*24*time.Hour); err != nil {
		return h, err
	}
	h.Secret, err = secretOf(m, dir)
	return h, err
}

// span reads a time such as 90s, 15m, 2h or 7d.
func span(m *decode.Map, field string, usual, least, most time.Duration) (time.Duration, error) {
	text := m.String(field)
	if text == "" {
		return usual, nil
	}
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(min(n, 10_000)) * 24 * time.Hour
	}
	if err != nil || d < least || d > most {
		return 0, wrong(m, field, "%q is no time from %s to %s", text, least, most).Next("write it as 90s, 15m, 2h or 7d")
	}
	return d, nil
}

func secretOf(m *decode.Map, dir string) (Secret, error) {
	s := Secret{m.String("secret_file"), m.String("secret_env")}
	if s.File != "" && s.Env != "" {
		return s, wrong(m, "secret_file", "the secret has one place: secret_file or secret_env").Next("leave one of them out")
	}
	if s.File != "" && !filepath.IsAbs(s.File) {
		s.File = filepath.Join(dir, s.File)
	}
	return s, nil
}

// maxSecret is how long a secret may be, in bytes.
const maxSecret = 4096

// read reads a secret from where it is; it is in no error.
func (s Secret) read(getenv func(string) string) (string, error) {
	if s == (Secret{}) {
		return "", nil
	}
	if s.Env != "" {
		if v := strings.TrimSpace(getenv(s.Env)); v != "" {
			return v, nil
		}
		return "", fault.New(fault.Unavailable, "the variable of the environment that has the secret is not set").At("%s", s.Env).Next("set it for whoever runs candor (of a running server, its own environment counts)")
	}
	text, err := os.ReadFile(s.File)
	v := strings.TrimSpace(string(text))
	if err != nil || v == "" || len(text) > maxSecret || strings.ContainsAny(v, "\r\n\x00") {
		return "", fault.New(fault.Unavailable, "the file of the secret does not hold one line, or cannot be read").At("%s", filepath.Base(s.File)).Next("write the secret into it, and nothing else; whoever runs candor must be able to read it")
	}
	return v, nil
}

// Named returns a hook by its name.
func (c *Config) Named(name string) (Hook, error) {
	var names []string
	for _, h := range c.Hooks {
		if h.Name == name {
			return h, nil
		}
		names = append(names, h.Name)
	}
	return Hook{}, fault.New(fault.NotFound, "no hook is called %q", name).Next("%s", near.Hint(name, names, fmt.Sprintf("candor hooks list lists the %d that there are", len(names))))
}
