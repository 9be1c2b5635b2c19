// Package provider lets people sign in through a provider of OpenID Connect: it sends a
// browser there, takes what comes back for the truth if it can be proven, and says which
// account and role that is here.
//
// It asks with Authorization Code and PKCE (S256), takes ID tokens that are signed with keys
// of the provider, and reads groups and a name out of them. It refuses secrets in
// configurations, and to show anybody what a provider wrote that is not a name or a group.
package provider

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"candor/internal/decode"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/inert"
	"candor/internal/near"
	"candor/internal/people"
)

// Kind is what a configuration says that it is, and Variable names one in the environment.
const (
	Kind     = "candor-provider"
	Variable = "CANDOR_PROVIDER"
)

// How this server shows the provider that it is the client.
const (
	Basic = "basic"
	Post  = "post"
	None  = "none"
)

// ReturnPath is where the provider sends people back to.
const ReturnPath = "/sign-in/return"

// Config is what a configuration says.
type Config struct {
	// Name begins the name of everyone who comes through the provider, and Title is what the
	// page for signing in calls it.
	Name, Title string
	Issuer      string
	ClientID    string
	// SecretFile and SecretEnv say where the secret of the client is; both are empty for a
	// client without one.
	SecretFile, SecretEnv string
	// ClientAuth is how the secret is shown; empty for as the provider says.
	ClientAuth string
	// Address is where people reach this server.
	Address string
	Scopes  []string
	// GroupsFrom is the claim that has the groups, and NamesFrom are those that have the name:
	// the first that there is.
	GroupsFrom string
	NamesFrom  []string
	// Roles are what groups give: of several, the first line that fits.
	Roles []Line
	// Session is how long a session lasts at most, and ACR how strongly people have to show
	// who they are; empty for as the provider likes.
	Session time.Duration
	ACR     []string
	CAFile  string
}

// Line says which role a group gives.
type Line struct {
	Group string
	Role  identity.Role
}

// The usual name of the claim with groups, and how long a session lasts.
const (
	usualGroups  = "groups"
	usualSession = 12 * time.Hour
)

// Beside returns where the configuration of a data folder lies: beside it.
func Beside(dir string) string {
	if at, err := filepath.Abs(dir); err == nil {
		dir = at
	}
	return filepath.Clean(dir) + ".provider.yaml"
}

// Read reads a configuration. Relative paths in it start at its folder. Faults: NotFound
// without the file, Invalid with line and field for one that does not say what it should.
func Read(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return Config{}, fault.New(fault.NotFound, "there is no configuration of a provider").At("%s", path).Next("write one (doc/people.md has an example), or name another with --provider or %s", Variable)
	}
	if err != nil {
		return Config{}, fault.New(fault.Unavailable, "the configuration of the provider cannot be read").At("%s", path).Because(err).Next("check that you may read it")
	}
	m, err := decode.DocumentOf(path, data, Kind, "1")
	if err != nil {
		return Config{}, err
	}
	if err := strange(m, "kind", "version", "name", "title", "issuer", "client_id", "secret_file", "secret_env", "client_auth", "address",
		"scopes", "groups_from", "name_from", "roles", "session", "acr", "ca_file"); err != nil {
		return Config{}, err
	}
	return decoded(m, filepath.Dir(path))
}

func decoded(m *decode.Map, dir string) (Config, error) {
	c := Config{Name: m.Need("name"), Title: m.String("title"), Issuer: m.Need("issuer"), ClientID: m.Need("client_id"), Address: strings.TrimSuffix(m.Need("address"), "/"),
		SecretFile: within(dir, m.String("secret_file")), SecretEnv: m.String("secret_env"), CAFile: within(dir, m.String("ca_file")),
		ClientAuth: m.String("client_auth"), Scopes: m.Strings("scopes"), GroupsFrom: m.String("groups_from"), NamesFrom: m.Strings("name_from"), ACR: m.Strings("acr")}
	if r, bad := m.Bad(); bad {
		return c, decode.Invalid(r.File, r.Line, "%s: %s", r.Field, r.Reason)
	}
	if !people.NamesProvider(c.Name) {
		return c, wrong(m, "name", "%q is no name for a provider", c.Name).Next("use up to 20 small letters, digits and -: it begins the name of everyone who comes through it")
	}
	if c.Title == "" {
		c.Title = c.Name
	}
	if c.Title != inert.Line(c.Title) || len(c.Title) > 60 {
		return c, wrong(m, "title", "is no line of at most 60 bytes").Next("write what people call the provider")
	}
	c.usual()
	for _, read := range []func(*decode.Map, *Config) error{addresses, secretPlace, lasting, roles} {
		if err := read(m, &c); err != nil {
			return c, err
		}
	}
	return c, nil
}

// usual says what holds where the configuration says nothing.
func (c *Config) usual() {
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"profile", "email"}
	}
	if !slices.Contains(c.Scopes, "openid") {
		c.Scopes = append([]string{"openid"}, c.Scopes...)
	}
	if c.GroupsFrom == "" {
		c.GroupsFrom = usualGroups
	}
	if len(c.NamesFrom) == 0 {
		c.NamesFrom = []string{"preferred_username", "email", "sub"}
	}
}

func wrong(m *decode.Map, field, format string, args ...any) *fault.Error {
	return decode.Invalid(m.File(), m.Line(field), field+": "+format, args...)
}

// strange refuses a key that is not known, and one that would hold a secret.
func strange(m *decode.Map, known ...string) error {
	for _, k := range m.Keys() {
		switch {
		case slices.Contains(known, k):
		case slices.Contains([]string{"secret", "client_secret", "password", "token", "key"}, strings.ToLower(k)):
			return wrong(m, k, "a secret does not stand in the configuration").
				Next("put it in a file that only you may read and name that with secret_file, or name a variable of the environment with secret_env; and change the secret, which was in a file")
		default:
			return wrong(m, k, "is no setting here").Next("%s", near.Hint(k, known, "doc/people.md lists them"))
		}
	}
	return nil
}

// within returns a path that starts at a folder, unless it is whole or empty.
func within(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// addresses looks at those of the provider and of this server.
func addresses(m *decode.Map, c *Config) error {
	for field, at := range map[string]string{"issuer": c.Issuer, "address": c.Address} {
		if u, err := url.Parse(at); !safe(at) || err != nil || u.RawQuery != "" || u.ForceQuery {
			return wrong(m, field, "is no address of https").Next("write it as https://HOST/PATH; http is for this machine alone")
		}
	}
	if u, err := url.Parse(c.Address); err != nil || u.Path != "" {
		return wrong(m, "address", "is more than where this server is").Next("write it as https://HOST or https://HOST:PORT; register %s behind it at the provider", ReturnPath)
	}
	return nil
}

// safe reports whether an address is one of https, or of this machine, with no user in it.
func safe(at string) bool {
	u, err := url.Parse(at)
	return err == nil && u.Host != "" && u.User == nil && u.Fragment == "" &&
		(u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// secretPlace looks at where the secret is and how it is shown.
func secretPlace(m *decode.Map, c *Config) error {
	has := c.SecretFile != "" || c.SecretEnv != ""
	switch {
	case c.SecretFile != "" && c.SecretEnv != "":
		return wrong(m, "secret_file", "the secret has one place: secret_file or secret_env").Next("leave one of them out")
	case !slices.Contains([]string{"", Basic, Post, None}, c.ClientAuth):
		return wrong(m, "client_auth", "%q is no way to show a secret", c.ClientAuth).Next("use basic, post or none, or leave it out: the provider says which it takes")
	case c.ClientAuth == None && has:
		return wrong(m, "client_auth", "none goes with no secret").Next("leave the secret out, or say how it is shown")
	case !has && c.ClientAuth != None:
		return wrong(m, "secret_file", "is missing").Next("name a file that only you may read with secret_file, or a variable of the environment with secret_env; client_auth: none is for a client that has no secret")
	}
	return nil
}

// lasting reads how long a session lasts.
func lasting(m *decode.Map, c *Config) error {
	text := m.String("session")
	if text == "" {
		c.Session = usualSession
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Minute || d > usualSession {
		return wrong(m, "session", "%q is no time from 1m to %s", text, usualSession).Next("write it as 8h or 30m")
	}
	c.Session = d
	return nil
}

// roles reads which groups give which roles.
func roles(m *decode.Map, c *Config) error {
	lines, rejects := m.Maps("roles")
	if len(rejects) > 0 {
		return decode.Invalid(rejects[0].File, rejects[0].Line, "roles: %s", rejects[0].Reason)
	}
	if len(lines) == 0 {
		return wrong(m, "roles", "no group gives a role, so that nobody could sign in").Next("list lines with group and role; of several that fit somebody, the first counts")
	}
	var all []string
	for _, r := range identity.Roles() {
		all = append(all, string(r))
	}
	for _, l := range lines {
		if err := strange(l, "group", "role"); err != nil {
			return err
		}
		line := Line{l.Need("group"), identity.Role(l.Need("role"))}
		if r, bad := l.Bad(); bad {
			return decode.Invalid(r.File, r.Line, "%s: %s", r.Field, r.Reason)
		}
		if !line.Role.Known() {
			return wrong(l, "role", "there is no role %q", line.Role).Next("use one of: %s", strings.Join(all, ", "))
		}
		if slices.ContainsFunc(c.Roles, func(o Line) bool { return o.Group == line.Group }) {
			return wrong(l, "group", "%s has a role already", line.Group).Next("leave one of the lines out")
		}
		c.Roles = append(c.Roles, line)
	}
	return nil
}

// roleOf returns the role that groups give; empty when they give none.
func (c Config) roleOf(groups []string) identity.Role {
	for _, l := range c.Roles {
		if slices.Contains(groups, l.Group) {
			return l.Role
		}
	}
	return ""
}
