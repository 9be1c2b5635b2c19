// Package metrics lets a server be measured: requests by route, what is pushed and waits, how
// large its stores are, and the figures of the overview.
//
// Figures are counts, each beside the count that it is out of, and never a proportion. No label
// has a name of a person, a rule, a host or an object: what labels can be is known before
// anything is measured. Nothing is computed for who measures: figures are those that were found
// last, with the time when.
package metrics

import (
	"io/fs"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"candor/internal/assure"
	"candor/internal/intake"
	"candor/internal/news"
)

// Sources is what a server is measured by.
type Sources struct {
	Version string
	// Standing is how things stood when that was found last, and when that was; false where
	// nothing is known yet.
	Standing func() (news.Standing, time.Time, bool)
	// Waiting is how many messages wait for hooks, and how many were put aside.
	Waiting func() (waiting, dead int)
	// Pushed is what was pushed; nil where nothing can be.
	Pushed func() intake.Standing
	// Stores are the files and folders of stores, by name.
	Stores map[string]string
}

// Server measures one server.
type Server struct {
	Sources
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

// New measures a server.
func New(s Sources) *Server {
	m := &Server{Sources: s, registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "candor_http_requests_total", Help: "Requests that were answered, by route and status."}, []string{"route", "code"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "candor_http_request_duration_seconds", Help: "How long requests took to be answered, by route.",
			Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10, 60}}, []string{"route"}),
	}
	m.registry.MustRegister(m.requests, m.took, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), figures{m})
	return m
}

// Observe counts a request that was answered: the route is a pattern that was registered.
func (m *Server) Observe(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route).Observe(took.Seconds())
}

// Handler answers whoever measures.
func (m *Server) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// figures are all measures that are asked for when they are needed.
type figures struct{ *Server }

// Describe describes nothing, so that what is not known can be left out.
func (f figures) Describe(chan<- *prometheus.Desc) {}

// Collect says all that is known now.
func (f figures) Collect(ch chan<- prometheus.Metric) {
	say := func(kind prometheus.ValueType, name, help string, value float64, labels ...string) {
		var names, values []string
		for i := 0; i+1 < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("candor_"+name, help, names, nil), kind, value, values...)
	}
	gauge := func(name, help string, n float64, labels ...string) {
		say(prometheus.GaugeValue, name, help, n, labels...)
	}
	gauge("build_info", "The version of the program.", 1, "version", f.Version)
	for name, path := range f.Stores {
		gauge("store_bytes", "How large a store is on the disk.", float64(size(path)), "store", name)
	}
	waiting, dead := f.Waiting()
	gauge("hook_messages_waiting", "Messages that hooks have not taken yet.", float64(waiting))
	gauge("hook_messages_put_aside", "Messages that no hook took, and that a person has to send again.", float64(dead))
	if f.Pushed != nil {
		p := f.Pushed()
		gauge("push_waiting_bytes", "Bytes of pushed evidence that are not in a batch yet.", float64(p.Waiting))
		gauge("push_waiting_segments", "Parts of the journal of pushed evidence that are not in a batch yet.", float64(p.Segments))
		for kind, n := range p.Kinds {
			say(prometheus.CounterValue, "pushed_records_total", "Records that were pushed, by kind of evidence and what came of them.", float64(n.Accepted), "kind", kind, "outcome", "accepted")
			say(prometheus.CounterValue, "pushed_records_total", "Records that were pushed, by kind of evidence and what came of them.", float64(n.Rejected), "kind", kind, "outcome", "rejected")
		}
	}
	standing, at, known := f.Standing()
	gauge("figures_known", "Whether how things stand was found since the server started: 0 until then.", float64(bit(known)))
	if known {
		stand(gauge, &standing, at)
	}
}

// stand says the figures of the overview.
func stand(gauge func(name, help string, n float64, labels ...string), s *news.Standing, at time.Time) {
	gauge("figures_found_timestamp_seconds", "When how things stand was found; it is found anew when what it follows from changed.", float64(at.Unix()))
	gauge("analytics", "Analytics of the release.", float64(s.All))
	gauge("analytics_applicable", "Analytics that apply: what every count of analytics is out of.", float64(len(s.Analytics)))
	for _, r := range assure.Rungs() {
		if r != assure.NotApplicable {
			gauge("analytics_on_rung", "Analytics that apply, by the rung that they stand on.", float64(s.Count(r)), "rung", string(r))
		}
	}
	for _, p := range assure.Purposes() {
		open := s.Opened(p)
		gauge("gate_analytics", "Analytics that apply, by whether a gate is open for them.", float64(open), "for", string(p), "answer", "allowed")
		gauge("gate_analytics", "Analytics that apply, by whether a gate is open for them.", float64(len(s.Analytics)-open), "for", string(p), "answer", "refused")
	}
	gauge("rules", "Rules that are known or that alerts of the window name: what every count of rules is out of.", float64(s.AllRules))
	for _, p := range assure.Purposes() {
		open := s.OpenedRules(p)
		gauge("gate_rules", "Rules, by whether a gate is open for them.", float64(open), "for", string(p), "answer", "allowed")
		gauge("gate_rules", "Rules, by whether a gate is open for them.", float64(s.AllRules-open), "for", string(p), "answer", "refused")
	}
	gauge("gaps", "Gaps that are stated.", float64(s.Gaps))
	gauge("gaps_overdue", "Gaps whose decision is overdue, out of those that are stated.", float64(s.Overdue))
	gauge("evidence_expiring", "Exercises, runbooks, external sources, exceptions and waivers that stop counting soon.", float64(len(s.Ending)), "within_days", strconv.Itoa(s.Soon))
	gauge("feeds_silent", "Feeds that arrived and do not any more.", float64(len(s.Silent)))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// size is that of a file, or of the files in a folder.
func size(path string) (n int64) {
	_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // what is not there has no size
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}
