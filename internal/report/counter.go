package report

import (
	"context"
	"time"

	"candor/internal/assessment"
	"candor/internal/fault"
)

// Counter is where a server hands reports over. It makes one at a time: each is work over all
// that is judged, and a browser may have to print it.
type Counter struct {
	service  *Service
	print    func(ctx context.Context, page []byte) ([]byte, error)
	begin    func(ctx context.Context)
	patience time.Duration
	free     chan struct{}
}

// File is a report as it is handed over.
type File struct {
	Name, Media string
	Body        []byte
}

// counterPatience is how long is waited for the reports that others asked for.
const counterPatience = 20 * time.Second

// NewCounter returns a counter. Print prints pages as PDF. Begin is called before a report is
// made, for a key that signs heads where there is none yet; what goes wrong there leaves the
// head unsigned, which the report says.
func NewCounter(s *Service, print func(ctx context.Context, page []byte) ([]byte, error), begin func(ctx context.Context)) *Counter {
	c := &Counter{service: s, print: print, begin: begin, patience: counterPatience, free: make(chan struct{}, 1)}
	c.free <- struct{}{}
	return c
}

// Report makes a report in a form. It is fault.Unavailable where others keep it busy.
func (c *Counter) Report(ctx context.Context, r assessment.Request, w Wanted, end string) (File, error) {
	if err := w.check(r); err != nil {
		return File{}, err
	}
	if o, err := Offered(w.Report); err != nil || o.Takes(end) != nil {
		return File{}, o.Takes(end)
	}
	wait, stop := context.WithTimeout(ctx, c.patience)
	defer stop()
	select {
	case <-c.free:
	case <-wait.Done():
		return File{}, fault.New(fault.Unavailable, "the server makes other reports, and one at a time").Because(ctx.Err()).Next("ask again in a while")
	}
	defer func() { c.free <- struct{}{} }()
	c.begin(ctx)
	m, err := c.service.Make(ctx, r, w)
	if err != nil {
		return File{}, err
	}
	f := File{Name: m.Name(end), Media: Media(end)}
	if f.Body, err = m.In(end); err == nil && end == ".pdf" {
		f.Body, err = c.print(ctx, f.Body)
	}
	return f, err
}
