package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestAFullDiskAcknowledgesNothing pushes to a server until its disk is full, and
// again when there is room.
func TestAFullDiskAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	p := engined(t, "scan")
	d := p.disk(32 << 10)
	f := newPushPlace(p)
	s := f.serve()
	acknowledged := 0
	push := func() (int, string) {
		var body strings.Builder
		for i := range 500 {
			fmt.Fprintf(&body, `{"id":"%d-%d","rule_id":"r","time":"2026-11-26T10:00:00Z","fields":{"k":"%0200d"}}`+"\n", acknowledged, i, i)
		}
		status, text := f.post(s.address, "alerts", strings.NewReader(body.String()))
		if status == http.StatusOK {
			acknowledged++
		}
		return status, text
	}
	if status, text := push(); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	room := d.leave(200)
	status, text := 0, ""
	for range 100 {
		if status, text = push(); status != http.StatusOK {
			break
		}
	}
	if status != http.StatusInsufficientStorage || !strings.Contains(text, "nothing of it was acknowledged") {
		t.Errorf("on a full disk: %d %s", status, text)
	}
	room()
	if status, text := push(); status != http.StatusOK {
		t.Errorf("with room again: %d %s", status, text)
	}
	s.stop(t)
	f.settle()
	stored := int64(0)
	for _, b := range f.batches() {
		stored += b.New
	}
	if stored != int64(500*acknowledged) {
		t.Errorf("%d alerts were acknowledged and %d are stored", 500*acknowledged, stored)
	}
	f.ok("ledger", "verify")
}
