package intake

import (
	"os"
	"strings"
	"testing"
	"time"

	"candor/internal/fault"
)

// on makes the open segment of a stream write to a device of the system that fails in
// its way, until the returned function is called.
func (d *desk) on(s *Service, of stream, device string) (back func()) {
	d.t.Helper()
	s.mu.Lock()
	g := s.open[of]
	s.mu.Unlock()
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		d.t.Skip(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	file := g.file
	g.file = f
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.file = file
		f.Close()
	}
}

// TestNothingIsAcknowledgedThatIsNotOnTheDisk pushes while the disk cannot flush what
// was written to it (/dev/null), and while it has no room (/dev/full). Neither may be
// acknowledged, and the room that was meant for it must be free again.
func TestNothingIsAcknowledgedThatIsNotOnTheDisk(t *testing.T) {
	for _, device := range []string{"/dev/null", "/dev/full"} {
		line := alertLine("a")
		limits := Usual()
		limits.Waiting = 4 * int64(len(line)) // for as little as leaks
		d := newDesk(t, limits)
		d.Service = d.service(limits, d.ingest)
		s := d.Service
		s.every, s.taking = time.Hour, true // and nothing becomes a batch by itself
		of := stream{"alerts", "edr"}
		d.push(s, "alerts", "edr", line)
		for range 8 {
			if s.open[of] == nil || s.open[of].full(limits.Segment) { // the one that failed takes nothing any more
				g, err := s.reserve(of, 0)
				if err != nil {
					t.Fatal(err)
				}
				s.open[of] = g
			}
			back := d.on(s, of, device)
			r, err := s.Receive(t.Context(), Post{Kind: "alerts", Token: "edr", Body: strings.NewReader(alertLine("b")), Lines: true})
			back()
			if fault.KindOf(err) != fault.Unavailable || r.Accepted != 0 {
				t.Fatalf("%s: acknowledged: %+v, %v", device, r, err)
			}
			if s.waiting != int64(len(line)) {
				t.Fatalf("%s: %d bytes wait, and %d were acknowledged", device, s.waiting, len(line))
			}
		}
		d.push(s, "alerts", "edr", alertLine("c"))
		d.fold(s)
		if got := strings.Join(d.batches(), "\n"); strings.Count(got, "new 1 ") != 2 || s.waiting != 0 || len(d.left()) != 0 {
			t.Errorf("%s: %s\n%d bytes wait, %v is left", device, got, s.waiting, d.left())
		}
	}
}
