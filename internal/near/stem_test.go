package near_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/near"
)

func TestWordsOfOneFamilyShareAStem(t *testing.T) {
	for _, family := range []string{
		"keylogger keyloggers keylogging keylog", "dump dumps dumped dumping dumper", "injection inject injects injecting injected",
		"encrypt encryption encrypted encryptor", "policy policies", "discovery discover discovered discovering",
		"create creates created creating creation", "authenticate authentication authenticating authenticated",
		"persistence persistent persist persists", "exfiltration exfiltrate exfiltrated", "process processes",
		"tunnel tunneling tunnelling tunnels", "shell shells", "scan scans scanning scanner", "masquerade masquerading",
	} {
		words := strings.Fields(family)
		for _, w := range words[1:] {
			if got, want := near.Stem(w), near.Stem(words[0]); got != want {
				t.Errorf("the stem of %s is %s, that of %s %s", w, got, words[0], want)
			}
		}
	}
	for _, pair := range []string{"service server", "access account", "process protocol", "user use", "registry region", "lsass less"} {
		a, b, _ := strings.Cut(pair, " ")
		if near.Stem(a) == near.Stem(b) {
			t.Errorf("%s and %s share the stem %s", a, b, near.Stem(a))
		}
	}
}

func TestAStemIsTheBeginningOfItsWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.StringMatching(`[a-zéß0-9]{0,12}`).Draw(t, "word")
		s := near.Stem(w)
		if !strings.HasPrefix(w, s) || near.Stem(s) != s || len(w) >= 4 && len(s) < 4 {
			t.Fatalf("the stem of %q is %q", w, s)
		}
	})
}

func TestSlips(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"sandwrom", "sandworm", 1}, {"mimkatz", "mimikatz", 1}, {"kimsukky", "kimsuky", 1}, {"ab", "ba", 1},
		{"abcd", "badc", 3}, {"abc", "abc", 0}, {"abcd", "acbe", 3}, {"", "ab", 2},
	} {
		if got := near.Slips(c.a, c.b); got != c.want {
			t.Errorf("%s is %d slips from %s, want %d", c.a, got, c.b, c.want)
		}
	}
}

func TestShortWordsAreNotForgiven(t *testing.T) {
	for word, want := range map[string]int{"wmi": 0, "bits": 0, "emote": 1, "mimikatz": 1, "powershell": 2} {
		if got := near.Allowed(word); got != want {
			t.Errorf("%d slips are forgiven in %s, want %d", got, word, want)
		}
	}
}
