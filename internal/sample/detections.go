package sample

type component struct {
	id, name, text string
}

// components are the data components that the miniature's analytics read.
func components() []component {
	return []component{
		{"DC0002", "User Account Authentication", "A log-in attempt and how it ended."},
		{"DC0016", "Module Load", "A program loading a library."},
		{"DC0032", "Process Creation", "A program starting, with its command line and the program that started it."},
		{"DC0034", "Process Metadata", "What is known of a running program besides that it started."},
		{"DC0038", "Application Log Content", "What an application writes about its own work."},
		{"DC0039", "File Creation", "A file appearing on a disk."},
		{"DC0064", "Command Execution", "A command typed or scripted, as the interpreter saw it."},
		{"DC0067", "Logon Session Creation", "A session opening after a log-in."},
		{"DC0078", "Network Traffic Flow", "Who spoke to whom, when, and how much; not what was said."},
		{"DC0082", "Network Connection Creation", "A program opening a connection."},
		{"DC0085", "Network Traffic Content", "What was said on the wire."},
		{"DC0088", "Logon Session Metadata", "Where a session came from and what kind it is."},
	}
}

type strategy struct {
	id, name, technique string
	analytics           []analytic
}

type analytic struct {
	id, platform, text string
	logs               []logRef
	knobs              []knob
}

type logRef struct {
	component, name, channel string
}

// Log sources that several analytics read.
func sysmon(component, channel string) logRef {
	return logRef{component, "WinEventLog:Sysmon", "EventCode=" + channel}
}

func security(component, channel string) logRef {
	return logRef{component, "WinEventLog:Security", "EventCode=" + channel}
}

func traffic() logRef { return logRef{"DC0085", "Network Traffic", "None"} }
func flow() logRef    { return logRef{"DC0078", "Network Traffic", "None"} }
func execve() logRef  { return logRef{"DC0032", "auditd:SYSCALL", "execve"} }

// strategies are the detection strategies of the miniature with the analytics
// that it keeps of each. Of an analytic's log sources it keeps those whose
// channel is an identifier rather than a sentence.
func strategies() []strategy {
	var all []strategy
	all = append(all, preparatoryStrategies()...)
	all = append(all, accessStrategies()...)
	all = append(all, executionStrategies()...)
	return append(all, credentialStrategies()...)
}

// preparatoryStrategies look at what happens before the target is touched; two
// of their analytics name no log source at all.
func preparatoryStrategies() []strategy {
	one := func(id, name, technique string, a analytic) strategy {
		a.platform = "PRE"
		return strategy{id, name, technique, []analytic{a}}
	}
	return []strategy{
		one("DET0841", "Detection of Gather Victim Identity Information", "T1589", analytic{id: "AN1973", logs: []logRef{traffic()},
			text: "Look in web traffic for many questions about accounts from one place, such as password-reset pages asked about name after name."}),
		one("DET0814", "Detection of Email Addresses", "T1589.002", analytic{id: "AN1946", logs: []logRef{traffic()},
			text: "Look in mail traffic for recipients tried one after another, most of whom do not exist."}),
		one("DET0857", "Detection of Employee Names", "T1589.003", analytic{id: "AN1989",
			text: "Reading the names of staff has a very high occurrence, and nearly every reader is harmless: an alert on it would as a rule be false. " +
				"It also takes place outside the visibility of the target, on pages that others run. " +
				"Detection efforts may be focused on the stage that the names are collected for, Initial Access."}),
		one("DET0856", "Detection of Search Open Websites/Domains", "T1593", analytic{id: "AN1988",
			text: "Public pages are read by everyone, which makes for a very high occurrence. Little of it leaves a trace that the target can see."}),
		one("DET0812", "Detection of Social Media", "T1593.001", analytic{id: "AN1944",
			text: "Looking at profiles has a very high occurrence and takes place outside the visibility of the target; only the platform could tell one " +
				"reader from another."}),
		one("DET0830", "Detection of Active Scanning", "T1595", analytic{id: "AN1962", logs: []logRef{flow(), traffic()},
			text: "Look at the edge for one source that asks many addresses or ports and is answered by few."}),
		one("DET0823", "Detection of Phishing for Information", "T1598", analytic{id: "AN1955",
			logs: []logRef{traffic(), {"DC0038", "Application Log", "None"}, flow()},
			text: "Look in mail logs for senders that resemble a known one and ask for an answer rather than a click."}),
		one("DET0878", "Detection of Spearphishing Link", "T1598.003", analytic{id: "AN2010",
			logs: []logRef{{"DC0038", "Application Log", "None"}, flow(), traffic()},
			text: "Look for visits to young domains that show a copy of one's own log-in page."}),
	}
}

func accessStrategies() []strategy {
	return []strategy{
		{"DET0070", "Detection Strategy for Phishing across platforms.", "T1566", []analytic{
			{id: "AN0188", platform: "Windows", logs: []logRef{sysmon("DC0039", "11"), sysmon("DC0032", "1")},
				text:  "A file is written by the mail program and soon after something is started from where it was written.",
				knobs: []knob{{"SuspiciousFileTypes", "Endings that no partner ever sends."}, {"AllowedSenders", "Partners whose files start programs for good reason."}}},
		}},
		{"DET0236", "Detection Strategy for Spearphishing Attachment across OS Platforms", "T1566.001", []analytic{
			{id: "AN0655", platform: "Windows", logs: []logRef{sysmon("DC0039", "11"), sysmon("DC0032", "1"), sysmon("DC0082", "3, 22")},
				text: "An office program or archive tool writes a file, starts an interpreter and that interpreter speaks to an address never seen before.",
				knobs: []knob{{"AttachmentExtensions", "Endings that count as an attachment here."},
					{"SuspiciousParentChildPairs", "Which program must never start which, for example <code>excel.exe</code> and <code>cmd.exe</code>."},
					{"TimeWindow", "How long after the file the start still belongs to it."}}},
		}},
		{"DET0107", "Detection Strategy for Spearphishing Links", "T1566.002", []analytic{
			{id: "AN0298", platform: "Windows", logs: []logRef{security("DC0032", "4688"), sysmon("DC0082", "3, 22")},
				text:  "A browser visits an address taken from a message and a program starts from the download folder.",
				knobs: []knob{{"URLShortenerDomains", "Services that hide where a link leads."}, {"ClickToExecutionWindow", "Minutes between the visit and the start."}}},
		}},
		{"DET0560", "Detection of Valid Account Abuse Across Platforms", "T1078", []analytic{
			{id: "AN1543", platform: "Windows", logs: []logRef{security("DC0067", "4624"), security("DC0002", "4776, 4625"), sysmon("DC0032", "1")},
				text:  "An account that has slept for weeks, or that never left one site, opens a session elsewhere and starts something.",
				knobs: []knob{{"LogonType", "Kinds of session to look at."}, {"TimeWindow", "How long an account must have slept."}}},
			{id: "AN1544", platform: "Linux", logs: []logRef{execve(), {"DC0002", "NSM:Connections", "sshd or PAM logins"}},
				text: "A service account opens a shell, which services do not do."},
			{id: "AN1545", platform: "macOS", logs: []logRef{{"DC0088", "macos:unifiedlog", "loginwindow, sshd"}, {"DC0032", "macos:unifiedlog", "exec logs"}},
				text: "A remote session opens for an account that is used at the keyboard only."},
			{id: "AN1546", platform: "Identity Provider", logs: []logRef{{"DC0002", "saas:okta", "Sign-in logs / audit events"}},
				text:  "One account signs in from two places that no journey connects, or turns its second factor off.",
				knobs: []knob{{"IPGeoVelocity", "Kilometres per hour that nobody travels."}, {"MFAFailureCount", "Refused second factors before it counts."}}},
			{id: "AN1547", platform: "Containers", logs: []logRef{{"DC0002", "kubernetes:audit", "authentication.k8s.io"}},
				text: "A service account of a cluster is used from outside that cluster."},
		}},
		{"DET0080", "Exploit Public-Facing Application – multi-signal correlation (request → error → post-exploit process/egress)", "T1190", []analytic{
			{id: "AN0219", platform: "Windows", logs: []logRef{sysmon("DC0032", "1"), sysmon("DC0016", "7"), sysmon("DC0082", "3, 22")},
				text:  "The worker of a web server starts a shell: <code>w3wp.exe</code> is the parent of <code>cmd.exe</code>.",
				knobs: []knob{{"AllowedChildList", "Programs that the web server starts by design."}}},
			{id: "AN0220", platform: "Linux", logs: []logRef{execve()},
				text:  "The account of a web server runs <code>sh</code>, <code>curl</code> or a compiler.",
				knobs: []knob{{"WebProcList", "Names of the web servers in use."}, {"ChildToolList", "Tools that they have no need of."}}},
		}},
		{"DET0354", "Behavior-chain detection for T1133 External Remote Services across Windows, Linux, macOS, Containers", "T1133", []analytic{
			{id: "AN1004", platform: "Windows", logs: []logRef{security("DC0002", "4776, 4625"), sysmon("DC0082", "3, 22")},
				text:  "Refused log-ins at the remote gateway, then an accepted one from a network that this account never used.",
				knobs: []knob{{"BusinessHours", "When staff work from home."}, {"KnownRemoteIPs", "Networks of carriers and branch offices."}}},
			{id: "AN1005", platform: "Linux", logs: []logRef{
				{"DC0088", "auditd:SYSCALL", "ssh logins or execve of remote commands"},
				{"DC0038", "NSM:Connections", "Failed password or accepted password for SSH users"},
				{"DC0082", "NSM:Flow", "connection: Inbound connections to SSH or VPN ports"}},
				text:  "An SSH session from outside for an account that is used from inside.",
				knobs: []knob{{"KnownSSHClients", "Addresses of the administrators."}}},
			{id: "AN1007", platform: "Containers", logs: []logRef{{"DC0088", "kubernetes:audit", "Unauthorized container creation or kubelet exec logs"}},
				text: "A cluster's control interface answers someone outside, and a container starts."},
		}},
	}
}

func executionStrategies() []strategy {
	return []strategy{
		{"DET0516", "Behavioral Detection of Command and Scripting Interpreter Abuse", "T1059", []analytic{
			{id: "AN1428", platform: "Windows", logs: []logRef{sysmon("DC0032", "1")},
				text:  "An interpreter starts below a program that has no business starting one.",
				knobs: []knob{{"ParentProcessName", "Programs below which an interpreter is expected."}}},
			{id: "AN1429", platform: "Linux", logs: []logRef{execve()},
				text:  "A chain of interpreters, each starting the next, below a network service.",
				knobs: []knob{{"ExecutionChainLength", "How many in a row are too many."}}},
			{id: "AN1431", platform: "ESXi", logs: []logRef{{"DC0064", "esxi:vobd", "shell session start"}},
				text: "A shell opens on a hypervisor outside a change window."},
		}},
		{"DET0455", "Abuse of PowerShell for Arbitrary Execution", "T1059.001", []analytic{
			{id: "AN1252", platform: "Windows", logs: []logRef{
				sysmon("DC0032", "1"),
				{"DC0064", "WinEventLog:PowerShell", "EventCode=4103, 4104, 4105, 4106"},
				{"DC0034", "WinEventLog:PowerShell", "EventCode=400, 403"},
				sysmon("DC0016", "7")},
				text: "PowerShell starts with an encoded command below a program that is not an administrator's, as in <code>-enc <base64></code>.",
				knobs: []knob{{"CommandLinePattern", "What counts as encoded or hidden here."},
					{"ScriptBlockLengthThreshold", "Length above which a script block is worth a look."}}},
		}},
	}
}

func credentialStrategies() []strategy {
	return []strategy{
		{"DET0463", "Brute Force Authentication Failures with Multi-Platform Log Correlation", "T1110", []analytic{
			{id: "AN1275", platform: "Windows", logs: []logRef{security("DC0002", "4776, 4625")},
				text:  "Many refused log-ins for one account. Forgotten passwords and old scripts look the same.",
				knobs: []knob{{"FailureThreshold", "Refusals before it counts."}, {"TimeWindow", "Minutes in which they must fall."}}},
			{id: "AN1276", platform: "Linux", logs: []logRef{{"DC0002", "auditd:USER_LOGIN", "USER_AUTH"}},
				text: "Many refused log-ins for one account on one server."},
			{id: "AN1277", platform: "Identity Provider", logs: []logRef{{"DC0002", "azure:signinlogs", "Sign-in logs"}},
				text: "Many refused sign-ins for one account at the identity provider."},
			{id: "AN1278", platform: "macOS", logs: []logRef{{"DC0002", "macos:unifiedlog", "auth"}},
				text: "Many refused log-ins for one account on one Mac."},
		}},
		{"DET0487", "Distributed Password Spraying via Authentication Failures Across Multiple Accounts", "T1110.003", []analytic{
			{id: "AN1336", platform: "Windows", logs: []logRef{security("DC0002", "4625, 4771, 4648")},
				text:  "One source is refused by many accounts, once or twice each.",
				knobs: []knob{{"PasswordReuseThreshold", "Accounts per source before it counts."}}},
			{id: "AN1337", platform: "Linux", logs: []logRef{{"DC0002", "linux:syslog", "Failed password for invalid user"}},
				text: "One source is refused by many servers, often for names that do not exist there."},
			{id: "AN1339", platform: "Identity Provider", logs: []logRef{{"DC0002", "azure:signinlogs", "Failure Reason + UserPrincipalName"}},
				text: "One source is refused by many accounts of the directory for the same reason."},
		}},
	}
}
