package pseudonym_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/pseudonym"
)

func key(b byte) *pseudonym.Key {
	var secret [pseudonym.KeySize]byte
	secret[0] = b
	return pseudonym.New(secret)
}

func TestNamesHaveTheFormOfWhatTheyAre(t *testing.T) {
	k := key(1)
	for name, want := range map[string]string{
		"10.1.2.3": "address-", "fe80::1": "address-", "jdoe@corp.example": "mail-", `CORP\jdoe`: "account-", "web-01": "entity-",
		"web-01.corp.example": "entity-", "Jürgen": "entity-",
	} {
		if p := k.Name(name); !strings.HasPrefix(p, want) || !k.Own(p) || !pseudonym.Is(p) || strings.Contains(strings.ToLower(p), strings.ToLower(name)) {
			t.Errorf("%s is %s", name, p)
		}
	}
	if p := k.Person("jdoe"); !strings.HasPrefix(p, "person-") || strings.TrimPrefix(p, "person-") != strings.TrimPrefix(k.Name("jdoe"), "entity-") {
		t.Errorf("jdoe is %s, and as a person %s", k.Name("jdoe"), p)
	}
	if k.Name("") != "" || k.Person("") != "" {
		t.Error("no name has a pseudonym")
	}
}

// TestKnownPseudonyms holds the form that is on disks: it must never change.
func TestKnownPseudonyms(t *testing.T) {
	k := key(1)
	for name, want := range known() {
		if got := k.Name(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := k.Fingerprint(); got != knownFingerprint {
		t.Errorf("fingerprint %s, want %s", got, knownFingerprint)
	}
}

// TestEqualityIsKept: names that are the same, to the letter or but for case, have
// pseudonyms that are, and no others.
func TestEqualityIsKept(t *testing.T) {
	k := key(1)
	name := rapid.StringMatching(`[a-cA-C0-1]{1,3}(\.[ab]|@[ab]|\\[ab])?`)
	rapid.Check(t, func(r *rapid.T) {
		a, b := name.Draw(r, "a"), name.Draw(r, "b")
		if rapid.Bool().Draw(r, "respelled") {
			b = strings.ToUpper(a)
		}
		x, y := k.Name(a), k.Name(b)
		if (a == b) != (x == y) {
			r.Fatalf("%q and %q are %s and %s", a, b, x, y)
		}
		if strings.EqualFold(a, b) != strings.EqualFold(x, y) {
			r.Fatalf("without regard to case %q and %q are %s and %s", a, b, x, y)
		}
		if k.Name(x) != x || k.Person(x) != x {
			r.Fatalf("the pseudonym of %s is %s", x, k.Name(x))
		}
		if other := key(2); other.Own(x) || other.Name(a) == x {
			r.Fatalf("%s is of two keys", x)
		}
	})
}

func TestMaskingFindsNamesThatStandByThemselves(t *testing.T) {
	k := key(1)
	names := []string{`CORP\jdoe`, "web-01.corp.example", "10.0.0.1", "ab"}
	j, w, ip := k.Name("jdoe"), k.Name("web-01"), k.Name("10.0.0.1")
	for text, want := range map[string]string{
		`net use \\web-01\c$ /user:jdoe`: `net use \\` + w + `\c$ /user:` + j,
		`C:\Users\JDoe\x.exe`:            `C:\Users\` + k.Name("JDoe") + `\x.exe`,
		`corp\jdoe`:                      k.Name(`corp\jdoe`),
		"jdoes and xjdoe":                "jdoes and xjdoe",
		"110.0.0.1 10.0.0.12 10.0.0.1":   "110.0.0.1 10.0.0.12 " + ip,
		"web-01.corp.example:443":        k.Name("web-01.corp.example") + ":443",
		"tab ab":                         "tab ab",
		"AB":                             k.Name("AB"),
		"":                               "",
		"\xffjdoe":                       "\xff" + j,
	} {
		got := k.Mask(text, names)
		if got != want {
			t.Errorf("%q is masked as %q, want %q", text, got, want)
		}
		if again := k.Mask(got, names); again != got {
			t.Errorf("%q is masked again as %q", got, again)
		}
		if pseudonym.Within(got) != (got != text) {
			t.Errorf("a pseudonym in %q: %v", got, pseudonym.Within(got))
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add("a jdoe b", "jdoe")
	f.Add(`C:\Users\İ`, "İ")
	k := key(1)
	f.Fuzz(func(t *testing.T, text, name string) {
		k.Mask(text, []string{name})
		if p := k.Name(name); name != "" && !k.Own(p) {
			t.Fatalf("%q is %s", name, p)
		}
	})
}
