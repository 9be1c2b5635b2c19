package library_test

import (
	"context"
	"testing"

	"candor/internal/attack"
)

func BenchmarkDiffEnterprise(b *testing.B) {
	s, _ := openReal(b, "enterprise-attack-17.1", "enterprise-attack-18.1")
	for b.Loop() {
		if _, err := s.Diff(context.Background(), "17.1", "18.1", "enterprise"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	s, _ := openReal(b, "enterprise-attack-17.1", "enterprise-attack-18.1", "ics-attack-18.1", "mobile-attack-18.1")
	for _, id := range []string{"AN1989", "T1589.003", "T1059.001", "M1042", "DC0032"} {
		b.Run(id, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Page(context.Background(), id, attack.ReleaseRef{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
