package cli

import (
	"strings"

	"candor/internal/visibility"
)

// maxUnused bounds how many lines a list of unused evidence takes.
const maxUnused = 12

// showUnknownSources lists the log sources that the release does not know, with
// the names that may have been meant.
func showUnknownSources(g *sheet, list []visibility.Suggestion) {
	for i, s := range list {
		switch i {
		case 0:
			g.line("  log sources and data components that this release does not know:")
		case maxUnused:
			g.line("    … and %d more (--json lists all)", len(list)-i)
			return
		}
		name := s.Words()
		if s.ReadAs != "" {
			name += "; read as " + s.ReadAs + ": " + s.How
		}
		if len(s.Nearest) > 0 {
			name += "; nearest: " + strings.Join(s.Nearest, ", ")
		}
		g.line("    %s", name)
	}
}

// showStopped lists the feeds that arrived once and no longer do.
func showStopped(g *sheet, list []visibility.StoppedFeed) {
	for i, f := range list {
		switch i {
		case 0:
			g.head("Feeds that stopped arriving")
		case maxUnused:
			g.line("  … and %d more (--json lists all)", len(list)-i)
			return
		}
		name := f.Name
		if f.Channel != "" {
			name += " / " + f.Channel
		}
		if f.Site != "" {
			name += " at " + f.Site
		}
		since := "measured since, and silent"
		if f.LastLooked == f.LastSeen {
			since = "and nobody has measured it since"
		}
		g.line("  %s: last seen %s, %d days ago, %s", name, f.LastSeen, f.Days, since)
	}
}
