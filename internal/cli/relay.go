package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"candor/internal/crew"
	"candor/internal/door"
	"candor/internal/engine"
	"candor/internal/fault"
	"candor/internal/pull"
	"candor/internal/relay"
	"candor/internal/veil"
)

// Relayed runs the command of another process on the folder that open opens.
type Relayed func(ctx context.Context, c relay.Call, s relay.Streams, open Open) int

// variables are what commands ask of the environment.
func variables() []string {
	return []string{"CANDOR_DATA", engine.Variable, veil.Variable, pull.Variable, "USER", "NO_COLOR", "TERM"}
}

// relayed runs the commands of other processes as those of this one, but for what
// lies around them.
func (p *program) relayed(log *slog.Logger) Relayed {
	return func(ctx context.Context, c relay.Call, s relay.Streams, open Open) int {
		env := Env{
			Args: c.Args, Dir: c.Dir, Getenv: func(name string) string { return c.Env[name] },
			In: s.In, Out: s.Out, Err: s.Err, OutTerm: c.OutTerm, ErrTerm: c.ErrTerm,
			Now: p.Now, Engines: p.Engines,
		}
		var code int
		if err := crew.Do(func() error { code = Run(ctx, env, open); return nil }); err != nil {
			log.Error("a command of another process failed", "command", strings.Join(c.Args, " "), "error", err)
			(&program{Env: env}).fail(fault.New(fault.Internal, "the command failed for a reason of the server's own, and nothing was half done").Next("the server's log says why"))
			return fault.ExitCode(err)
		}
		return code
	}
}

// relay has the server that has the data folder run this command line.
func (p *program) relay(ctx context.Context, at *relay.Elsewhere) (code int, err error) {
	if at.Version != Version() {
		if at.Write {
			return 0, fault.New(fault.Conflict, "the data folder is served by candor %s (process %d, %s), and this is candor %s, which must not write through it",
				at.Version, at.PID, at.Address, Version()).At("%s", p.data).Next("use the same candor, or stop the server and start it anew with this one")
		}
		if !p.quiet && !p.json {
			p.note("note: candor %s, which serves the data folder at %s, answers; this is candor %s", at.Version, at.Address, Version())
		}
	}
	dir := p.Dir
	if dir == "" {
		if dir, err = os.Getwd(); err != nil {
			return 0, fault.New(fault.Unavailable, "the working folder cannot be told").Because(err).Next("change to a folder that is there")
		}
	}
	c := relay.Call{Version: Version(), Args: p.Args, Dir: dir, Env: map[string]string{}, OutTerm: p.OutTerm, ErrTerm: p.ErrTerm}
	for _, name := range variables() {
		c.Env[name] = p.Getenv(name)
	}
	return relay.Do(ctx, at.Socket, c, relay.Streams{In: p.In, Out: p.bare.Out, Err: p.bare.Err})
}

// path returns where a path lies that the command line names.
func (p *program) path(name string) string {
	if p.Dir == "" || name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.Dir, name)
}

// interrupted says that the command was told to end, and by whom.
func interrupted(ctx context.Context) error {
	var f *fault.Error
	if cause := context.Cause(ctx); errors.As(cause, &f) {
		return f
	}
	return fault.New(fault.Internal, "interrupted: nothing was half done").Because(nil)
}

// sharing is a server that runs the commands of other processes beside its pages.
type sharing struct {
	stop context.CancelFunc
	wait func() error
}

// share begins to run the commands of other processes.
func (p *program) share(ctx context.Context, d *Desk, address string, way *door.Door, run Relayed) (sharing, error) {
	ctx, stop := context.WithCancel(ctx)
	wait, err := d.Share(ctx, address, way, run)
	if err != nil {
		stop()
		return sharing{}, err
	}
	return sharing{stop, wait}, nil
}

// end ends the commands that run, and returns when they have.
func (s sharing) end() error {
	s.stop()
	return s.wait()
}
