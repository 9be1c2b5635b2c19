package web_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestNoFolderIsListed(t *testing.T) {
	d := demonstration(t)
	for _, path := range []string{"/static/", "/static", "/static//", "/static/../static/", "/static/%2e%2e/"} {
		if a := d.get(path); a.Code == http.StatusOK || strings.Contains(a.body, "candor.js") && a.Code < http.StatusMultipleChoices {
			t.Errorf("GET %s: %d\n%s", path, a.Code, a.body)
		}
	}
	if a := d.get("/static/candor.js"); a.Code != http.StatusOK {
		t.Errorf("what pages are drawn with: %d", a.Code)
	}
}
