package wire

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/pull/question"
)

// Auth is how a source is told who asks.
type Auth struct {
	// Kind is one of question.Auths.
	Kind string
	// User is the name that goes with a password, or the client of a token that is
	// bought; Header is the name of the header that bears the secret, where Kind says so.
	User, Header string
	// Secret is what nobody else may know. It is in no error and in nothing that is kept.
	Secret string
	// Tokens is the address at which a token is bought, and Scopes are the tokens' by
	// service.
	Tokens string
	Scopes map[string]string
}

// bought is a token that was bought with a secret, until it ends.
type bought struct {
	token string
	until time.Time
}

// authorise returns the headers that say who asks a service.
func (c *Client) authorise(ctx context.Context, service string) (http.Header, error) {
	h := http.Header{}
	switch c.Auth.Kind {
	case question.APIKey:
		h.Set("Authorization", "ApiKey "+c.Auth.Secret)
	case question.Bearer:
		h.Set("Authorization", "Bearer "+c.Auth.Secret)
	case question.Basic:
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.Auth.User+":"+c.Auth.Secret)))
	case question.Header:
		h.Set(c.Auth.Header, c.Auth.Secret)
	case question.OAuth:
		token, err := c.buy(ctx, c.Auth.Scopes[service])
		if err != nil {
			return nil, err
		}
		h.Set("Authorization", "Bearer "+token)
	}
	return h, nil
}

// ahead is how long before its end a token is not used any more.
const ahead = time.Minute

// buy returns a token of a scope: the one that is there, or a new one.
func (c *Client) buy(ctx context.Context, scope string) (string, error) {
	if b := c.tokens[scope]; b.token != "" && c.Now().Add(ahead).Before(b.until) {
		return b.token, nil
	}
	at, err := url.Parse(c.Auth.Tokens)
	if err != nil || at.Host == "" {
		return "", fault.New(fault.Invalid, "there is no address at which tokens are had").At("%s", c.Name).Next("name it in the configuration: token_url")
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.Auth.User}, "client_secret": {c.Auth.Secret}}
	if scope != "" {
		form.Set("scope", scope)
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", fault.New(fault.Invalid, "this is not an address").At("%s", place(at))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "candor")
	a, wait, err := c.send(req, at)
	if err != nil {
		if wait > patience {
			err = fault.New(fault.Unavailable, "no token is had for %s", wait.Round(time.Second)).At("%s", place(at)).Because(Later{c.Now().Add(wait)})
		}
		return "", err
	}
	var said struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
	}
	if a.Status != http.StatusOK || json.Unmarshal(a.Body, &said) != nil || said.Token == "" {
		kind := fault.Refused
		if a.Status >= http.StatusInternalServerError {
			kind = fault.Unavailable
		}
		if a.Status == http.StatusOK {
			a.Body = nil // it may hold a token, in whatever shape
		}
		return "", c.said(at, a, kind).Next("check tenant, client and secret: no token was had")
	}
	c.tokens[scope] = bought{said.Token, c.Now().Add(time.Duration(min(max(said.Seconds, 0), 86_400)) * time.Second)}
	return said.Token, nil
}

// covered returns text with asterisks in the place of secrets.
func (c *Client) covered(text string) string {
	plain := []string{c.Auth.Secret}
	for _, b := range c.tokens {
		plain = append(plain, b.token)
	}
	hide := []string{base64.StdEncoding.EncodeToString([]byte(c.Auth.User + ":" + c.Auth.Secret))}
	for _, s := range plain { // as it is, and as it stands in an address, in JSON and on a page
		quoted, _ := json.Marshal(s)
		hide = append(hide, s, url.QueryEscape(s), url.PathEscape(s), strings.Trim(string(quoted), `"`), html.EscapeString(s))
	}
	for _, s := range hide {
		if len(s) > 3 {
			text = strings.ReplaceAll(text, s, "****")
		}
	}
	return text
}
