package visibility

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// StoppedFeed is a log source that was measured to arrive and has not arrived for
// longer than the policy lets a feed be old.
type StoppedFeed struct {
	Name    string `json:"name"`
	Channel string `json:"channel,omitempty"`
	// Site is where it stopped; it is empty when it stopped at all of several.
	Site string `json:"site,omitempty"`
	// LastSeen is the last day on which it arrived, and Days how long ago that is.
	LastSeen day.Date `json:"last_seen"`
	Days     int      `json:"days"`
	// LastLooked is the last day on which somebody measured it. When that is
	// LastSeen, it is the measurements that stopped, which says nothing of the feed.
	LastLooked day.Date `json:"last_looked"`
	// Batch brought the last observation of it.
	Batch string `json:"batch"`
}

// Stopped returns the feeds that stopped arriving, the longest silent first. A
// source that is declared to have ended by then is left out: it was meant to stop.
func Stopped(t Telemetry, p Policy, w Window) []StoppedFeed {
	feeds := gatherFeeds(t.Observations, w)
	out := []StoppedFeed{}
	for c, sites := range feeds {
		if retired(t.Sources, c, w) {
			continue
		}
		var stopped []StoppedFeed
		live := 0
		for _, f := range sites {
			if f.LastSeen == "" {
				continue // it never arrived there
			}
			if f.Days = f.LastSeen.Until(w.To); f.Days > p.MaxFeedAgeDays {
				stopped = append(stopped, *f)
			} else {
				live++
			}
		}
		if live == 0 && len(stopped) > 0 {
			stopped = []StoppedFeed{joined(stopped)}
		}
		out = append(out, stopped...)
	}
	slices.SortFunc(out, func(a, b StoppedFeed) int {
		return cmp.Or(cmp.Compare(a.LastSeen, b.LastSeen), strings.Compare(a.Name, b.Name), strings.Compare(a.Channel, b.Channel), strings.Compare(a.Site, b.Site))
	})
	return out
}

// gatherFeeds returns what was observed up to the end of the window, by log
// source and site. Its order does not depend on that of the observations.
func gatherFeeds(observations []evidence.Of[telemetry.Observation], w Window) map[channel]map[string]*StoppedFeed {
	feeds := map[channel]map[string]*StoppedFeed{}
	for _, o := range observations {
		v := o.Value
		if v.Day == "" || v.Day > w.To {
			continue
		}
		c := channel{attack.Fold(v.Source), attack.Fold(v.Channel)}
		if feeds[c] == nil {
			feeds[c] = map[string]*StoppedFeed{}
		}
		f := feeds[c][v.Site]
		if f == nil {
			f = &StoppedFeed{Name: v.Source, Channel: v.Channel, Site: v.Site}
			feeds[c][v.Site] = f
		}
		if v.Events > 0 {
			f.LastSeen = max(f.LastSeen, v.Day)
		}
		if v.Day > f.LastLooked || v.Day == f.LastLooked && o.Batch > f.Batch {
			f.LastLooked, f.Batch = v.Day, o.Batch
		}
		// Of two spellings of one name, always the same one.
		f.Name, f.Channel = min(f.Name, v.Source), min(f.Channel, v.Channel)
	}
	return feeds
}

// joined is the feed that stopped at every one of its sites.
func joined(sites []StoppedFeed) StoppedFeed {
	slices.SortFunc(sites, func(a, b StoppedFeed) int {
		return cmp.Or(cmp.Compare(b.LastLooked, a.LastLooked), strings.Compare(b.Batch, a.Batch), strings.Compare(a.Site, b.Site))
	})
	f := sites[0]
	for _, s := range sites {
		f.LastSeen, f.Days = max(f.LastSeen, s.LastSeen), min(f.Days, s.Days)
		f.Name, f.Channel = min(f.Name, s.Name), min(f.Channel, s.Channel)
	}
	if len(sites) > 1 {
		f.Site = ""
	}
	return f
}

// retired reports whether every declaration of a log source has ended.
func retired(sources []evidence.Of[telemetry.Source], c channel, w Window) bool {
	ended := false
	for _, s := range sources {
		v := s.Value
		if attack.Fold(v.Name) != c.name || !speaks(attack.Fold(v.Channel), c.channel) {
			continue
		}
		if v.Until == "" || v.Until >= w.To {
			return false
		}
		ended = true
	}
	return ended
}
