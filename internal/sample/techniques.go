package sample

type tactic struct {
	id, short, name, text string
}

// tactics are the stages of the miniature's matrix, in order.
func tactics() []tactic {
	return []tactic{
		{"TA0043", "reconnaissance", "Reconnaissance", "Learning about a target before touching it: who works there, what faces the internet, whom a message would convince."},
		{"TA0001", "initial-access", "Initial Access", "The first foothold. This is the earliest stage at which most organisations own a sensor."},
		{"TA0002", "execution", "Execution", "Getting code of one's own to run on someone else's machine."},
		{"TA0003", "persistence", "Persistence", "Keeping a way back in after a restart, a new password or a clean-up."},
		{"TA0006", "credential-access", "Credential Access", "Obtaining user names, passwords and tokens that belong to others."},
	}
}

type technique struct {
	id, name  string
	tactics   []string // short names; those outside the miniature are left out
	platforms []string
	text      string
	// version is set for techniques that were revised, and empty for 1.0.
	version string
	// successor is the technique that a revoked one was replaced by.
	successor string
	refs      []reference
}

// techniques are the behaviours of the miniature, parents before their parts.
func techniques() []technique {
	return append(preparatory(), intrusive()...)
}

func preparatory() []technique {
	recon, pre := []string{"reconnaissance"}, []string{"PRE"}
	return []technique{
		{id: "T1589", name: "Gather Victim Identity Information", tactics: recon, platforms: pre,
			text: "Someone collects facts about the people of an organisation: names, addresses, logins. Each fact is worth little; " +
				"together they decide who is written to and which account is tried."},
		{id: "T1589.002", name: "Email Addresses", tactics: recon, platforms: pre,
			text: "Someone collects the mail addresses of staff, or guesses them from a pattern such as <code><first>.<last>@example.org</code> " +
				"and checks which ones a mail server accepts."},
		{id: "T1589.003", name: "Employee Names", tactics: recon, platforms: pre, version: "1.1",
			text: "Someone collects the names of people who work for an organisation. Names are on web pages, in registers and in the minutes of " +
				"trade fairs, so the collecting takes place on systems that the organisation does not run (Citation: Meridian Names (2026)). " +
				"Names turn into mail addresses, and into log-in names such as `a.novak`; the next stage is usually [Phishing](https://attack.mitre.org/techniques/T1566).",
			refs: []reference{{SourceName: "Meridian Names (2026)", URL: "https://example.org/meridian/names-in-the-open",
				Description: "Meridian Freight, fictional. (2026, January 8). Names in the Open: What a Freight Forwarder Publishes About Its Staff."}}},
		{id: "T1593", name: "Search Open Websites/Domains", tactics: recon, platforms: pre,
			text: "Someone reads what is public about an organisation: news, job offers, registers, code."},
		{id: "T1593.001", name: "Social Media", tactics: recon, platforms: pre,
			text: "Someone reads what an organisation and its people publish on social platforms, where only the platform could notice."},
		{id: "T1595", name: "Active Scanning", tactics: recon, platforms: pre,
			text: "Someone sends packets to an organisation's addresses to learn what answers. Unlike most preparation, this one touches the target."},
		{id: "T1598", name: "Phishing for Information", tactics: recon, platforms: pre,
			text: "Someone writes to staff to be told something, not to have anything run: a password, a phone number, who approves invoices."},
		{id: "T1598.003", name: "Spearphishing Link", tactics: recon, platforms: pre,
			text: "A message leads a chosen person to a page that asks for what the sender wants to know, often a copy of a log-in page."},
	}
}

func intrusive() []technique {
	access, exec := []string{"initial-access"}, []string{"execution"}
	creds := []string{"credential-access"}
	desk := []string{"Windows", "Linux", "macOS"}
	return []technique{
		{id: "T1566", name: "Phishing", tactics: access, platforms: desk,
			text: "A message brings something that runs, or leads to something that does."},
		{id: "T1566.001", name: "Spearphishing Attachment", tactics: access, platforms: desk, version: "1.2",
			text: "A message to a chosen person carries a file. Opening it starts a program, commonly <code>winword.exe</code> starting " +
				"<code>powershell.exe</code> or <code>wscript.exe</code>; a file named <invoice>.pdf.exe still works too."},
		{id: "T1566.002", name: "Spearphishing Link", tactics: access, platforms: desk,
			text: "A message to a chosen person carries a link; the file that matters is fetched by the reader."},
		{id: "T1078", name: "Valid Accounts", tactics: []string{"initial-access", "persistence"},
			platforms: []string{"Windows", "Linux", "macOS", "Identity Provider", "Containers"},
			text:      "Someone logs in with an account that exists and a password that is right. Nothing is broken, so nothing looks broken."},
		{id: "T1190", name: "Exploit Public-Facing Application", tactics: access, platforms: []string{"Windows", "Linux"},
			text: "Someone abuses a fault in a service that anyone can reach: a booking portal, a mail gateway, a VPN appliance."},
		{id: "T1133", name: "External Remote Services", tactics: []string{"initial-access", "persistence"},
			platforms: []string{"Windows", "Linux", "Containers"},
			text:      "Someone comes in through the door that staff use from home: VPN, remote desktop, SSH."},
		{id: "T1059", name: "Command and Scripting Interpreter", tactics: exec, platforms: []string{"Windows", "Linux", "ESXi"},
			text: "Someone has an interpreter that is already there do the work: a shell, a script host."},
		{id: "T1059.001", name: "PowerShell", tactics: exec, platforms: []string{"Windows"}, version: "1.3",
			text: "Someone runs commands through PowerShell, often encoded: <code>powershell -enc <base64></code>. Administrators use it all day, which is the difficulty."},
		{id: "T1086", name: "PowerShell", tactics: exec, platforms: []string{"Windows"}, successor: "T1059.001",
			text: "The older number of a technique that later became a part of Command and Scripting Interpreter. Rules still name it."},
		{id: "T1110", name: "Brute Force", tactics: creds, platforms: []string{"Windows", "Linux", "macOS", "Identity Provider"},
			text: "Someone tries passwords until one fits."},
		{id: "T1110.003", name: "Password Spraying", tactics: creds, platforms: []string{"Windows", "Linux", "Identity Provider"},
			text: "Someone tries one common password on many accounts, slowly enough that no account locks."},
	}
}
