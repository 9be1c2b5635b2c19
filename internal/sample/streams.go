package sample

import "time"

// stream is what one rule of the organisation does over the 90 days. How many
// episodes it has of each sort is fixed, so that chance moves them about and does
// not decide which rung the rule's analytics reach.
type stream struct {
	// file names the rule's file, without ending; with a title it is the id of
	// a rule that nobody declared.
	file, title string
	severity    string
	techniques  []string
	tactic      string
	source      string
	about       string // host, user, server or address

	incident string // the kind of incident that its hits belong to
	hits     int    // episodes that were an attack
	later    int    // minutes after the incident began at which its hits start
	misses   []miss
	size     [2]int // alerts of a miss, from and to
	hitSize  [2]int
	storms   bool // now and then an episode is six times as long
	stopped  int  // days before the end since when it raises nothing
	tests    []drill

	// field is one that tells hits from misses, with the values of each.
	field                 string
	hitValues, missValues []string
}

// drill is an exercise that raised an alert: how many days before the end, when on that
// day, and what the alert is about.
type drill struct {
	back int
	at   time.Duration
	on   string
}

// clock is a time of day.
func clock(hour, minute int) time.Duration {
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
}

// miss is a number of episodes that were no attack and how they were closed.
type miss struct {
	episodes int
	closing
}

// closing is what was said about an alert, and who says so. The empty closing
// says nothing.
type closing struct {
	disposition, provenance string
}

func (c closing) hit() bool { return c.disposition == "true_positive" }

func benign(n int) miss    { return miss{n, closing{"benign_positive", "analyst"}} }
func falsely(n int) miss   { return miss{n, closing{"false_positive", "analyst"}} }
func badData(n int) miss   { return miss{n, closing{"false_positive_data", "analyst"}} }
func automated(n int) miss { return miss{n, closing{"false_positive", "automation"}} }
func repeated(n int) miss  { return miss{n, closing{"duplicate", "analyst"}} }
func undecided(n int) miss { return miss{n, closing{"undetermined", "analyst"}} }
func open(n int) miss      { return miss{n, closing{}} }

// streams are what the organisation's rules raise. The rules for the tracking
// site and the new directory are quiet and have none, and neither has the one that
// stopped running (runs.csv).
func streams() []stream {
	return append(windowsStreams(), otherStreams()...)
}

func windowsStreams() []stream {
	return []stream{
		{file: "win_repeated_failed_logons", severity: "low", techniques: []string{"T1110"}, tactic: "credential-access", source: "security", about: "user",
			incident: "account", hits: 2, size: [2]int{4, 30}, hitSize: [2]int{6, 20}, storms: true,
			misses: []miss{falsely(110), benign(14), badData(10), automated(10), repeated(4), open(12)},
			field:  "logon_process", hitValues: []string{"ntlm", "kerberos"}, missValues: []string{"backup-agent", "ntlm", "kerberos", "scanner"}},
		{file: "win_office_starts_interpreter", severity: "high", techniques: []string{"T1566.001"}, tactic: "initial-access", source: "sysmon", about: "host",
			incident: "phishing", hits: 22, size: [2]int{1, 3}, hitSize: [2]int{1, 4}, tests: []drill{{34, clock(10, 6), "wks-drill-1"}},
			misses: []miss{benign(2), falsely(2), open(1)},
			field:  "parent", hitValues: []string{"winword.exe", "excel.exe", "outlook.exe"}, missValues: []string{"zoll-417.xlsm"}},
		{file: "win_remote_logon_new_network", severity: "high", techniques: []string{"T1133"}, tactic: "initial-access", source: "security", about: "user",
			incident: "account", hits: 18, later: 250, size: [2]int{1, 2}, hitSize: [2]int{1, 3}, tests: []drill{{51, clock(9, 34), "x.drill"}},
			misses: []miss{benign(2), falsely(1), open(1)},
			field:  "network", hitValues: []string{"hosting", "residential"}, missValues: []string{"port-terminal", "mobile"}},
		{file: "win_password_spray", severity: "high", techniques: []string{"T1110.003"}, tactic: "credential-access", source: "security", about: "address",
			incident: "account", hits: 16, size: [2]int{3, 6}, hitSize: [2]int{10, 26}, tests: []drill{{27, clock(13, 19), "198.51.100.23"}},
			misses: []miss{benign(1), falsely(2)},
			field:  "accounts", hitValues: []string{"10-20", "21-50", "51-100"}, missValues: []string{"10-20"}},
		{file: "win_powershell_encoded", severity: "medium", techniques: []string{"T1059.001"}, tactic: "execution", source: "sysmon", about: "host",
			incident: "phishing", hits: 24, later: 4, size: [2]int{1, 3}, hitSize: [2]int{1, 5},
			misses: []miss{benign(4), falsely(1), open(2)},
			field:  "parent", hitValues: []string{"wscript.exe", "winword.exe", "mshta.exe"}, missValues: []string{"deploy.exe", "setup.exe"}},
		{file: "win_dormant_account", severity: "medium", techniques: []string{"T1078"}, tactic: "initial-access", source: "security", about: "user",
			incident: "account", hits: 2, later: 255, size: [2]int{1, 2}, hitSize: [2]int{1, 2}, stopped: 12, tests: []drill{{76, clock(11, 20), "z.drill"}},
			misses: []miss{benign(1), undecided(3), open(15)},
			field:  "slept_days", hitValues: []string{"31-60", "61-120"}, missValues: []string{"31-60", "121-365"}},
		{file: "win_interpreter_odd_parent", severity: "medium", techniques: []string{"T1059"}, tactic: "execution", source: "sysmon", about: "host",
			incident: "phishing", hits: 1, size: [2]int{1, 2}, hitSize: [2]int{1, 2},
			misses: []miss{benign(1), open(30)},
			field:  "parent", hitValues: []string{"7zfm.exe"}, missValues: []string{"acrord32.exe", "7zfm.exe"}},
		{file: "win_mail_cache_file_started", severity: "medium", techniques: []string{"T1566"}, tactic: "initial-access", source: "sysmon", about: "host",
			incident: "phishing", hits: 3, size: [2]int{1, 2}, hitSize: [2]int{1, 2}, tests: []drill{{60, clock(14, 24), "wks-drill-2"}},
			misses: []miss{open(5)},
			field:  "file", hitValues: []string{"note.lnk", "bill-of-lading.js"}, missValues: []string{"scale-driver.exe"}},
	}
}

func otherStreams() []stream {
	return []stream{
		{file: "lnx_web_server_starts_shell", severity: "high", techniques: []string{"T1190"}, tactic: "initial-access", source: "auditd", about: "server",
			size: [2]int{1, 3}, misses: []miss{open(42)},
			field: "command", missValues: []string{"sh -c lp", "sh -c lp -d label-2", "curl"}},
		{file: "okta_impossible_journey", severity: "medium", techniques: []string{"T1078"}, tactic: "initial-access", source: "okta", about: "user",
			size: [2]int{1, 2}, stopped: 23, misses: []miss{benign(6), falsely(5), open(3)},
			field: "carrier", missValues: []string{"roaming", "vpn"}},
		{file: "lnx_ssh_from_outside", severity: "medium", techniques: []string{"T1133"}, tactic: "initial-access", source: "sshd", about: "server",
			incident: "account", hits: 1, size: [2]int{2, 12}, hitSize: [2]int{2, 4},
			misses: []miss{benign(9), falsely(3), open(20)},
			field:  "method", hitValues: []string{"password"}, missValues: []string{"publickey", "password"}},
		{file: "proxy_young_domain", severity: "low", techniques: []string{"T1566.002"}, tactic: "initial-access", source: "proxy", about: "host",
			incident: "phishing", hits: 4, size: [2]int{1, 5}, hitSize: [2]int{1, 4},
			misses: []miss{benign(10), falsely(30), open(60)},
			field:  "category", hitValues: []string{"uncategorised"}, missValues: []string{"business", "shipping", "uncategorised"}},
		{file: "web_tariff_scraping", severity: "low", techniques: []string{"T9907"}, tactic: "reconnaissance", source: "webserver", about: "address",
			size: [2]int{1, 6}, misses: []miss{benign(5), falsely(10), open(6)},
			field: "agent", missValues: []string{"price-robot", "browser"}},
		{file: "legacy-ids-2201", title: "Old intrusion sensor, signature 2201", severity: "low", source: "ids", about: "server",
			size: [2]int{1, 3}, misses: []miss{open(50), automated(8)},
			field: "signature", missValues: []string{"2201"}},
		{file: "win_office_starts_interpreter", severity: "high", techniques: []string{"T1566.001"}, tactic: "initial-access", source: "sysmon", about: "host",
			tests: []drill{{33, clock(10, 43), "wks-drill-3"}}, field: "parent", missValues: []string{"7zfm.exe"}},
	}
}
