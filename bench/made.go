package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// made is an alert that is made, and the statement about it.
type made struct {
	id         [2]uint64
	rule, host int
	at         time.Time
	score, ip  int
	class      string // empty if it is not labelled
}

// maker makes the same alerts each time.
type maker struct {
	*rand.Rand
	step time.Duration
	at   time.Time
}

func newMaker(n int) *maker {
	return &maker{Rand: rand.New(rand.NewPCG(1, 2)), step: madeDays * 24 * time.Hour / time.Duration(n), at: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}
}

func (m *maker) next() *made {
	host := int(madeHosts * m.Float64() * m.Float64() * m.Float64())
	a := &made{id: [2]uint64{m.Uint64(), m.Uint64()}, rule: (7*host + m.IntN(4)) % madeRules, host: host, at: m.at, score: m.IntN(100), ip: m.IntN(250)}
	if m.IntN(10) < 3 {
		a.class = []string{"true_positive", "benign_positive", "false_positive", "false_positive_logic"}[m.IntN(4)]
	}
	m.at = m.at.Add(m.step)
	return a
}

// write writes n of the alerts, or of each every-th, into a file.
func (l *loads) write(name string, every, n int, write func(*bufio.Writer, *made) error) error {
	f, err := os.Create(l.path(name))
	if err != nil {
		return err
	}
	defer f.Close()
	w, m := bufio.NewWriterSize(f, 1<<20), newMaker(l.n)
	if err := write(w, nil); err != nil { // the header
		return err
	}
	for i := 0; i < n; {
		a := m.next()
		for range every - 1 {
			m.next()
		}
		i++
		if err := write(w, a); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (a *made) when() string { return a.at.Format("2006-01-02T15:04:05.000Z") }
func (a *made) seen() string {
	return a.at.Add(time.Duration(a.score+1) * 7 * time.Minute).Format(time.RFC3339)
}

func writeLine(w *bufio.Writer, a *made) error {
	if a == nil {
		return nil
	}
	fmt.Fprintf(w, `{"id":"%016x%016x","rule_id":"rule-%d","rule_name":"Name of rule %[3]d","time":"%[4]s","site":"site-%d","entity":"host-%d","severity":"high","score":%d,"source":"edr","fields":{"ip":"192.0.2.%d"}`,
		a.id[0], a.id[1], a.rule, a.when(), a.host%3, a.host, a.score, a.ip)
	if a.class != "" {
		fmt.Fprintf(w, `,"disposition":"%s","disposition_time":"%s","disposition_by":"ann","provenance":"analyst"`, a.class, a.seen())
	}
	_, err := w.WriteString("}\n")
	return err
}

func writeRow(w *bufio.Writer, a *made) error {
	if a == nil {
		_, err := w.WriteString("id,rule_id,rule_name,time,site,entity,severity,score,source,ip,disposition,disposition_time,disposition_by,provenance\n")
		return err
	}
	fmt.Fprintf(w, `%016x%016x,rule-%d,Name of rule %[3]d,%[4]s,site-%d,host-%d,high,%d,edr,192.0.2.%d,`,
		a.id[0], a.id[1], a.rule, a.when(), a.host%3, a.host, a.score, a.ip)
	if a.class == "" {
		_, err := w.WriteString(",,,\n")
		return err
	}
	_, err := fmt.Fprintf(w, "%s,%s,ann,analyst\n", a.class, a.seen())
	return err
}

// writeStatement writes a later statement about an alert.
func writeStatement(w *bufio.Writer, a *made) error {
	if a == nil {
		_, err := w.WriteString("id,disposition,disposition_time,disposition_by,provenance\n")
		return err
	}
	_, err := fmt.Fprintf(w, "%016x%016x,test,%s,bob,analyst\n", a.id[0], a.id[1], a.at.Add(48*time.Hour).Format(time.RFC3339))
	return err
}
