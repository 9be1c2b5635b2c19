package sample

// actor is a group, or a campaign when partOf names its group.
type actor struct {
	id, name    string
	aliases     []string
	text        string
	uses        []string // techniques of the miniature that ATT&CK says it uses
	partOf      string
	first, last string
}

// actors are groups and a campaign; what they use are facts stated by ATT&CK 18.1.
func actors() []actor {
	return []actor{
		{id: "G0034", name: "Sandworm Team", aliases: []string{"ELECTRUM", "Voodoo Bear"},
			text: "A group known for attacks on power grids and for destructive software. It prepares with names and addresses before it writes to anyone.",
			uses: []string{"T1589.002", "T1589.003", "T1593", "T1598.003", "T1566.001", "T1566.002", "T1078", "T1190", "T1133", "T1059.001"}},
		{id: "G0094", name: "Kimsuky", aliases: []string{"Velvet Chollima"},
			text: "A group that writes to researchers and officials, often under the name of someone they know.",
			uses: []string{"T1589.002", "T1589.003", "T1593", "T1593.001", "T1598", "T1598.003", "T1566", "T1566.001", "T1566.002", "T1190", "T1133", "T1059.001"}},
		{id: "G0122", name: "Silent Librarian", aliases: []string{"TA407", "COBALT DICKENS"},
			text: "A group that copies the log-in pages of universities and uses the passwords it is given.",
			uses: []string{"T1589.002", "T1589.003", "T1598.003", "T1078", "T1110.003"}},
		{id: "G0007", name: "APT28", aliases: []string{"Fancy Bear", "Sofacy"},
			text: "A group that combines written lures with patient guessing of passwords.",
			uses: []string{"T1598", "T1598.003", "T1566.001", "T1078", "T1190", "T1133", "T1059.001", "T1110", "T1110.003"}},
		{id: "G1017", name: "Volt Typhoon", aliases: []string{"BRONZE SILHOUETTE"},
			text: "A group that enters through edge devices and then uses only what it finds there.",
			uses: []string{"T1589", "T1589.002", "T1593", "T1078", "T1190", "T1133", "T1059.001"}},
		{id: "C0028", name: "2015 Ukraine Electric Power Attack", partOf: "G0034",
			first: "2015-12-01T05:00:00.000Z", last: "2016-01-01T05:00:00.000Z",
			text: "The attack that left a part of Ukraine without electricity in December 2015.",
			uses: []string{"T1566.001", "T1078", "T1133"}},
	}
}

type mitigation struct {
	id, name, text string
	how            string // how it helps, the text of its relationships
	mitigates      []string
	deprecated     bool
}

// mitigations include a deprecated one that carries a technique's ATT&CK ID, as
// 224 of ATT&CK's do.
func mitigations() []mitigation {
	return []mitigation{
		{id: "M1017", name: "User Training", text: "Show people what a lure looks like and make reporting one easy.",
			how:       "A reader who reports the first copy warns everyone who gets the second.",
			mitigates: []string{"T1566", "T1566.001", "T1566.002", "T1598", "T1598.003", "T1078"}},
		{id: "M1032", name: "Multi-factor Authentication", text: "Ask for something besides the password.",
			how:       "A guessed or stolen password alone no longer opens the account.",
			mitigates: []string{"T1078", "T1110", "T1110.003", "T1133"}},
		{id: "M1056", name: "Pre-compromise", text: "Limit what is published, since the reading of it cannot be stopped.",
			how:       "Fewer names and addresses in the open make a list shorter, not impossible.",
			mitigates: []string{"T1589", "T1589.002", "T1589.003", "T1593.001", "T1595"}},
		{id: "T1110", name: "Brute Force Mitigation", deprecated: true,
			text: "Lock or slow an account after a number of failures. Kept under the old numbering, in which a mitigation carried its technique's number."},
	}
}
