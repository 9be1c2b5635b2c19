// Package pseudonym makes keyed hashes of names: of hosts, accounts, addresses and
// persons. Whoever has the key can tell whether a pseudonym is that of a name; nobody
// else can, and nobody can turn one back.
//
// A pseudonym is a word for what the name looks like, a dash, and twenty letters and digits:
// mail-iwxftusdq4vd6fck3njr, for example. Two names have the same one exactly
// when they are the same to the letter, and ones that differ in the case of letters alone
// when the names do, so that whatever compares names, with or without regard to case,
// finds the same of pseudonyms.
//
// The package holds no key and reads no file, and it does not know which texts are names.
package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"net/netip"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// KeySize is the size of a key, in bytes.
const KeySize = 32

// The words that pseudonyms begin with: of what has the form of an address of the network,
// of the mail, of an account with its domain, of a person where one is meant, and of
// everything else, as a host and an account may have one form.
const (
	address = "address-"
	mail    = "mail-"
	account = "account-"
	person  = "person-"
	entity  = "entity-"
)

func words() [5]string { return [...]string{address, mail, account, person, entity} }

// A pseudonym has 80 bits of the hash of its name, which no two of a thousand million names
// share but by a chance of one in a million, and 20 by which those of a key are told.
const (
	hashed  = 16
	checked = 4
	alike   = "abcdefghijklmnopqrstuvwxyz234567"
)

// Key makes pseudonyms. It is safe for concurrent use.
type Key struct {
	secret [KeySize]byte

	mu   sync.Mutex
	made map[string]string // the newest, by word and name
}

// mostMade bounds how many pseudonyms a key remembers.
const mostMade = 1 << 16

// New returns the key of a secret.
func New(secret [KeySize]byte) *Key { return &Key{secret: secret, made: map[string]string{}} }

// Fingerprint tells the key from others, and nothing of its secret: twelve hexadecimal digits.
func (k *Key) Fingerprint() string {
	sum := k.sum("fingerprint", "")
	return hex.EncodeToString(sum[:6])
}

// Name returns the pseudonym of a name of a host, an account, an address or whatever else
// alerts are about. That of no name is empty, and that of one of the key's own pseudonyms
// is itself.
func (k *Key) Name(name string) string { return k.of(form(name), name) }

// Person returns the pseudonym of the name of a person, by the rules of Name. Behind its
// word it is that of the name.
func (k *Key) Person(name string) string { return k.of(person, name) }

func (k *Key) of(word, name string) string {
	if name == "" || k.Own(name) {
		return name
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	p, ok := k.made[word+name]
	if !ok {
		if len(k.made) >= mostMade {
			clear(k.made)
		}
		p = word + k.digits(name)
		k.made[word+name] = p
	}
	return p
}

// form returns the word for what a name looks like, whatever the case of its letters.
func form(name string) string {
	switch _, err := netip.ParseAddr(name); {
	case err == nil:
		return address
	case strings.Contains(name, "@"):
		return mail
	case strings.Contains(name, `\`):
		return account
	}
	return entity
}

// digits returns the hash of a name without regard to case. Where the name has capitals,
// some of the letters of the hash are, too: which of them follows from the whole name.
func (k *Key) digits(name string) string {
	folded := strings.ToLower(name)
	sum := k.sum("name", folded)
	digits := []byte(encode(sum[:])[:hashed])
	check := k.check(string(digits))
	if folded != name {
		spelled := k.sum("letters", name)
		capitals := 0
		for i := range digits {
			if spelled[i]&1 == 1 && unicode.IsLower(rune(digits[i])) {
				digits[i] -= 'a' - 'A'
				capitals++
			}
		}
		for i := 0; i < len(digits) && capitals == 0; i++ {
			if unicode.IsLower(rune(digits[i])) {
				digits[i] -= 'a' - 'A'
				capitals++
			}
		}
	}
	return string(digits) + check
}

func (k *Key) check(digits string) string {
	sum := k.sum("check", digits)
	return encode(sum[:])[:checked]
}

// sum is the keyed hash of a text for one purpose.
func (k *Key) sum(purpose, text string) [sha256.Size]byte {
	h := hmac.New(sha256.New, k.secret[:])
	h.Write([]byte("candor " + purpose + "\x00" + text))
	return [sha256.Size]byte(h.Sum(nil))
}

func encode(b []byte) string {
	return base32.NewEncoding(alike).WithPadding(base32.NoPadding).EncodeToString(b)
}

// Own reports whether a text is a pseudonym that this key made.
func (k *Key) Own(text string) bool {
	digits, ok := split(text)
	return ok && k.check(digits[:hashed]) == digits[hashed:]
}

// split returns the digits of a text of the form of a pseudonym, in lower case.
func split(text string) (digits string, ok bool) {
	for _, w := range words() {
		rest, is := strings.CutPrefix(text, w)
		if !is || len(rest) != hashed+checked {
			continue
		}
		rest = strings.ToLower(rest)
		return rest, strings.Trim(rest, alike) == ""
	}
	return "", false
}

// Is reports whether a text has the form of a pseudonym, whichever key made it.
func Is(text string) bool {
	_, ok := split(strings.ToLower(text))
	return ok
}

// Within reports whether a pseudonym stands somewhere in a text.
func Within(text string) bool {
	text = strings.ToLower(text)
	for _, w := range words() {
		for at := 0; ; {
			i := strings.Index(text[at:], w)
			if i < 0 {
				break
			}
			at += i
			if end := at + len(w) + hashed + checked; end <= len(text) && Is(text[at:end]) {
				return true
			}
			at += len(w)
		}
	}
	return false
}

// shortest is how long a name must be, in characters, to be looked for within other texts.
const shortest = 3

// Mask returns a text in which pseudonyms stand for names, wherever one of them stands by
// itself: not within a longer word. Of a name with a domain, the part without it is looked
// for, too: jdoe of CORP\jdoe and of jdoe@corp.example, web-01 of web-01.corp.example. A
// name of fewer than three characters must be the whole text.
func (k *Key) Mask(text string, names []string) string {
	for _, n := range names {
		if text != "" && strings.EqualFold(text, n) {
			return k.Name(text)
		}
	}
	for _, n := range names {
		text = k.replace(text, n)
		if short := bare(n); short != n {
			text = k.replace(text, short)
		}
	}
	return text
}

// bare is a name without its domain.
func bare(name string) string {
	if _, err := netip.ParseAddr(name); err == nil {
		return name
	}
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	name, _, _ = strings.Cut(name, "@")
	if host, _, ok := strings.Cut(name, "."); ok && !strings.ContainsAny(host, " /") {
		return host
	}
	return name
}

func (k *Key) replace(text, name string) string {
	if utf8.RuneCountInString(name) < shortest || Is(name) || len(text) < len(name) {
		return text
	}
	var b strings.Builder
	for at := 0; at < len(text); {
		end := at + len(name)
		if end <= len(text) && strings.EqualFold(text[at:end], name) && !joins(text[:at], text[at:]) && !joins(text[:end], text[end:]) {
			b.WriteString(k.Name(text[at:end]))
			at = end
			continue
		}
		_, n := utf8.DecodeRuneInString(text[at:])
		b.WriteString(text[at : at+n])
		at += n
	}
	return b.String()
}

// joins reports whether one word goes on from the end of before to the beginning of after.
func joins(before, after string) bool {
	a, _ := utf8.DecodeLastRuneInString(before)
	z, _ := utf8.DecodeRuneInString(after)
	return inWord(a) && inWord(z)
}

func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}
