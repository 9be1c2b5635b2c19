package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"candor/internal/address"
	"candor/internal/fault"
)

// Mirror downloads what an index names.
type Mirror struct {
	client *http.Client
	dir    string        // where downloads are kept until they are imported
	stall  time.Duration // how long a server may send nothing
	tries  int
}

// New returns a mirror that keeps downloads in dir and gives a silent server up
// after stall.
func New(dir string, stall time.Duration) *Mirror {
	t := http.DefaultTransport.(*http.Transport).Clone() // proxies from the environment
	t.ResponseHeaderTimeout = stall
	t.DisableCompression = true // offsets must be those of the file
	return &Mirror{dir: dir, stall: stall, tries: 4, client: &http.Client{Transport: t, CheckRedirect: redirect}}
}

// redirect follows a few redirects, and none that gives up encryption.
func redirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return errors.New("more than 5 redirects")
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("redirect from https to %s is not followed", req.URL.Redacted())
	}
	return nil
}

// unreachable says that an address could not be read, and what may be in the way.
func unreachable(at string, err error) error {
	e := fault.New(fault.Unavailable, "the address cannot be read").At("%s", at).Because(err)
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		if v := os.Getenv(name); v != "" {
			return e.Next("the proxy of %s=%s is used; without network, copy the files here and give their folder to candor attack import", name, v)
		}
	}
	return e.Next("check the network (a proxy is taken from HTTPS_PROXY); without network, copy the files here and give their folder to candor attack import")
}

// get sends a request and gives up when no answer begins in time.
func (m *Mirror) get(ctx context.Context, at string, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, fault.New(fault.Invalid, "this is not an address").At("%s", at).Because(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", "candor")
	resp, err := m.client.Do(req)
	if err != nil {
		return nil, unreachable(at, err)
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		resp.Body.Close()
		return resp, fault.New(fault.Unavailable, "the server answered %s", resp.Status).At("%s", at).Next("try again later, or import a file that you have")
	}
	return resp, nil
}

// part is a download that may have been begun before: its bytes, and the tag of
// the version that they belong to.
type part struct{ path, tagPath string }

func (m *Mirror) part(e Listed) part {
	clean := strings.NewReplacer("/", "_", "\\", "_", "..", "_")
	p := filepath.Join(m.dir, clean.Replace(e.Domain+"-"+e.Version)+".json.part")
	return part{path: p, tagPath: p + ".etag"}
}

// have returns how many bytes are there and the tag that they belong to. Bytes
// without a tag cannot be continued safely.
func (p part) have() (int64, string) {
	tag, err := os.ReadFile(p.tagPath)
	info, errStat := os.Stat(p.path)
	if err != nil || errStat != nil || len(tag) == 0 {
		return 0, ""
	}
	return info.Size(), string(tag)
}

// Fetch downloads a release and returns the path of the whole file. A download
// that was cut off is resumed where the server allows it; one that stalls is
// given up and tried again. Progress gets bytes done and in all, -1 if unknown.
func (m *Mirror) Fetch(ctx context.Context, e Listed, progress func(done, total int64)) (string, error) {
	if !address.Web(e.Address) {
		return e.Address, nil
	}
	if err := os.MkdirAll(m.dir, 0o750); err != nil {
		return "", fault.New(fault.Unavailable, "the folder for downloads cannot be made").At("%s", m.dir).Because(err)
	}
	p := m.part(e)
	var err error
	for range m.tries {
		if err = m.attempt(ctx, e, p, progress); err == nil {
			whole := strings.TrimSuffix(p.path, ".part")
			os.Remove(p.tagPath)
			return whole, os.Rename(p.path, whole)
		}
		if ctx.Err() != nil || fault.KindOf(err) != fault.Unavailable {
			return "", err
		}
	}
	return "", err
}

// attempt asks for what is missing of a file and appends it.
func (m *Mirror) attempt(ctx context.Context, e Listed, p part, progress func(done, total int64)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	from, tag := p.have()
	header := http.Header{}
	if from > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		header.Set("If-Range", tag)
	}
	resp, err := m.get(ctx, e.Address, header)
	if err != nil {
		if resp != nil && resp.StatusCode == http.StatusRequestedRangeNotSatisfiable {
			os.Remove(p.tagPath) // the next attempt begins anew
		}
		return err
	}
	defer resp.Body.Close()
	from, err = continuesAt(resp, from)
	if err != nil {
		os.Remove(p.tagPath)
		return fault.New(fault.Unavailable, "the server sent another part than was asked for").At("%s", e.Address).Because(err)
	}
	if err := os.WriteFile(p.tagPath, []byte(strongTag(resp)), 0o600); err != nil {
		return err
	}
	return m.append(resp, e, p, from, cancel, progress)
}

// strongTag is what identifies the very bytes of an answer; a weak tag does not.
func strongTag(resp *http.Response) string {
	if t := resp.Header.Get("ETag"); t != "" && !strings.HasPrefix(t, "W/") {
		return t
	}
	return ""
}

// continuesAt returns the offset at which the answer's bytes belong: 0 for a
// whole file, else the offset that was asked for.
func continuesAt(resp *http.Response, asked int64) (int64, error) {
	if resp.StatusCode == http.StatusOK {
		return 0, nil
	}
	r := strings.TrimPrefix(resp.Header.Get("Content-Range"), "bytes ")
	first, _, _ := strings.Cut(r, "-")
	if n, err := strconv.ParseInt(first, 10, 64); err != nil || n != asked {
		return 0, fmt.Errorf("asked for bytes from %d, got Content-Range %q", asked, resp.Header.Get("Content-Range"))
	}
	return asked, nil
}

// append writes the answer's bytes at offset from, and sees that all come.
func (m *Mirror) append(resp *http.Response, e Listed, p part, from int64, cancel context.CancelCauseFunc, progress func(done, total int64)) error {
	f, err := os.OpenFile(p.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(from); err != nil {
		return err
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return err
	}
	total := int64(-1)
	if resp.ContentLength >= 0 {
		total = from + resp.ContentLength
	}
	w := &watched{r: resp.Body, stall: m.stall, cancel: cancel, done: from, total: total, progress: progress}
	if _, err := io.Copy(f, w); err != nil {
		return unreachable(e.Address, fmt.Errorf("after %d bytes: %w", w.done, err))
	}
	if total >= 0 && w.done != total {
		return unreachable(e.Address, fmt.Errorf("%d of %d bytes came", w.done, total))
	}
	return f.Sync()
}

// watched is a body whose reads must not stall.
type watched struct {
	r        io.Reader
	stall    time.Duration
	cancel   context.CancelCauseFunc
	done     int64
	total    int64
	progress func(done, total int64)
}

// Read reads, and cancels the request when nothing comes in time.
func (w *watched) Read(b []byte) (int, error) {
	timer := time.AfterFunc(w.stall, func() { w.cancel(fmt.Errorf("nothing came for %s", w.stall)) })
	n, err := w.r.Read(b)
	if !timer.Stop() && err != nil {
		err = fmt.Errorf("nothing came for %s", w.stall)
	}
	w.done += int64(n)
	if w.progress != nil {
		w.progress(w.done, w.total)
	}
	return n, err
}
