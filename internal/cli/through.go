package cli

import (
	"context"
	"log/slog"

	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/provider"
)

// through returns what lets people sign in through the provider that a file names, or the one
// beside the data folder; nil where there is none. It asks nobody.
func (p *program) through(file string) (*provider.Service, error) {
	if file == "" {
		file = p.Getenv(provider.Variable)
	}
	path, named := p.path(file), file != ""
	if !named {
		path = provider.Beside(p.path(p.data))
	}
	c, err := provider.Read(path)
	if !named && fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return provider.New(c)
}

// signIns has people sign in through a provider, until what it returns is called, and returns
// what the door asks; nil without one. A provider that is out of reach keeps nobody else out.
func (p *program) signIns(ctx context.Context, d *Desk, s *provider.Service, log *slog.Logger) (elsewhere door.Provider, end func()) {
	if s == nil {
		return nil, func() {}
	}
	s.Arrive, s.Now, s.Getenv, s.Log = d.People.Arrive, p.Now, p.Getenv, log
	d.Provider = s.Standing
	return s, s.Watch(ctx)
}
