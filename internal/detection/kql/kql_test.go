package kql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestTablesOfPipelines(t *testing.T) {
	for _, c := range []struct{ name, query, tables string }{
		{"one table", "SigninLogs | where ResultType == 50126 | summarize dcount(UserPrincipalName) by IPAddress, bin(TimeGenerated, 1h)", "SigninLogs"},
		{"windows line ends", "SecurityEvent\r\n| where EventID == 4688\r\n", "SecurityEvent"},
		{"a comment first", "// SecurityEvent of old\nSyslog\n| take 1 // AuditLogs\n", "Syslog"},
		{"scalars of let", "let timeframe = 1d;\nlet threshold = 5;\nlet names = dynamic(['AuditLogs', \"x\"]);\nlet since = ago(timeframe);\nAzureActivity | where TimeGenerated > since", "AzureActivity"},
		{"a table of let", "let failed = SigninLogs | where ResultType != 0;\nfailed | join kind=inner (AuditLogs | where x == 1) on UserId", "SigninLogs,AuditLogs"},
		{"a table of let in brackets", "let a = (OfficeActivity | take 1); a | take 1", "OfficeActivity"},
		{"materialize", "let m = materialize(DeviceNetworkEvents | where x); m | take 1", "DeviceNetworkEvents"},
		{"materialize in brackets of its own", "let m = materialize((DeviceEvents | where x)); m", "DeviceEvents"},
		{"a function", "let f = (t:string, n:int) { table(t) | where x > n };\nlet g = (start:datetime) { AWSCloudTrail | where TimeGenerated > start };\ng(ago(1d))", "AWSCloudTrail"},
		{"a function that is given its table's name", "let f = (days:int, tableName:string) { table(tableName) | where x | join (table(tableName) | where y) on z };\nlet a = f(5, \"SigninLogs\");\nlet b = f(1d, 'AADNonInteractiveUserSignInLogs');\nunion isfuzzy=true a, b, (f(days=2, tableName=\"AuditLogs\"))", "SigninLogs,AADNonInteractiveUserSignInLogs,AuditLogs"},
		{"a function that is given other text", "let f = (what:string) { A_CL | where x == what }; f('SigninLogs')", "A_CL"},
		{"a function that is given a table's name that is worked out", "let f = (t:string) { table(t) | take 1 }; f(strcat('Signin', 'Logs'))", ""},
		{"a function without parameters", "let f = () { Event | take 1 }; f()", "Event"},
		{"a view", "let v = view () { Syslog | take 1 }; union v, Heartbeat", "Syslog,Heartbeat"},
		{"a tabular parameter", "let f = (T:(a:string, b:int)) { T | where a == 'x' }; f(DnsEvents)", "DnsEvents"},
		{"union first", "union isfuzzy=true SigninLogs, AADNonInteractiveUserSignInLogs | where x", "SigninLogs,AADNonInteractiveUserSignInLogs"},
		{"union of brackets", "union isfuzzy=true (SecurityEvent | where EventID == 4688 | project a, b), (WindowsEvent | where EventID == 4688 | extend c = tostring(EventData.x)), DeviceProcessEvents", "SecurityEvent,WindowsEvent,DeviceProcessEvents"},
		{"union in one bracket", "union (A_CL, B_CL) | where x", "A_CL,B_CL"},
		{"union of options and globs", "union withsource=T kind=outer Device*, Email* | where x", "Device*,Email*"},
		{"union as an operator", "AuditLogs | where x | union SigninLogs, (OfficeActivity | where a in (1, 2)) | take 1", "AuditLogs,SigninLogs,OfficeActivity"},
		{"join with hints", "A_CL | join hint.strategy=broadcast kind=leftouter (B_CL) on $left.x == $right.y", "A_CL,B_CL"},
		{"join without brackets", "A_CL | join B_CL on x", "A_CL,B_CL"},
		{"join of a let", "let b = B_CL; A_CL | join b on x", "B_CL,A_CL"},
		{"lookup", "A_CL | lookup kind=leftouter (B_CL | distinct x) on x", "A_CL,B_CL"},
		{"nested joins", "A_CL | join (B_CL | join kind=inner (C_CL | union D_CL) on x) on y", "A_CL,B_CL,C_CL,D_CL"},
		{"a query in a condition", "A_CL | where x in (B_CL | project y) and z !in~ ((C_CL | project y))", "A_CL,B_CL,C_CL"},
		{"toscalar", "let n = toscalar(A_CL | summarize max(x)); B_CL | where x > toscalar(C_CL | count)", "A_CL,B_CL,C_CL"},
		{"search and find", "search in (A_CL, B_CL) 'text' | take 1; find in (C_CL) where x == 1", "A_CL,B_CL,C_CL"},
		{"another workspace", "workspace('w').SecurityEvent | union cluster('c').database('d').Heartbeat", "SecurityEvent,Heartbeat"},
		{"a table by its text", "table('AuditLogs') | take 1", "AuditLogs"},
		{"quoted names", "['My Table_CL'] | take 1", "My Table_CL"},
		{"functions of content", "_Im_Dns(starttime=ago(1d), responsecodename='NXDOMAIN') | summarize count() by SrcIpAddr", "_Im_Dns"},
		{"functions of content, old", "imAuthentication | where x", "imAuthentication"},
		{"a list that is made of a let, in a function's arguments", "let t = (Indicators_CL | where x == y); let l=t | summarize make_set(a); _Im_Dns(starttime=ago(1h), prefix=todynamic(toscalar(l))) | extend z = toscalar(l) | mv-expand z | project-away z | join t on $left.a == $right.b", "Indicators_CL,_Im_Dns"},
		{"a watchlist", "let w = (_GetWatchlist('vips') | project x); SigninLogs | where u in (w)", "_GetWatchlist,SigninLogs"},
		{"data of its own", "let d = datatable(a:string)['x']; let e = externaldata(a:string)[@'https://x'] with (format='csv'); SigninLogs | join d on a", "SigninLogs"},
		{"strings hide nothing", "A_CL | where x == \"| union B_CL\" and y == @'c:\\\\' | union C_CL", "A_CL,C_CL"},
		{"a verbatim string ends at its quote", "A_CL | where p == @'c:\\' | union C_CL", "A_CL,C_CL"},
		{"a string ends with its line", "A_CL | where x == 'broken\n| union B_CL", "A_CL,B_CL"},
		{"columns are no tables", "A_CL | extend B = C | project D, E | where F in (G, H) | summarize make_set(I) by J", "A_CL"},
		{"a statement that declares", "declare query_parameters(x:int); set querytrace; A_CL | take 1", "A_CL"},
		{"nothing", "", ""},
		{"no table", "print x = 1", ""},
		{"broken brackets", "A_CL)) | union (B_CL, (C_CL", "A_CL,B_CL,C_CL"},
	} {
		if got := strings.Join(Read(c.query).Tables, ","); got != c.tables {
			t.Errorf("%s: got %s, want %s", c.name, got, c.tables)
		}
	}
}

func TestEventsAndSourcesThatAreAskedFor(t *testing.T) {
	for _, c := range []struct{ query, events, sources string }{
		{"SecurityEvent | where EventID == 4688", "4688", ""},
		{"SecurityEvent | where EventID in (4624, '4625', 4624) and x == 1", "4624,4625", ""},
		{"SecurityEvent | where EventID == '1102' or EventID =~ \"4719\"", "1102,4719", ""},
		{"SecurityEvent | where EventID != 4688 and EventID !in (1, 2) and EventID > 3", "", ""},
		{"Event | where Source == 'Microsoft-Windows-Sysmon' and EventID in~ (1,3)", "1,3", "microsoft-windows-sysmon"},
		{"Event | where EventLog =~ 'Microsoft-Windows-Sysmon/Operational' | where EventID has_any ('11')", "11", "microsoft-windows-sysmon/operational"},
		{"union (SecurityEvent | where EventID == 4720), (WindowsEvent | where EventID == 4726)", "4720,4726", ""},
	} {
		q := Read(c.query)
		if strings.Join(q.Events, ",") != c.events || strings.Join(q.Sources, ",") != c.sources {
			t.Errorf("%s: events %v, sources %v", c.query, q.Events, q.Sources)
		}
	}
}

// A query costs what it is long, whatever it is made of.
// BenchmarkRead reads queries of one, ten and a hundred times a length: where the reader is
// linear, the bytes per second are alike.
// BenchmarkRead reads longer and longer queries: bytes a second are to stay what they are.
func BenchmarkRead(b *testing.B) {
	for _, times := range []int{1, 10, 100, 1000} {
		b.Run(strconv.Itoa(times), func(b *testing.B) {
			query := strings.Repeat("let a = materialize(SigninLogs | where x in (AuditLogs | project y)); union (SecurityEvent | where EventID == 4688), a | join kind=inner (Event | take 1) on x;\n", times)
			b.SetBytes(int64(len(query)))
			for b.Loop() {
				Read(query)
			}
		})
	}
}

// BenchmarkReadParameters reads functions of more and more parameters, each of which is
// looked up as often.
func BenchmarkReadParameters(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			var params, calls strings.Builder
			for i := range n {
				fmt.Fprintf(&params, "p%d:string, ", i)
				fmt.Fprintf(&calls, "table(p%d);", i)
			}
			query := "let f = (" + params.String() + "q:string) { " + calls.String() + " };"
			b.SetBytes(int64(min(len(query), maxQuery)))
			for b.Loop() {
				Read(query)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"", "union union (A", "let f = (a:int, T:(x:string)) { T }; f(A)", "A | join kind=inner (B) on x", "search in (A, B", "['x", "'\\", "@'", "h@\"x", "```", "//", "workspace('w').A",
		"EventID in (1,", "[\"\"", "((((((((((", "))))))", "union withsource=", "A | lookup", "let", "let x", "let x =", "materialize(materialize(A))"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := Read(s)
		if len(q.Tables) > maxTables || len(q.Events) > maxTables || len(q.Sources) > maxTables {
			t.Fatal("more than there may be")
		}
		for i, table := range q.Tables {
			if table == "" || !strings.Contains(s, table) || slices.ContainsFunc(q.Tables[:i], func(have string) bool { return strings.EqualFold(have, table) }) {
				t.Fatalf("%q of %q", table, q.Tables)
			}
		}
	})
}
