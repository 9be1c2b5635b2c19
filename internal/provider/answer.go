package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"candor/internal/fault"
	"candor/internal/people"
)

// Answer returns the account of whom the provider sends back with an answer. One that does not
// hold is fault.Refused, with a *people.Turned as cause; fault.Unavailable where the provider
// cannot be asked.
func (s *Service) Answer(ctx context.Context, nonce, verifier string, answer url.Values) (people.Account, error) {
	m, err := s.now(ctx)
	if err != nil {
		return people.Account{}, err
	}
	if err := s.heard(m, answer); err != nil {
		return people.Account{}, err
	}
	ctx = oidc.ClientContext(ctx, s.client)
	token, err := s.exchange(ctx, m, answer.Get("code"), verifier)
	if err != nil {
		return people.Account{}, err
	}
	said, err := s.proven(ctx, m, token, nonce)
	if err != nil {
		return people.Account{}, err
	}
	p := people.Person{Provider: s.Name, Name: said.named(s.NamesFrom), Issuer: s.Issuer, Subject: said.text("sub"), Role: s.roleOf(said.list(s.GroupsFrom))}
	if _, over := said.nested("_claim_names")[s.GroupsFrom]; over && p.Role == "" {
		return people.Account{}, fault.New(fault.Refused, "you are in more groups than the provider says at once").Because(&people.Turned{What: people.NoGroup}).
			Next("have whoever runs the provider send the groups that were assigned to this application alone")
	}
	return s.Arrive(ctx, p)
}

// mostCode is how long a code may be, in bytes.
const mostCode = 8 << 10

// heard looks at what came back through the browser.
func (s *Service) heard(m *metadata, answer url.Values) error {
	for _, name := range []string{"code", "state", "iss", "error"} {
		if len(answer[name]) > 1 {
			return unproven("it says something twice", nil)
		}
	}
	switch from := answer.Get("iss"); {
	case from != "" && from != s.Issuer, from == "" && m.NamesItself:
		return unproven("it is from another provider", nil)
	case answer.Has("error"):
		return refusal(answer.Get("error"))
	case answer.Get("code") == "", len(answer.Get("code")) > mostCode:
		return unproven("it has no code, or one that is too long", nil)
	}
	return nil
}

// refusal says that the provider did not let somebody in. What else it writes is shown to
// nobody: anyone can write an address that leads here.
func refusal(code string) error {
	said := map[string]string{
		"access_denied": "it says that you may not, or that you left", "login_required": "it asks you to sign in there first", "interaction_required": "it wants something of you there first",
		"consent_required": "it was not agreed to there", "temporarily_unavailable": "it is too busy", "server_error": "something is wrong there",
		"invalid_scope": "it knows not all of the scopes that this server asks for", "unauthorized_client": "this server may not ask there", "invalid_request": "it does not take what this server asks",
	}[code]
	if said == "" {
		code, said = "another error", "it gives no reason that is known"
	}
	return fault.New(fault.Refused, "the provider did not let you in: %s", said).Because(&because{people.Turned{What: people.ProviderSays}, errors.New(code)}).
		Next("sign in again, or ask whoever runs the provider")
}

// exchange has the provider say who somebody is, for a code.
func (s *Service) exchange(ctx context.Context, m *metadata, code, verifier string) (*oauth2.Token, error) {
	c, err := s.config(m)
	if err != nil {
		s.say(taking, err)
		return nil, s.away(err)
	}
	token, err := c.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	var of *oauth2.RetrieveError
	switch {
	case err == nil:
		s.say(taking, nil)
		return token, nil
	case ctx.Err() != nil:
		return nil, s.away(ctx.Err())
	case errors.As(err, &of) && ofTheCode(of):
		return nil, unproven("the provider takes the code not for its own, or took it already", err)
	}
	s.say(taking, err)
	return nil, s.away(err)
}

// ofTheCode reports whether a provider found fault with the code, and not with this server: a
// code is what anybody can write into an address, and raises no alarm.
func ofTheCode(of *oauth2.RetrieveError) bool {
	if of.Response == nil || of.ErrorCode == "invalid_client" || of.ErrorCode == "unauthorized_client" {
		return false
	}
	code := of.Response.StatusCode
	return code >= 400 && code < 500 && code != http.StatusUnauthorized && code != http.StatusTooManyRequests
}

// proven returns what the provider says of a person, once it is clear that it is the provider
// who says it, now, to this server, of the sign-in that was begun.
func (s *Service) proven(ctx context.Context, m *metadata, token *oauth2.Token, nonce string) (claims, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return nil, unproven("there is no ID token", nil)
	}
	// The audience and the times are looked at below, with what the library leaves to others.
	id, err := m.provider.Verifier(&oidc.Config{ClientID: s.ClientID, SupportedSigningAlgs: algorithms(), SkipExpiryCheck: true}).Verify(ctx, raw)
	if err != nil {
		return nil, unproven("its signature, its issuer or its audience is wrong", err)
	}
	var said claims
	if err := id.Claims(&said); err != nil {
		return nil, unproven("it cannot be read", err)
	}
	if what := said.meant(s.ClientID, nonce, s.Now()); what != "" {
		return nil, unproven(what, nil)
	}
	if id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil {
		return nil, unproven("what came with it is of another one", nil)
	}
	if !said.strong(s.ACR) {
		return nil, fault.New(fault.Refused, "you have to show the provider more strongly who you are").Because(&people.Turned{What: people.WrongEvidence}).Next("sign in again, with what the provider asks for beside a password")
	}
	return s.more(ctx, m, token, said)
}

// more asks the provider for what its statement leaves out, where it says it elsewhere.
func (s *Service) more(ctx context.Context, m *metadata, token *oauth2.Token, said claims) (claims, error) {
	whole := said.find(s.GroupsFrom) != nil && said.text(s.NamesFrom[0]) != ""
	if whole || token.AccessToken == "" || !safe(m.provider.UserInfoEndpoint()) {
		return said, nil
	}
	info, err := m.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, s.away(err)
	}
	var further claims
	if err := info.Claims(&further); err != nil || further.text("sub") != said.text("sub") {
		return nil, unproven("it says more of somebody else", err)
	}
	if said["email"] != nil {
		delete(further, "email_verified") // which is of the other address
	}
	for name, v := range further {
		if _, there := said[name]; !there {
			said[name] = v
		}
	}
	return said, nil
}
