package provider

import (
	"crypto/subtle"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"candor/internal/fault"
	"candor/internal/people"
)

// skew is how far the clock of the provider may be from ours.
const skew = 2 * time.Minute

// algorithms are those with which ID tokens may be signed: with a key that the provider
// alone has. One that is shared, or none, is not among them, whatever a provider offers.
func algorithms() []string {
	return []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}
}

// claims are what is said of a person.
type claims map[string]json.RawMessage

// text returns a claim that is one text; empty when there is none.
func (c claims) text(name string) string {
	var s string
	_ = json.Unmarshal(c[name], &s)
	return s
}

// at returns the time of a claim, if there is one.
func (c claims) at(name string) (time.Time, bool) {
	var n float64
	if len(c[name]) == 0 || json.Unmarshal(c[name], &n) != nil || n < 0 || n > 1e11 {
		return time.Time{}, false
	}
	return time.Unix(int64(n), 0), true
}

// find returns a claim by its name, or by the names of those that hold it, with dots between.
func (c claims) find(name string) json.RawMessage {
	if v, ok := c[name]; ok {
		return v
	}
	first, rest, nested := strings.Cut(name, ".")
	if !nested {
		return nil
	}
	return c.nested(first).find(rest)
}

// nested returns the claims within one; none where it holds none.
func (c claims) nested(name string) claims {
	var inner claims
	_ = json.Unmarshal(c[name], &inner)
	return inner
}

// mostGroups is of how many groups somebody can be.
const mostGroups = 10_000

// list returns a claim that is a text, or a list of texts. Whatever else it is holds nothing.
func (c claims) list(name string) []string {
	v := c.find(name)
	var one string
	if json.Unmarshal(v, &one) == nil && one != "" {
		return []string{one}
	}
	var many []string
	if json.Unmarshal(v, &many) != nil || len(many) > mostGroups {
		return nil
	}
	return many
}

// named returns what a person is called, by the first of several claims that there is. An
// address for mail counts when the provider has made sure of it.
func (c claims) named(from []string) string {
	for _, claim := range from {
		var sure bool
		_ = json.Unmarshal(c["email_verified"], &sure)
		if claim == "email" && !sure {
			continue
		}
		if name := c.text(claim); name != "" {
			return name
		}
	}
	return ""
}

// meant reports what an ID token says that is not so: what it was made for, and when. Whose
// signature it has was looked at before.
func (c claims) meant(client, nonce string, now time.Time) string {
	var one string
	var audience []string
	if json.Unmarshal(c["aud"], &one) == nil {
		audience = []string{one}
	} else if json.Unmarshal(c["aud"], &audience) != nil {
		return "it is for nobody"
	}
	expires, ends := c.at("exp")
	issued, made := c.at("iat")
	begins, waits := c.at("nbf")
	party := c.text("azp")
	switch {
	case !slices.Contains(audience, client):
		return "it is for another client"
	case len(c["azp"]) > 0 && party != client, len(audience) > 1 && party == "":
		return "it was given to another client"
	case subtle.ConstantTimeCompare([]byte(c.text("nonce")), []byte(nonce)) != 1:
		return "it is of another sign-in"
	case !ends || !made:
		return "it has no time"
	case !now.Before(expires.Add(skew)):
		return "it has ended; is the clock right, here and there?"
	case issued.After(now.Add(skew)), waits && begins.After(now.Add(skew)):
		return "it is from later than now; is the clock right, here and there?"
	case c.text("sub") == "" || len(c.text("sub")) > 255:
		return "it is about nobody"
	}
	return ""
}

// strong reports whether a person showed who they are as strongly as asked for.
func (c claims) strong(acr []string) bool {
	return len(acr) == 0 || slices.Contains(acr, c.text("acr"))
}

// unproven says that what a provider sent does not hold, and in what.
func unproven(what string, err error) error {
	return fault.New(fault.Refused, "what the provider says of you cannot be proven: %s", what).Because(&because{people.Turned{What: people.WrongEvidence}, err}).
		Next("sign in again; if it comes back, tell whoever runs this server, whose log says more")
}

// because is why somebody was turned away, for the log.
type because struct {
	people.Turned
	err error
}

// Error says what happened, in one line that is not long.
func (b *because) Error() string {
	if b.err == nil {
		return b.What
	}
	return b.What + ": " + brief(b.err)
}

// Unwrap returns what is noted.
func (b *because) Unwrap() error { return &b.Turned }
