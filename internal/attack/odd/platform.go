package odd

import (
	"fmt"
	"strings"

	"candor/internal/attack"
)

// says is how names of log sources begin that name a platform themselves, in lower case.
var says = [...]struct{ prefix, platform string }{
	{"wineventlog:", "Windows"}, {"etw:", "Windows"}, {"linux:", "Linux"}, {"auditd:", "Linux"}, {"macos:", "macOS"},
	{"esxi:", "ESXi"}, {"networkdevice:", "Network Devices"},
}

// Where a name does not say it, the other analytics of the release do: a log source that
// many name, and of those nearly all for one platform, belongs to it. The platform PRE is
// none that a log source is of.
const (
	many      = 10
	nearlyAll = .9
	nowhere   = "PRE"
)

// naming is who names a log source.
type naming struct {
	name      string // as the first spells it
	analytics int
	platforms map[string]int
}

// platforms finds live analytics that name a log source of another platform.
func (f *finder) platforms() {
	named := map[string]*naming{}
	var analytics []*attack.Object
	for _, o := range f.l.OfKind(attack.KindAnalytic) {
		if !o.Live() || len(o.Platforms) == 0 {
			continue
		}
		analytics = append(analytics, o)
		for _, name := range logNames(o) {
			key := strings.ToLower(name)
			if named[key] == nil {
				named[key] = &naming{name: name, platforms: map[string]int{}}
			}
			named[key].analytics++
			for _, p := range o.Platforms {
				named[key].platforms[p]++
			}
		}
	}
	for _, o := range analytics {
		for _, name := range logNames(o) {
			platform, because := named[strings.ToLower(name)].platform()
			if platform == "" || has(o.Platforms, platform) {
				continue
			}
			f.add(Platform, o, "it is for %s and names the log source %s, which is of %s: %s", strings.Join(o.Platforms, ", "), name, platform, because)
		}
	}
}

// logNames returns the names of the log sources that an analytic names, each once.
func logNames(o *attack.Object) []string {
	var names []string
	for _, l := range o.LogSources {
		if name := strings.TrimSpace(l.Name); name != "" && !has(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func has(list []string, s string) bool {
	for _, have := range list {
		if strings.EqualFold(have, s) {
			return true
		}
	}
	return false
}

// platform returns the platform that the log source belongs to, and what says so; both
// are empty where nothing does.
func (n *naming) platform() (platform, because string) {
	for _, s := range says {
		if strings.HasPrefix(strings.ToLower(n.name), s.prefix) {
			return s.platform, "its name says so"
		}
	}
	if n.analytics < many {
		return "", ""
	}
	for p, count := range n.platforms {
		if p != nowhere && float64(count) >= nearlyAll*float64(n.analytics) {
			return p, fmt.Sprintf("%d of the %d analytics that name it are", count, n.analytics)
		}
	}
	return "", ""
}
