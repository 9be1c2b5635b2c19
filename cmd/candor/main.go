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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	env := cli.System()
	env.Engines = app.Engines()
	code := cli.Run(ctx, env, app.Open)
	stop()
	os.Exit(code)
}
