package people

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"candor/internal/fault"
)

// Cost is what a hash of a password takes: memory in KiB, and passes over it.
type Cost struct {
	Memory uint32
	Passes uint32
}

// derivation is argon2.IDKey.
type derivation func(password, salt []byte, passes, memory uint32, threads uint8, size uint32) []byte

// UsualCost takes about a tenth of a second of one core.
func UsualCost() Cost { return Cost{Memory: 64 << 10, Passes: 2} }

// The lengths of salts and hashes, in bytes.
const (
	saltSize = 16
	hashSize = 32
)

// hash returns the Argon2id hash of a password, in the form of the PHC, which names all
// that it takes to make it again.
func (c Cost) hash(derive derivation, password string) string {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // cannot fail: the program ends if there is no randomness
	sum := derive([]byte(password), salt, c.Passes, c.Memory, 1, hashSize)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, c.Memory, c.Passes, b64(salt), b64(sum))
}

// mostMemory bounds what a file can ask of a check, in KiB.
const mostMemory = 1 << 20

// matches reports whether a password has a hash. What is no hash matches nothing, and takes
// what one of this cost does.
func (c Cost) matches(derive derivation, password, hash string) bool {
	var version, memory, passes int
	parts := strings.Split(hash, "$")
	known := len(parts) == 6 && parts[1] == "argon2id"
	if known {
		n, _ := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=1", &version, &memory, &passes)
		known = n == 3 && version == argon2.Version && memory >= 8 && memory <= mostMemory && passes >= 1 && passes <= 32
	}
	salt, want := make([]byte, saltSize), []byte(nil)
	if known {
		var errSalt, errSum error
		salt, errSalt = base64.RawStdEncoding.DecodeString(parts[4])
		want, errSum = base64.RawStdEncoding.DecodeString(parts[5])
		known = errSalt == nil && errSum == nil && len(want) == hashSize
	}
	if !known {
		memory, passes, want = int(c.Memory), int(c.Passes), make([]byte, hashSize)
	}
	have := derive([]byte(password), salt, uint32(passes), uint32(memory), 1, hashSize)
	return subtle.ConstantTimeCompare(have, want) == 1 && known
}

// The bounds of a password that a person chooses, in characters, and of what is looked at,
// in bytes.
const (
	leastPassword = 12
	mostPassword  = 256
)

// chosen returns fault.Usage for a password that could be guessed.
func chosen(name, password string) error {
	different := map[rune]bool{}
	for _, r := range password {
		different[r] = true
	}
	weak := ""
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password) || strings.ContainsAny(password, "\r\n\x00"):
		weak = "holds what is no text of one line"
	case n < leastPassword:
		weak = fmt.Sprintf("is shorter than %d characters", leastPassword)
	case len(password) > mostPassword:
		weak = fmt.Sprintf("is longer than %d bytes", mostPassword)
	case len(different) < 5:
		weak = "repeats fewer than five characters"
	case strings.Contains(strings.ToLower(password), name) && len(name) > 3, strings.Contains(strings.ToLower(password), "candor"):
		weak = "holds the name of the account or of the program"
	case inRow(password):
		weak = "is one row of letters or digits"
	default:
		return nil
	}
	return fault.New(fault.Usage, "the password %s", weak).Next("choose another one: four words that do not belong together are good")
}

// inRow reports whether every character follows the one before, up or down, as in
// abcdefghijkl.
func inRow(text string) bool {
	runes := []rune(text)
	for i := 2; i < len(runes); i++ {
		if runes[i]-runes[i-1] != runes[1]-runes[0] {
			return false
		}
	}
	return true
}

// oneTime returns a password that nobody can guess, of 160 bits, in groups that people can read out.
func oneTime() string {
	var b [20]byte
	_, _ = rand.Read(b[:])
	text := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
	return text[:8] + "-" + text[8:16] + "-" + text[16:24] + "-" + text[24:]
}
