package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"time"

	"candor/internal/fault"
)

// patience is how long a server may send nothing, and maxDownload how many bytes
// it may send in all.
const (
	patience    = 60 * time.Second
	maxDownload = 4 << 30
)

// importAddress downloads a bundle to a temporary file and imports that.
func (b *Bundles) importAddress(ctx context.Context, r BundleRequest) ([]BundleResult, error) {
	u, err := url.Parse(r.Source)
	if err != nil {
		return nil, fault.New(fault.Invalid, "this is not an address").At("%s", r.Source).Because(err)
	}
	tmp, err := os.CreateTemp("", "candor-bundle-*.json")
	if err != nil {
		return nil, fault.New(fault.Unavailable, "no temporary file can be made").Because(err).Next("check the folder that TMPDIR names")
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	name := path.Base(u.Path)
	told := func(n, total int64) { r.Progress(n, total, "download "+name) }
	if err := download(ctx, r.Source, tmp, told); err != nil {
		return nil, err
	}
	res, err := b.importFile(ctx, r, bundleFile{path: tmp.Name(), source: r.Source, name: name})
	if err != nil {
		return nil, err
	}
	return []BundleResult{res}, nil
}

// errSilent ends a download that stalls.
var errSilent = fmt.Errorf("the server sent nothing for %v", patience)

// download writes what an address serves to w. Told gets bytes done and in all,
// 0 if unknown.
func download(ctx context.Context, address string, w io.Writer, told func(done, total int64)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(patience, func() { cancel(errSilent) })
	defer silence.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fault.New(fault.Invalid, "this is not an address").At("%s", address).Because(err)
	}
	req.Header.Set("User-Agent", "candor")
	resp, err := (&http.Client{CheckRedirect: redirect}).Do(req)
	if err != nil {
		return unreachable(ctx, address, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, "the server answered %s", resp.Status).At("%s", address).
			Next("check the address, or download the file yourself and import it from there")
	}
	body := &watched{r: io.LimitReader(resp.Body, maxDownload+1), tell: func(n int64) {
		silence.Reset(patience)
		told(n, max(resp.ContentLength, 0))
	}}
	n, err := io.Copy(w, body)
	switch {
	case body.err != nil:
		return unreachable(ctx, address, body.err)
	case err != nil:
		return fault.New(fault.Unavailable, "the download cannot be kept").At("%s", address).Because(err).Next("check the space in the folder that TMPDIR names")
	case n > maxDownload:
		return fault.New(fault.Invalid, "the file is larger than %d GiB", maxDownload>>30).At("%s", address)
	}
	return nil
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

func unreachable(ctx context.Context, address string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return fault.New(fault.Unavailable, "the address cannot be read").At("%s", address).Because(err).
		Next("check the network and the proxy settings, or download the file elsewhere and import it from there")
}

// watched tells how many bytes were read through it.
type watched struct {
	r    io.Reader
	tell func(n int64)
	n    int64
	err  error // what ended the reading, io.EOF aside
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.n += int64(n)
	w.tell(w.n)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}
