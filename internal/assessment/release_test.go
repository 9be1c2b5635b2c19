package assessment

import (
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/fault"
)

func releases(names ...string) []attack.Release {
	var rs []attack.Release
	for _, n := range names {
		f := strings.Fields(n)
		r := attack.Release{Domain: attack.DomainName(f[0]), Version: f[1], STIX: "2.1"}
		if len(f) > 2 {
			r.STIX = f[2]
		}
		rs = append(rs, r)
	}
	return rs
}

func TestPickTakesTheNewestOfTheRightDomain(t *testing.T) {
	many := releases("enterprise 9.0", "enterprise 18.1 2.0", "enterprise 18.1 2.1", "enterprise 10.1", "ics 19.0")
	tests := []struct {
		name string
		all  []attack.Release
		ref  attack.ReleaseRef
		want string
	}{
		{"default domain and newest", many, attack.ReleaseRef{}, "enterprise 18.1 2.1"},
		{"short domain", many, attack.ReleaseRef{Domain: "ICS"}, "ics 19.0 2.1"},
		{"version", many, attack.ReleaseRef{Version: "9.0"}, "enterprise 9.0 2.1"},
		{"version without its minor part", many, attack.ReleaseRef{Version: "9"}, "enterprise 9.0 2.1"},
		{"the only domain", releases("mobile 17.1", "mobile 9.0"), attack.ReleaseRef{}, "mobile 17.1 2.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := pick(tt.all, tt.ref)
			if got := r.String() + " " + r.STIX; err != nil || got != tt.want {
				t.Errorf("%s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestPickSaysWhatIsThere(t *testing.T) {
	tests := []struct {
		name             string
		all              []attack.Release
		ref              attack.ReleaseRef
		kind             fault.Kind
		mentions, advice string
	}{
		{"empty library", nil, attack.ReleaseRef{}, fault.NotFound, "no ATT&CK release", "candor attack import"},
		{"version", releases("enterprise 18.1", "ics 19.0"), attack.ReleaseRef{Version: "17.0"}, fault.NotFound, "enterprise 17.0 is not in the library, which has enterprise 18.1, ics 19.0", "candor attack import"},
		{"domain", releases("ics 19.0"), attack.ReleaseRef{Domain: "enterprise"}, fault.NotFound, "a release of enterprise-attack is not in the library", "candor attack import"},
		{"several domains", releases("ics 19.0", "mobile 17.1"), attack.ReleaseRef{}, fault.Usage, "several domains", "ics-attack, mobile-attack"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := pick(tt.all, tt.ref)
			if fault.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.mentions) || !strings.Contains(fault.HintOf(err), tt.advice) {
				t.Errorf("%v (kind %s, hint %q)", err, fault.KindOf(err), fault.HintOf(err))
			}
		})
	}
}

func TestCacheKeepsWhatWasUsedLast(t *testing.T) {
	var c cache[int]
	for i, k := range strings.Split("abcd", "") {
		c.put(k, i)
	}
	c.get("a")
	c.put("e", 4)
	c.put("a", 10)
	for k, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true, "e": true} {
		if _, ok := c.get(k); ok != want {
			t.Errorf("%s kept: %t, want %t", k, ok, want)
		}
	}
	if v, _ := c.get("a"); v != 10 {
		t.Errorf("a is %d, want what was put last", v)
	}
}
