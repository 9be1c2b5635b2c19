package detection

// Role is what comes of a rule when it fires. Only a rule that raises an alert
// claims what it detects; the others are kept, and claim nothing.
type Role string

// The roles.
const (
	Alerts        Role = ""               // it raises an alert
	Hunt          Role = "hunt"           // people look at what it finds
	BuildingBlock Role = "building block" // other rules look at what it finds
	Risk          Role = "risk"           // it adds to a score and raises nothing by itself
	Base          Role = "base"           // a correlation looks at it, and nobody else
	Report        Role = "report"         // it does nothing that anybody is alerted by
)

// Roles lists every role, that which claims first.
func Roles() []Role { return []Role{Alerts, Hunt, BuildingBlock, Risk, Base, Report} }

// Why says why a rule of the role claims nothing; empty for one that raises alerts.
func (r Role) Why() string {
	switch r {
	case Alerts:
		return ""
	case Hunt:
		return "the rule is a hunt, which raises no alert"
	case BuildingBlock:
		return "the rule is a building block, which raises no alert by itself"
	case Risk:
		return "the rule only adds risk and raises no alert by itself"
	case Base:
		return "the rule is the base of a correlation, which does not let it raise alerts of its own"
	case Report:
		return "the rule does nothing when it fires that raises an alert"
	}
	return "the rule's role is " + string(r) + ", which raises no alert"
}
