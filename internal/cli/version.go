package cli

import (
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"candor/internal/engine"
)

// build is what a binary knows of itself.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Time     string `json:"time,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Alerts are the engines for alerts, the one for new folders first.
	Alerts []engine.Name `json:"alert_engines"`
}

// Version returns the version of this binary, for the faces that show it.
func Version() string { return thisBuild().Version }

func thisBuild() build {
	b := build{Version: "(unknown)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this binary, and what keeps alerts in it", Args: cobra.NoArgs,
		Long: `Version prints what this binary is, and the engines that answer for alerts in it. Each
reads every data folder: alerts lie in batch files. Duckdb keeps an index of them. Scan
reads the files into memory whenever it is asked: it is in every build, and the simple
engine, faster where alerts are few (to about ten thousand) and slower beyond. A command
that only reads takes the one that is faster, or the one that CANDOR_ALERTS names.`,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			b.Alerts = p.Engines
			return p.emit(b, func(g *sheet) {
				g.line("candor %s", b.Version)
				if b.Revision != "" {
					g.line("revision %s %s", b.Revision, b.Time)
				}
				g.line("%s %s", b.Go, b.Platform)
				g.line("alerts in %s", alertsIn(b.Alerts))
			})
		},
	}
}

// alertsIn says which engines keep alerts.
func alertsIn(engines []engine.Name) string {
	if slices.Contains(engines, engine.DuckDB) {
		return "duckdb, or scan, the simple engine, where a command reads few (CANDOR_ALERTS=scan or duckdb chooses one)"
	}
	return "scan alone, the simple and slower engine: built without a C compiler, so that each command reads all alerts into memory"
}
