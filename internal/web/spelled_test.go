package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What people type or paste behind /objects/ leads to the page of the object, or says
// what is nearest.
func TestObjectsAreFoundAsPeopleWriteThem(t *testing.T) {
	d := demonstration(t)
	for path, want := range map[string]string{
		"/objects/T1589/003":  "/objects/T1589.003",
		"/objects/t1589/003/": "/objects/T1589.003",
		"/object/T1589/003":   "/objects/T1589.003",
		"/object/AN1989":      "/objects/AN1989",
		"/objects/https:/attack.mitre.org/techniques/T1589/003/":          "/objects/T1589.003",
		"/objects/attack.mitre.org/groups/G0034?domain=enterprise":        "/objects/G0034?domain=enterprise",
		"/objects/" + url.PathEscape("Search Open Websites") + "/Domains": "/objects/T1593",
		"/objects/": "/objects",
	} {
		a := d.get(path)
		if to := a.Header().Get("Location"); a.Code != http.StatusFound || to != want {
			t.Errorf("%s: %d to %q, want %q", path, a.Code, to, want)
		}
	}
	for path, says := range map[string]string{
		"/objects/T1589%2C003": "T1589.003", "/objects/t1589.003": "T1589.003", "/objects/T1589%2F003": "T1589.003",
		"/objects/voodoobear": "Sandworm Team", "/objects/employee%20names": "T1589.003", "/gates/an1989": "AN1989",
	} {
		if a := d.get(path); a.Code != http.StatusOK || !strings.Contains(a.body, says) {
			t.Errorf("%s: %d without %q", path, a.Code, says)
		}
	}
	for path, says := range map[string]string{
		"/objects/Sandwrom": "nearest: G0034 Sandworm Team", "/objects/T1589/009": "nearest: T1589.00", "/object/sandwrom/team": "G0034 Sandworm Team",
		"/gates/AN1988x": "nearest: AN1988", "/gates/T1589.003": "its analytics are: AN1989", "/objects/x?domain=none": "none",
	} {
		if a := d.get(path); a.Code != http.StatusNotFound || !strings.Contains(a.body, says) {
			t.Errorf("%s: %d without %q", path, a.Code, says)
		}
	}
}
