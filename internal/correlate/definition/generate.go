package definition

import (
	"fmt"
	"strings"
)

// Generated returns definitions that line the stages outside one's own visibility up with
// the first stage inside, all of them off. An observation of the early stages comes from
// others or is weak, and stays news for long, so each is there for three windows.
func Generated() string {
	var b strings.Builder
	b.WriteString("# Off until \"enabled: false\" is taken out: measure them first with candor correlate worth.\n")
	for i, early := range []struct{ tactic, title, name string }{
		{"reconnaissance", "Reconnaissance", "recon"}, {"resource-development", "Resource Development", "resources"},
	} {
		for k, span := range []struct{ timespan, words string }{{"1d", "a day"}, {"7d", "a week"}, {"30d", "thirty days"}} {
			if i+k > 0 {
				b.WriteString("---\n")
			}
			fmt.Fprintf(&b, `title: %s, then Initial Access on the same entity within %s
name: %s-then-access-%s
enabled: false
level: medium
correlation:
  type: temporal_ordered
  rules: ["tactic:%s", "tactic:initial-access"]
  group-by: [entity]
  timespan: %s
`, early.title, span.words, early.name, span.timespan, early.tactic, span.timespan)
		}
	}
	return b.String()
}
