package visibility

import (
	"fmt"
	"strings"

	"candor/internal/attack"
	"candor/internal/evidence"
)

func objectRef(o *attack.Object, field string) evidence.Ref {
	return evidence.Ref{Kind: "object", ID: o.ID, Detail: field}
}

func policyRef(key string) evidence.Ref {
	return evidence.Ref{Kind: "policy", ID: "visibility." + key}
}

func (x *index) outOfScope(o *attack.Object) evidence.Reason {
	whose := "the stated scope"
	if len(x.scope.owners) > 0 {
		whose += " of " + strings.Join(x.scope.owners, ", ")
	}
	return evidence.Reason{
		Code: "platform_out_of_scope",
		Text: fmt.Sprintf("Its platform is %s; %s has %s.", strings.Join(o.Platforms, ", "), whose, strings.Join(x.scope.names, ", ")),
		Refs: append([]evidence.Ref{objectRef(o, "x_mitre_platforms")}, x.scope.refs...),
	}
}

// outsideReasons says why no sensor of the organisation can see what the
// analytic looks at; none when one can.
func (x *index) outsideReasons(o *attack.Object) []evidence.Reason {
	var rs []evidence.Reason
	if len(o.LogSources) == 0 {
		rs = append(rs, evidence.Reason{
			Code: "no_log_source_named",
			Text: fmt.Sprintf("ATT&CK names no log source for %s.", o.ATTACKID),
			Refs: []evidence.Ref{objectRef(o, "x_mitre_log_source_references")},
		})
	}
	if x.beyondSensors(o) {
		text := fmt.Sprintf("Its platform is %s, where an organisation has no sensor of its own.", strings.Join(o.Platforms, ", "))
		if n := len(o.LogSources); n > 0 {
			text += fmt.Sprintf(" The %s that ATT&CK names for it would have to come from elsewhere.", count(n, "log source"))
		}
		rs = append(rs, evidence.Reason{
			Code: "platform_outside", Text: text,
			Refs: []evidence.Ref{objectRef(o, "x_mitre_platforms"), policyRef("outside_platforms")},
		})
	}
	return rs
}

// ownReasons sums up what the organisation's own log sources show, then says it
// of each.
func (x *index) ownReasons(o *attack.Object, s State, needs []Need, levels []level) []evidence.Reason {
	seen := 0
	for _, l := range levels {
		if l == good {
			seen++
		}
	}
	var text string
	switch x.policy.JointNeed {
	case "any":
		text = fmt.Sprintf("ATT&CK names %s for it and policy needs one of them; measured as policy asks: %d.",
			count(len(needs), "log source"), measured(needs))
	case "component":
		text = fmt.Sprintf("ATT&CK names log sources of %s for it and policy needs one of each; measured as policy asks: %d.",
			count(len(levels), "data component"), seen)
	default:
		text = fmt.Sprintf("ATT&CK names %s for it and policy needs all of them; measured as policy asks: %d.",
			count(len(levels), "log source"), seen)
	}
	rs := []evidence.Reason{{
		Code: string(s), Text: text,
		Refs: []evidence.Ref{objectRef(o, "x_mitre_log_source_references"), policyRef("joint_need")},
	}}
	for i := range needs {
		rs = append(rs, x.needReason(o, &needs[i]))
	}
	return rs
}

func measured(needs []Need) int {
	n := 0
	for i := range needs {
		if needs[i].State == Measured {
			n++
		}
	}
	return n
}

func (x *index) needReason(o *attack.Object, n *Need) evidence.Reason {
	text, keys := x.needText(n)
	if n.Note != "" {
		text += "; " + n.Note
	}
	refs := append([]evidence.Ref{objectRef(o, "x_mitre_log_source_references")}, n.Refs...)
	for _, k := range keys {
		refs = append(refs, policyRef(k))
	}
	return evidence.Reason{Code: "need_" + string(n.State), Text: n.label() + " " + text + ".", Refs: refs}
}

// needText says how a need is seen, and which keys of the policy say so.
func (x *index) needText(n *Need) (text string, policyKeys []string) {
	p, of := x.policy, x.window.From.Until(x.window.To)+1
	switch n.State {
	case Missing:
		return "is not collected, as far as anyone declares or observed", nil
	case Unmeasured:
		return "is declared and was never observed to arrive", nil
	case Silent:
		last := "and was never observed to arrive"
		if n.LastSeen != "" {
			last = fmt.Sprintf("and last arrived on %s", n.LastSeen)
		}
		return fmt.Sprintf("was looked for from %s to %s and did not arrive, %s", x.window.From, x.window.To, last), nil
	case Old:
		return fmt.Sprintf("last arrived on %s, %s before %s; policy counts feeds for %d",
			n.LastSeen, count(n.LastSeen.Until(x.window.To), "day"), x.window.To, p.MaxFeedAgeDays), []string{"max_feed_age_days"}
	case Thin:
		return fmt.Sprintf("arrived on %d of %s%s; policy asks for %s and %.0f %% of the declared hosts",
				n.Days, count(of, "day"), n.hostText(), count(p.MinFeedDays, "day"), 100*p.MinHostShare),
			[]string{"min_feed_days", "min_host_share"}
	default:
		return fmt.Sprintf("arrived on %d of %s, last on %s%s", n.Days, count(of, "day"), n.LastSeen, n.hostText()),
			[]string{"min_feed_days", "min_host_share", "max_feed_age_days"}
	}
}

func (n *Need) hostText() string {
	switch {
	case n.HostsOf > 0:
		return fmt.Sprintf(", from %d of %s on its best day", n.Hosts, count(n.HostsOf, "declared host"))
	case n.Hosts > 0:
		return fmt.Sprintf(", from %s on its best day; of how many is not declared", count(n.Hosts, "host"))
	}
	return "; of how many hosts is not declared"
}

func (n *Need) label() string {
	s := n.Name
	if n.Channel != "" {
		s += ", " + n.Channel
	}
	if n.ComponentName != "" {
		s += " (" + n.ComponentName + ")"
	}
	return s
}

func sightReasons(sights []Sight) []evidence.Reason {
	var rs []evidence.Reason
	for _, s := range sights {
		e := s.Source
		r := evidence.Reason{
			Code: "external_in_force",
			Text: fmt.Sprintf("%s of %s, rated %s%d, sees it until %s.", e.Name, e.Provider, e.Reliability, e.Credibility, e.Expires),
			Refs: append([]evidence.Ref{policyRef("worst_reliability"), policyRef("worst_credibility")}, s.Refs...),
		}
		if !s.Counts {
			r.Code = "external_not_counted"
			r.Text = fmt.Sprintf("%s of %s is registered for it and does not count: %s.", e.Name, e.Provider, s.Why)
		}
		rs = append(rs, r)
	}
	return rs
}

func caveatReasons(o *attack.Object) []evidence.Reason {
	var rs []evidence.Reason
	for _, c := range attack.Caveats(o) {
		if text := caveatText(c.Code); text != "" {
			rs = append(rs, evidence.Reason{
				Code: "caveat_" + string(c.Code),
				Text: "ATT&CK's own text says that " + text + ".",
				Refs: []evidence.Ref{objectRef(o, c.Field)},
			})
		}
	}
	return rs
}

func caveatText(c attack.CaveatCode) string {
	switch c {
	case attack.VeryHighOccurrence:
		return "much of the activity may have a very high occurrence"
	case attack.ManyFalsePositives:
		return "looking for it may raise many false positives"
	case attack.MayBeOutside:
		return "it may take place outside the visibility of the target organisation"
	case attack.MostlyOutside:
		return "much of it takes place outside the visibility of the target organisation"
	case attack.RelatedStages:
		return "detection may rather look at related behaviour"
	}
	return ""
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
