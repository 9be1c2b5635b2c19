package question

// The ways to say who asks.
const (
	APIKey = "api_key" // Authorization: ApiKey SECRET
	Basic  = "basic"   // user and password
	Bearer = "bearer"  // Authorization: Bearer SECRET
	OAuth  = "oauth"   // client credentials: the secret buys a token for a while
	Header = "header"  // a header of any name
	None   = "none"    // nothing; for what anybody may read
)

// Auths lists them.
func Auths() []string { return []string{APIKey, Basic, Bearer, OAuth, Header, None} }
