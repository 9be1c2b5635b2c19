package identity

import (
	"errors"
	"strings"
	"testing"

	"candor/internal/fault"
)

func TestWhoMayDoWhat(t *testing.T) {
	anyone, owner := Who{}, Who{Owner: true}
	reader, feeder := Who{Name: "siem", Scopes: []string{"read"}}, Who{Name: "collector", Scopes: []string{"feeds"}}
	open, closed := Rules{}, Rules{TokenToRead: true}
	for _, tt := range []struct {
		rules Rules
		who   Who
		do    Verb
		thing string
		may   bool
		known bool // who is refused is known
	}{
		{open, anyone, Read, "/", true, false},
		{open, feeder, Read, "/", true, false},
		{closed, anyone, Read, "/", false, false},
		{closed, owner, Read, "/", false, false},
		{closed, feeder, Read, "/", false, true},
		{closed, reader, Read, "/", true, false},
		{open, anyone, Push, "feeds", false, false},
		{open, owner, Push, "feeds", false, false},
		{open, feeder, Push, "feeds", true, false},
		{open, feeder, Push, "alerts", false, true},
		{open, reader, Push, "alerts", false, true},
		{closed, feeder, Push, "feeds", true, false},
		{open, anyone, Run, "candor assess", false, true},
		{open, reader, Run, "candor assess", false, true},
		{closed, owner, Run, "candor assess", true, false},
		{closed, anyone, Enter, "/enter", true, false},
		{open, owner, "delete", "everything", false, true},
		{open, reader, "", "", false, true},
		{open, reader, Push, "read", false, true},
	} {
		err := tt.rules.May(tt.who, tt.do, tt.thing)
		if (err == nil) != tt.may {
			t.Errorf("%+v %+v %s %s: %v", tt.rules, tt.who, tt.do, tt.thing, err)
		}
		if err != nil && (fault.KindOf(err) != fault.Refused || errors.Is(err, ErrScope) != tt.known || fault.HintOf(err) == "") {
			t.Errorf("%+v %s %s: %v, known %v", tt.who, tt.do, tt.thing, err, errors.Is(err, ErrScope))
		}
	}
	err := open.May(feeder, Push, "alerts")
	if !strings.Contains(err.Error(), "the token collector is not for alerts") || !strings.Contains(fault.HintOf(err), "it is for feeds") {
		t.Errorf("%v: %s", err, fault.HintOf(err))
	}
}
