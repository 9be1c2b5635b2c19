package attack

import (
	"strings"
	"testing"

	"candor/internal/fault"
)

func releases(names ...string) []Release {
	var rs []Release
	for _, n := range names {
		f := strings.Fields(n)
		r := Release{Domain: DomainName(f[0]), Version: f[1], STIX: "2.1"}
		if len(f) > 2 {
			r.STIX = f[2]
		}
		rs = append(rs, r)
	}
	return rs
}

func TestMeantTakesTheNewestOfTheRightDomain(t *testing.T) {
	many := releases("enterprise 9.0", "enterprise 18.1 2.0", "enterprise 18.1 2.1", "enterprise 10.1", "ics 19.0")
	tests := []struct {
		name string
		all  []Release
		ref  ReleaseRef
		want string
	}{
		{"default domain and newest", many, ReleaseRef{}, "enterprise 18.1 2.1"},
		{"short domain", many, ReleaseRef{Domain: "ICS"}, "ics 19.0 2.1"},
		{"version", many, ReleaseRef{Version: "9.0"}, "enterprise 9.0 2.1"},
		{"version without its minor part", many, ReleaseRef{Version: "9"}, "enterprise 9.0 2.1"},
		{"the first domain that has one", releases("mobile 17.1", "ics 19.0"), ReleaseRef{}, "ics 19.0 2.1"},
		{"a version that only another domain has", releases("enterprise 18.1", "mobile 17.1"), ReleaseRef{Version: "17.1"}, "mobile 17.1 2.1"},
		{"the only domain", releases("mobile 17.1", "mobile 9.0"), ReleaseRef{}, "mobile 17.1 2.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Meant(tt.all, tt.ref)
			if got := r.String() + " " + r.STIX; err != nil || got != tt.want {
				t.Errorf("%s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestMeantSaysWhatIsThere(t *testing.T) {
	tests := []struct {
		name             string
		all              []Release
		ref              ReleaseRef
		kind             fault.Kind
		mentions, advice string
	}{
		{"empty library", nil, ReleaseRef{}, fault.NotFound, "no ATT&CK release is imported", "candor attack import"},
		{"version", releases("enterprise 18.1", "ics 19.0"), ReleaseRef{Version: "17.0"}, fault.NotFound, "release 17.0 is not imported; there is enterprise 18.1, ics 19.0", "candor attack import"},
		{"domain", releases("ics 19.0"), ReleaseRef{Domain: "enterprise"}, fault.NotFound, "release enterprise is not imported; there is ics 19.0", "candor attack import"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Meant(tt.all, tt.ref)
			if fault.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.mentions) || !strings.Contains(fault.HintOf(err), tt.advice) {
				t.Errorf("%v (kind %s, hint %q)", err, fault.KindOf(err), fault.HintOf(err))
			}
		})
	}
}

func TestAJudgementDoesNotChooseADomain(t *testing.T) {
	for _, tt := range []struct {
		name string
		all  []Release
		ref  ReleaseRef
		want string // none: several domains could be meant
	}{
		{"two domains, neither the default", releases("mobile 17.1", "ics 19.0"), ReleaseRef{}, ""},
		{"a version of two others", releases("enterprise 18.1", "mobile 17.1", "ics 17.1"), ReleaseRef{Version: "17.1"}, ""},
		{"the default beside others", releases("mobile 17.1", "enterprise 17.1"), ReleaseRef{}, "enterprise 17.1"},
		{"a domain that is named", releases("mobile 17.1", "ics 19.0"), ReleaseRef{Domain: "mobile"}, "mobile 17.1"},
		{"one domain alone", releases("mobile 17.1"), ReleaseRef{}, "mobile 17.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := MeantAlone(tt.all, tt.ref)
			if tt.want == "" {
				if fault.KindOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "ics, mobile") {
					t.Errorf("%v, %v (hint %q)", r, err, fault.HintOf(err))
				}
			} else if err != nil || r.String() != tt.want {
				t.Errorf("%v, %v; want %s", r, err, tt.want)
			}
		})
	}
	if _, err := MeantAlone(nil, ReleaseRef{}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an empty library: %v", err)
	}
}
