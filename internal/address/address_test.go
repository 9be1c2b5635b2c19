package address_test

import (
	"testing"

	"candor/internal/address"
	"candor/internal/fault"
)

func TestFile(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "",
		"index.json":                     "index.json",
		"/srv/a b.json":                  "/srv/a b.json",
		"C:/x":                           "C:/x",
		"file:///srv/index.json":         "/srv/index.json",
		"FILE:///srv/index.json":         "/srv/index.json",
		"file://localhost/srv/x.json":    "/srv/x.json",
		"file:///srv/with%20space.json":  "/srv/with space.json",
		"./file:name":                    "./file:name",
		"file:///srv/%E2%82%AC/index.js": "/srv/€/index.js",
	} {
		if got, err := address.File(in); err != nil || got != want {
			t.Errorf("File(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"file://other/srv/x.json", "file://", "file://srv", "ftp://host/x", "s3://bucket/x", "file:///%zz"} {
		if got, err := address.File(in); fault.KindOf(err) != fault.Invalid || fault.HintOf(err) == "" {
			t.Errorf("File(%q) = %q, %v; want a refusal with a next step", in, got, err)
		}
	}
}

func TestWeb(t *testing.T) {
	for in, want := range map[string]bool{"http://x": true, "HTTPS://x": true, "https:x": false, "x.json": false, "file:///x": false, "": false} {
		if got := address.Web(in); got != want {
			t.Errorf("Web(%q) = %v", in, got)
		}
	}
}
