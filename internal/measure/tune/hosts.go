package tune

import (
	"slices"
	"strings"

	"candor/internal/figure"
)

// Blinds is on which hosts a threshold or an exclusion would leave nothing of the
// rule.
type Blinds struct {
	// Touched is how many hosts lose alerts, and Blind how many lose all they raised.
	Touched int `json:"hosts_touched"`
	Blind   int `json:"hosts_blind"`
	// Hosts names some of the blind ones, by site and host.
	Hosts []Host `json:"hosts"`
}

// Host is a host with the alerts that the rule raised on it in both parts.
type Host struct {
	Site   string `json:"site,omitempty"`
	Host   string `json:"host"`
	Alerts int64  `json:"alerts"`
}

// sentence says where nothing would be left, after lead; it is empty where some
// alert is left on every host.
func (b *Blinds) sentence(lead string) string {
	if b.Blind == 0 {
		return ""
	}
	names := make([]string, 0, mostSpoken)
	for _, h := range b.Hosts[:min(len(b.Hosts), mostSpoken)] {
		names = append(names, h.name())
	}
	if b.Blind == 1 {
		return figure.Sprintf("%sIt blinds the rule on %s: all of its %s would be gone.", lead, names[0], count(b.Hosts[0].Alerts, "alert"))
	}
	list := strings.Join(names, ", ")
	if more := b.Blind - len(names); more > 0 {
		list += figure.Sprintf(" and %d more", more)
	}
	return figure.Sprintf("%sIt blinds the rule on %d hosts, where all of its alerts would be gone: %s.", lead, b.Blind, list)
}

func (h *Host) name() string {
	if h.Site == "" {
		return h.Host
	}
	return h.Host + " of " + h.Site
}

// mostSpoken is how many hosts a sentence names.
const mostSpoken = 3

// hosts counts the alerts of every host.
type hosts struct {
	index map[Host]int32
	list  []Host
}

func newHosts() *hosts { return &hosts{index: map[Host]int32{}} }

// nowhere stands for the host of alerts that name none.
const nowhere = -1

// of returns the number of a row's host, nowhere without one, and whether it is
// known.
func (h *hosts) of(r *Row) (int32, bool) {
	if r.Host == "" {
		return nowhere, true
	}
	i, ok := h.index[Host{Site: r.Site, Host: r.Host}]
	return i, ok
}

// add counts a row, and returns the number of its host.
func (h *hosts) add(r *Row) int32 {
	i, ok := h.of(r)
	if !ok {
		key := Host{Site: r.Site, Host: r.Host}
		i = int32(len(h.list))
		h.index[key], h.list = i, append(h.list, key)
	}
	if i != nowhere {
		h.list[i].Alerts++
	}
	return i
}

// blinds names the hosts that lose as many alerts as they have.
func (h *hosts) blinds(removed map[int32]int64) Blinds {
	b := Blinds{Hosts: []Host{}}
	for i, n := range removed {
		if i == nowhere {
			continue
		}
		b.Touched++
		if n == h.list[i].Alerts {
			b.Hosts = append(b.Hosts, h.list[i])
		}
	}
	b.Blind = len(b.Hosts)
	slices.SortFunc(b.Hosts, func(x, y Host) int {
		return strings.Compare(x.Site+"\x00"+x.Host, y.Site+"\x00"+y.Host)
	})
	b.Hosts = b.Hosts[:min(b.Blind, mostNamed)]
	return b
}
