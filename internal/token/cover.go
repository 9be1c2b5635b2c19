package token

import (
	"bytes"
	"regexp"
)

// randomSize is how many letters of base32 the random part of a secret has: 256 bits.
const randomSize = 52

// SecretSize is the length in bytes of the longest secret.
const SecretSize = len(Prefix) + 40 + 1 + randomSize

// secretForm is what every secret looks like.
var secretForm = regexp.MustCompile(`candor_[a-z0-9][a-z0-9.-]{0,39}_[a-z2-7]{52}`)

// Cover returns text with the random part of every secret in it covered by asterisks.
// Its length is the same, and without a secret it is the text itself.
func Cover(text []byte) []byte {
	if !bytes.Contains(text, []byte(Prefix)) {
		return text
	}
	return secretForm.ReplaceAllFunc(text, func(s []byte) []byte {
		open := len(s) - randomSize
		return append(bytes.Clone(s[:open]), bytes.Repeat([]byte{'*'}, randomSize)...)
	})
}
