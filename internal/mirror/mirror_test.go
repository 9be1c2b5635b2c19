package mirror

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"candor/internal/address"
	"candor/internal/attack"
	"candor/internal/fault"
)

var file = bytes.Repeat([]byte("0123456789abcdef"), 4096)

// server serves file at /f.json in the way that the test wants.
func server(t *testing.T, h http.HandlerFunc) (*httptest.Server, Listed) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s, Listed{Domain: "enterprise-attack", Version: "18.1", Address: s.URL + "/f.json"}
}

// honest serves ranges with a strong tag, as a file server does.
func honest(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"v1"`)
	http.ServeContent(w, r, "f.json", time.Time{}, bytes.NewReader(file))
}

func fetch(t *testing.T, e Listed) ([]byte, error) {
	t.Helper()
	m := New(t.TempDir(), 300*time.Millisecond)
	path, err := m.Fetch(t.Context(), e, nil)
	if err != nil {
		return nil, err
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return got, nil
}

func TestFetchBringsTheExactBytes(t *testing.T) {
	_, e := server(t, honest)
	if got, err := fetch(t, e); err != nil || !bytes.Equal(got, file) {
		t.Fatalf("got %d bytes, error %v; want %d", len(got), err, len(file))
	}
}

func TestFetchResumesWhereItWasCut(t *testing.T) {
	var calls, resumed atomic.Int32
	_, e := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			resumed.Add(1)
		}
		if calls.Add(1) == 1 {
			w.Header().Set("ETag", `"v1"`)
			w.Header().Set("Content-Length", fmt.Sprint(len(file)))
			w.Write(file[:20000])
			panic(http.ErrAbortHandler)
		}
		honest(w, r)
	})
	got, err := fetch(t, e)
	if err != nil || !bytes.Equal(got, file) {
		t.Fatalf("got %d bytes, error %v", len(got), err)
	}
	if resumed.Load() != 1 {
		t.Errorf("%d requests asked for the rest, want 1", resumed.Load())
	}
}

func TestFetchBeginsAnewWhenTheFileChanged(t *testing.T) {
	var calls atomic.Int32
	newer := bytes.Repeat([]byte("new"), 30000)
	_, e := server(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			w.Header().Set("ETag", `"v1"`)
			w.Header().Set("Content-Length", fmt.Sprint(len(file)))
			w.Write(file[:20000])
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("ETag", `"v2"`)
		http.ServeContent(w, r, "f.json", time.Time{}, bytes.NewReader(newer))
	})
	if got, err := fetch(t, e); err != nil || !bytes.Equal(got, newer) {
		t.Fatalf("got %d bytes, error %v; want the newer file alone", len(got), err)
	}
}

func TestFetchGivesUpASilentServer(t *testing.T) {
	_, e := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(file)))
		w.Write(file[:100])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	_, err := fetch(t, e)
	if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "nothing came for") {
		t.Fatalf("error %v, want one that says that nothing came", err)
	}
	if !strings.Contains(fault.HintOf(err), "candor attack import") {
		t.Errorf("hint %q names no way without network", fault.HintOf(err))
	}
}

func TestFetchRefusesLies(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"fewer bytes than promised": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(file)))
			w.Write(file[:500])
			panic(http.ErrAbortHandler)
		},
		"another range than asked": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"v1"`)
			if r.Header.Get("Range") == "" {
				w.Header().Set("Content-Length", fmt.Sprint(len(file)))
				w.Write(file[:20000])
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(file)-1, len(file)))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(file)
			panic(http.ErrAbortHandler)
		},
		"an error page": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusBadGateway) },
		"redirects without end": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again", http.StatusFound)
		},
	}
	for name, h := range tests {
		t.Run(name, func(t *testing.T) {
			_, e := server(t, h)
			if got, err := fetch(t, e); fault.KindOf(err) != fault.Unavailable {
				t.Fatalf("got %d bytes, error %v; want unavailable", len(got), err)
			}
		})
	}
}

func TestFetchFollowsARedirect(t *testing.T) {
	_, e := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/f.json" {
			http.Redirect(w, r, "/moved.json", http.StatusMovedPermanently)
			return
		}
		honest(w, r)
	})
	if got, err := fetch(t, e); err != nil || !bytes.Equal(got, file) {
		t.Fatalf("got %d bytes, error %v", len(got), err)
	}
}

func TestFetchSaysWhichProxyIsInTheWay(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	m := New(t.TempDir(), time.Second)
	_, err := m.Fetch(t.Context(), Listed{Domain: "d", Version: "1", Address: "http://mirror.invalid/f.json"}, nil)
	if fault.KindOf(err) != fault.Unavailable || !strings.Contains(fault.HintOf(err), "HTTP_PROXY") {
		t.Fatalf("error %v, hint %q; want the proxy named", err, fault.HintOf(err))
	}
}

func TestFetchStopsWhenInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, e := server(t, func(w http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	if _, err := New(t.TempDir(), time.Minute).Fetch(ctx, e, nil); err == nil {
		t.Fatal("no error after an interrupt")
	}
}

const small = `{"name":"MITRE ATT&CK","collections":[
 {"id":"x","name":"Enterprise ATT&CK","versions":[
  {"version":"9.0","url":"enterprise-attack/enterprise-attack-9.0.json"},
  {"version":"18.1","url":"enterprise-attack/enterprise-attack-18.1.json"}]},
 {"id":"y","name":"ICS ATT&CK","versions":[{"version":"18.1","url":"https://example.org/bundle"}]}]}`

func TestIndexNamesReleasesNewestFirst(t *testing.T) {
	es, err := ParseIndex([]byte(small), "https://example.org/a/index.json")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.TrimSpace(fmt.Sprintln(es[0], es[0].Address, es[1], es[2].Domain))
	want := "enterprise 18.1 https://example.org/a/enterprise-attack/enterprise-attack-18.1.json enterprise 9.0 ics-attack"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestIndexFromTheNetworkLeadsToNoLocalFile(t *testing.T) {
	evil := strings.Replace(small, "https://example.org/bundle", "file:///etc/passwd", 1)
	if _, err := ParseIndex([]byte(evil), "https://example.org/index.json"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("error %v, want invalid", err)
	}
}

func TestIndexFromAFolderLeadsToItsFiles(t *testing.T) {
	es, err := ParseIndex([]byte(small), filepath.Join("mirror", "index.json"))
	if err != nil || es[0].Address != filepath.Join("mirror", "enterprise-attack", "enterprise-attack-18.1.json") {
		t.Errorf("address %q, error %v", es[0].Address, err)
	}
}

func TestMissingLeavesOutWhatIsThere(t *testing.T) {
	es, err := ParseIndex([]byte(small), "index.json")
	if err != nil {
		t.Fatal(err)
	}
	have := []attack.Release{{Domain: "enterprise-attack", Version: "18.1", STIX: "2.1"}}
	if got := fmt.Sprint(Missing(es, have, attack.ReleaseRef{}, false)); got != "[enterprise 9.0 ics 18.1]" {
		t.Errorf("missing %s", got)
	}
	if got := fmt.Sprint(Missing(es, have, attack.ReleaseRef{}, true)); got != "[ics 18.1]" {
		t.Errorf("newest missing %s", got)
	}
	if got := fmt.Sprint(Missing(es, nil, attack.ReleaseRef{Domain: "enterprise-attack", Version: "9.0"}, false)); got != "[enterprise 9.0]" {
		t.Errorf("wanted %s", got)
	}
}

func FuzzParseIndex(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`{"collections":[{"versions":[{"version":"1","url":"\u0000"}]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		es, err := ParseIndex(raw, "https://example.org/index.json")
		if err == nil && len(es) == 0 {
			t.Error("no entry and no error")
		}
		for _, e := range es {
			if err == nil && !address.Web(e.Address) {
				t.Errorf("%q leads out of the network", e.Address)
			}
		}
	})
}
