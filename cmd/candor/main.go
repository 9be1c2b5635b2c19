// Command candor finds out, with evidence, which adversary behaviours a security
// team can reliably observe and act on, and which it only has a rule for.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"candor/internal/app"
	"candor/internal/cli"
	"candor/internal/crew"
)

func main() { os.Exit(run(cli.System())) }

// run runs one command line until it ends or a signal ends it.
func run(env cli.Env) int {
	mask()
	ctx, stop := untilSignal()
	defer stop()
	env.Engines, env.Hangup = app.Engines(), hangup
	return cli.Run(ctx, env, app.Open)
}

// untilSignal returns a context that ends when the process is interrupted or asked to
// end. Its cause tells which: the exit code does.
func untilSignal() (context.Context, func()) {
	ctx, end := context.WithCancelCause(context.Background())
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	crew.Go(func() error {
		if <-ch == syscall.SIGTERM {
			end(cli.ErrTerminated)
		}
		end(context.Canceled)
		return nil
	})
	return ctx, func() { signal.Stop(ch) }
}

// hangup calls a function whenever the process gets SIGHUP, until what it returns is
// called: managers of services tell so to look again.
func hangup(do func()) (stop func()) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGHUP)
	crew.Go(func() error {
		for range ch {
			do()
		}
		return nil
	})
	return func() {
		signal.Stop(ch)
		close(ch)
	}
}
