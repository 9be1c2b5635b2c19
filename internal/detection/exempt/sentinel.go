package exempt

import (
	"io"
	"strings"

	"candor/internal/alert/export"
	"candor/internal/detection"
	"candor/internal/detection/condition"
	"candor/internal/evidence"
)

// SentinelFormat is the name of the format of Sentinel's automation rules.
const SentinelFormat = "sentinel-automation"

// SniffSentinel reports whether a file that begins with head is one of automation rules.
func SniffSentinel(head []byte, _ string) bool {
	return export.Contains(head, `"triggeringLogic"`) || export.Contains(head, "/automationRules/") && export.Contains(head, `"properties"`)
}

// Sentinel reads automation rules as the interface lists them, or the template that the
// portal exports. One that closes what is raised is an exception of the rules that it
// names, of all rules where it names none; every other is passed over. File names the
// input in messages. It fails with fault.Invalid when the file cannot be read on.
func Sentinel(file string, r io.Reader) (evidence.Decoded[detection.Exception], error) {
	return spread(export.Collect(file, r, nil, automations))
}

// automations reads the automation rule of a record, or those of a template's resources.
func automations(r *export.Record) ([]detection.Exception, bool) {
	resources := r.Objects("resources")
	if len(resources) == 0 {
		resources = []export.Object{r.Object}
	}
	var out []detection.Exception
	for _, o := range resources {
		out = append(out, automation(r, o)...)
	}
	return out, len(out) > 0 || r.Bad()
}

// automation reads one automation rule: an exception for each rule that it is of.
func automation(r *export.Record, o export.Object) []detection.Exception {
	const logic = "properties.triggeringLogic."
	switch {
	case len(o.Objects("properties.triggeringLogic")) == 0:
		r.Fail("properties.triggeringLogic", "", "is missing, so this is no automation rule")
		return nil
	case strings.EqualFold(o.Text(logic+"isEnabled"), "false"):
		r.Note("automation rules that are disabled were passed over")
		return nil
	case !closes(o):
		r.Note("automation rules that close nothing were passed over")
		return nil
	}
	e := detection.Exception{
		ID: last(o.Text("name", "id")), Name: o.Text("properties.displayName"), Source: "Microsoft Sentinel", Ends: true,
		Reason: o.Text("properties.actions.actionConfiguration.classificationComment", "properties.actions.actionConfiguration.classification"),
		Owner:  o.Text("properties.createdBy.email", "properties.createdBy.userPrincipalName", "properties.createdBy.name"),
		Since:  r.DayOf(o, "properties.createdTimeUtc"), Expires: r.DayOf(o, logic+"expirationTimeUtc"),
	}
	var c conditions
	for _, part := range o.Objects(logic + "conditions") {
		c.add(r, part)
	}
	all := condition.All(c.parts...)
	if len(c.parts) == 0 { // it closes whatever the rules raise
		all = condition.Is("rule_id", condition.Exists)
	}
	e.Condition = all.String()
	if len(c.rules) == 0 {
		c.rules = []string{detection.AnyRule}
	}
	var out []detection.Exception
	for _, rule := range c.rules {
		e.RuleID = rule
		identify(&e)
		out = append(out, e)
	}
	return out
}

// closes reports whether one of the actions closes the incident.
func closes(o export.Object) bool {
	for _, a := range o.Objects("properties.actions") {
		if strings.EqualFold(a.Text("actionConfiguration.status"), "Closed") {
			return true
		}
	}
	return false
}

// last returns what stands behind the last slash of a resource's name, without what a
// template puts behind it.
func last(name string) string {
	name = strings.TrimRight(name, `')]`)
	return name[strings.LastIndexByte(name, '/')+1:]
}

// conditions are the rules that an automation rule names and what else it asks.
type conditions struct {
	rules []string
	parts []condition.Expr
}

// add takes one condition that must hold besides the others.
func (c *conditions) add(r *export.Record, o export.Object) {
	const at = "conditionProperties."
	name, op, values := o.Text(at+"propertyName"), o.Text(at+"operator"), o.Texts(at+"propertyValues")
	if name == "IncidentRelatedAnalyticRuleIds" && (op == "Contains" || op == "Equals") {
		for _, v := range values {
			c.rules = append(c.rules, last(v))
		}
		return
	}
	c.parts = append(c.parts, asked(r, o, 0))
}

// deepest is how deep conditions may be nested in each other.
const deepest = 10

// asked reads a condition. What cannot be read decides nothing.
func asked(r *export.Record, o export.Object, depth int) condition.Expr {
	const at = "conditionProperties."
	kind, name, op := o.Text("conditionType"), o.Text(at+"propertyName"), o.Text(at+"operator")
	unread := condition.Is("Sentinel", condition.Listed, strings.TrimSpace(kind+" "+name+" "+op))
	switch {
	case kind == "Boolean" && depth < deepest:
		var parts []condition.Expr
		for _, sub := range o.Objects(at + "innerConditions") {
			parts = append(parts, asked(r, sub, depth+1))
		}
		switch {
		case len(parts) == 0:
			return unread
		case op == "Or":
			return condition.Any(parts...)
		}
		return condition.All(parts...)
	case kind != "Property" || name == "":
		r.Note("conditions of type %s are not read: they decide nothing", kind)
		return unread
	}
	word, negated := strings.CutPrefix(op, "Not")
	compared, ok := map[string]condition.Op{"Equals": condition.Equals, "Contains": condition.Contains, "StartsWith": condition.StartsWith, "EndsWith": condition.EndsWith}[word]
	var parts []condition.Expr
	for _, v := range o.Texts(at + "propertyValues") {
		parts = append(parts, condition.Is(property(name), compared, v))
	}
	if !ok || len(parts) == 0 {
		r.Note("the operator %s of conditions is not read: it decides nothing", op)
		return unread
	}
	one := condition.Any(parts...)
	if negated {
		return condition.None(one)
	}
	return one
}

// property is a property of an incident as alerts have it.
func property(name string) string {
	switch name {
	case "IncidentSeverity":
		return "severity"
	case "IncidentTitle":
		return "rule_name"
	case "IncidentTactics":
		return "tactic"
	}
	return name
}
