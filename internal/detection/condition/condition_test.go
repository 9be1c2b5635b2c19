package condition

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fields(of map[string][]string) func(string) ([]string, bool) {
	return func(f string) ([]string, bool) { v, ok := of[f]; return v, ok }
}

func TestWhatAConditionComesTo(t *testing.T) {
	alert := fields(map[string][]string{"host": {"WEB-01"}, "user": {"svc_backup"}, "tags": {"a", "b"}, "path": {`C:\Tools\scan.exe`}, "empty": {}})
	for text, want := range map[string]Truth{
		`host = web-01`:                                 Yes,
		`host = "web-02"`:                               No,
		`host != web-02`:                                Yes,
		`absent = x`:                                    Maybe,
		`absent != x`:                                   Maybe,
		`absent exists`:                                 Maybe,
		`empty exists`:                                  No,
		`host exists`:                                   Yes,
		`tags = b`:                                      Yes,
		`tags != b`:                                     No,
		`user startswith SVC_ and host = web-01`:        Yes,
		`user endswith backup`:                          Yes,
		`user contains ack`:                             Yes,
		`host in (web-02, "web-01")`:                    Yes,
		`path like "c:\\tools\\*.exe"`:                  Yes,
		`path like C:\Tools\*`:                          Yes,
		`host like web-0?`:                              Yes,
		`host like web-?`:                               No,
		`host like *1`:                                  Yes,
		`not host = web-01`:                             No,
		`not absent = x`:                                Maybe,
		`host = web-02 and absent = x`:                  No,
		`host = web-01 and absent = x`:                  Maybe,
		`host = web-01 or absent = x`:                   Yes,
		`host = web-02 or absent = x`:                   Maybe,
		`not (host = web-02 or user = x) and tags = a`:  Yes,
		`host = web-02 and user = x or tags = a`:        Yes,
		`HOST2 = x OR NOT absent EXISTS OR host = x`:    Maybe,
		`host listed "trusted hosts"`:                   Maybe,
		`"host" = "WEB-01" and not user in (root, adm)`: Yes,
	} {
		e, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := e.Decide(alert); got != want {
			t.Errorf("%s is %d, want %d", text, got, want)
		}
	}
}

func TestWhatIsNoConditionIsSaid(t *testing.T) {
	for text, want := range map[string]string{
		``:                          "ends where the name of a field",
		`host`:                      "ends where one of =",
		`host =`:                    "ends where a value",
		`host = a b`:                `at character 10: "b"`,
		`host ~ a`:                  `at character 6: '~' means nothing`,
		`host = "a`:                 "at character 8: the quote is not closed",
		`(host = a`:                 "closing parenthesis",
		`host in a`:                 "a list between parentheses",
		`host in ()`:                `")" stands where a value`,
		`and = a`:                   "the name of a field",
		`host = a and`:              "ends where the name of a field",
		strings.Repeat("(", 60):     "nested more than 50",
		strings.Repeat("not ", 60):  "nested more than 50",
		"\xff = a":                  "UTF-8",
		strings.Repeat("a", 100001): "longer than",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func TestFieldsAreNamedOnce(t *testing.T) {
	e, err := Parse(`b = 1 and (a = 2 or not b exists)`)
	if err != nil || !cmp.Equal(e.Fields(), []string{"a", "b"}) {
		t.Errorf("%v %v", e.Fields(), err)
	}
}

// FuzzParse: nothing panics, and what is written is read as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`host = "a\"b"`, `a in (b, "c") and not (d exists or e like *x?)`, `"and" = "or"`, `a listed b`, `((`, `a = "`} {
		f.Add(s, "text")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		e, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(e.String())
		if err != nil || !cmp.Equal(again, e) {
			t.Fatalf("%q is written %q, which is read as %v (%v)", text, e.String(), again, err)
		}
		e.Decide(func(string) ([]string, bool) { return []string{value}, true })
	})
}
