package attack

import (
	"testing"

	"pgregory.net/rapid"
)

func TestChannelsAreSets(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		meets bool
	}{
		{"EventCode=13", "EventCode=13, 14", true},
		{"EventID 13", "EventCode=13, 14", true},
		{"13", "eventcode=14,13", true},
		{"EventCode=12", "EventCode=13, 14", false},
		{"EventCode=1", "EventCode=13, 14", false}, // a code is no prefix
		{"EventCode=4779", "EventCode=4778, EventCode=4779", true},
		{"EventCode=302", "EventCode=5005 (WLAN), EventCode=302 (Bluetooth)", true},
		{"EventCode=3", "EventCode=3, 22", true},
		{"EventCode=13, 14", "EventCode=14, 15", true},
		{"copyobject", "GetObject, CopyObject", true},
		{"open", "open, write", true},
		{"open", "open files, write files", false}, // a sentence is one thing
		{"", "EventCode=13", true},
		{"None", "EventCode=13", true},
		{"execve", "execve", true},
		{"execve", "connect", false},
	} {
		a, b := NewChannel(c.a), NewChannel(c.b)
		if a.Meets(b) != c.meets || b.Meets(a) != c.meets {
			t.Errorf("%q and %q: %v, %v; want %v", c.a, c.b, a.Meets(b), b.Meets(a), c.meets)
		}
	}
	if NewChannel("").Names(NewChannel("x")) || NewChannel("None").Names(NewChannel("none")) {
		t.Error("what is not told is named")
	}
}

func TestMeetingIsMutualAndOfItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`(EventCode=)?[0-9a-c]{0,2}([,|] ?(EventCode=)?[0-9a-c ]{0,2}){0,3}`)
		a, b := NewChannel(text.Draw(t, "a")), NewChannel(text.Draw(t, "b"))
		if !a.Meets(a) || a.Meets(b) != b.Meets(a) || a.Names(b) && !a.Meets(b) {
			t.Fatalf("%+v, %+v", a, b)
		}
	})
}
