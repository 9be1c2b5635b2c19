package sample

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"

	"candor/internal/day"
)

// feed is one log source as it really arrives, which is not always as declared.
type feed struct {
	source, channel string
	hosts           [2]int // in Hamburg and in Rotterdam
	perHost         int    // events of a host on a working day
	from, to        int    // first and last day, counted back from the end
	desk            bool   // sent by desks, most of which are off at weekends
}

var sites = [2]string{"hamburg", "rotterdam"}

// feeds are the sources that arrive. The sign-in logs of the directory are
// declared and missing here: nobody has measured them.
func feeds() []feed {
	desks, servers := [2]int{148, 90}, [2]int{22, 14}
	last := Days - 1
	return []feed{
		{"WinEventLog:Sysmon", "EventCode=1", desks, 2100, last, 0, true},
		{"WinEventLog:Sysmon", "EventCode=3, 22", desks, 3900, last, 0, true},
		{"WinEventLog:Sysmon", "EventCode=7", desks, 9200, last, 0, true},
		{"WinEventLog:Sysmon", "EventCode=11", desks, 760, last, 0, true},
		{"WinEventLog:Security", "EventCode=4624", desks, 310, last, 0, true},
		{"WinEventLog:Security", "EventCode=4776, 4625", desks, 24, last, 0, true},
		{"WinEventLog:Security", "EventCode=4625, 4771, 4648", desks, 35, last, 0, true},
		{"WinEventLog:Security", "EventCode=4688", desks, 2050, last, 0, true},
		{"WinEventLog:PowerShell", "EventCode=4103, 4104, 4105, 4106", desks, 140, last, 0, true},
		{"WinEventLog:PowerShell", "EventCode=400, 403", desks, 18, last, 0, true},
		{"auditd:SYSCALL", "execve", servers, 5200, last, 0, false},
		{"auditd:SYSCALL", "ssh logins or execve of remote commands", servers, 60, last, 0, false},
		{"auditd:USER_LOGIN", "USER_AUTH", servers, 85, last, 0, false},
		{"linux:syslog", "Failed password for invalid user", [2]int{0, 14}, 130, last, 0, false},
		{"NSM:Flow", "connection: Inbound connections to SSH or VPN ports", [2]int{1, 1}, 46000, last, 0, false},
		{"NSM:Conections", "sshd or PAM logins", [2]int{1, 1}, 900, last, 0, false},
		{"saas:okta", "Sign-in logs / audit events", [2]int{1, 0}, 2600, last, 23, false},
	}
}

// feedTable returns feeds.csv: a row for each day, feed and site.
func feedTable(seed uint64, end day.Date) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	b.WriteString("date,source,channel,events,hosts,site,latency_median,latency_p95\n")
	for back := Days - 1; back >= 0; back-- {
		for _, f := range feeds() {
			if back > f.from || back < f.to {
				continue
			}
			for i, site := range sites {
				if hosts := f.arriving(r, f.hosts[i], end.Add(-back)); hosts > 0 {
					events := hosts * f.perHost * (80 + r.IntN(41)) / 100
					median, most := f.late()
					fmt.Fprintf(&b, "%s,%s,%q,%d,%d,%s,%d,%d\n", end.Add(-back), f.source, f.channel, events, hosts, site, median, most)
				}
			}
		}
	}
	return b.Bytes()
}

// late returns within how many seconds half of the events arrive, and 95 % of them. What
// the servers write in files is fetched every hour.
func (f feed) late() (median, most int) {
	if f.source == "linux:syslog" {
		return 1980, 4300
	}
	return 4 + f.perHost%40, 30 + f.perHost%200
}

// arriving returns how many of a site's hosts send on a day: nearly all, and of
// desks a third at weekends.
func (f feed) arriving(r *rand.Rand, hosts int, d day.Date) int {
	if w := d.Time().Weekday(); f.desk && (w == time.Saturday || w == time.Sunday) {
		return hosts/4 + r.IntN(hosts/8+1)
	}
	return hosts - r.IntN(hosts/12+1)
}
