package app

import (
	"context"
	"errors"
	"os"

	"candor/internal/cli"
	"candor/internal/crew"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/hold"
	"candor/internal/relay"
)

// served says that a server has the folder, if one does.
func (s *stores) served(ctx context.Context) error {
	who, ok := hold.Read(s.dir)
	if !ok || !hold.Held(s.dir) {
		return nil
	}
	if alive, err := relay.Alive(ctx, who.Socket, s.dir); err != nil || !alive {
		return err
	}
	if s.mode.Serve {
		return servedAlready(s.dir, who)
	}
	return &relay.Elsewhere{Socket: who.Socket, Address: who.Address, Version: who.Version, PID: who.PID, Write: s.mode.Write}
}

func servedAlready(dir string, who hold.Holder) error {
	return fault.New(fault.Conflict, "data folder %s is served already, by process %d at %s", dir, who.PID, who.Address).
		Next("open %s, or end process %d and try again", who.Address, who.PID)
}

// share takes the commands of other processes, and says in the lock file where.
func (s *stores) share(ctx context.Context, address string, way *door.Door, run cli.Relayed) (wait func() error, err error) {
	if s.hold == nil {
		return func() error { return nil }, nil // a server that only reads has nothing that others could not do
	}
	server, err := relay.Listen(s.dir)
	if err != nil {
		return nil, err
	}
	if err := s.hold.Announce(server.Path(), address, cli.Version()); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	done := crew.Go(func() error {
		err := server.Serve(ctx, way, func(ctx context.Context, c relay.Call, st relay.Streams) int {
			return run(ctx, c, st, s.again)
		})
		return errors.Join(err, server.Close())
	})
	return func() error { return <-done }, nil
}

// again opens once more the folder that is open, for a command of another process.
// One that writes waits for its turn, and begins as any writer does. It is a
// cli.Open.
func (s *stores) again(ctx context.Context, dir string, m cli.Mode) (*cli.Desk, error) {
	if m.Serve {
		who, _ := hold.Read(s.dir)
		return nil, servedAlready(s.dir, who)
	}
	if !sameFolder(dir, s.dir) {
		return nil, fault.New(fault.Conflict, "the server has another data folder, %s", s.dir).At("%s", dir).Next("run the command again")
	}
	if err := s.veil.Same(m.Key); err != nil {
		return nil, err
	}
	desk := *s.desk
	desk.Close = func() error { return nil }
	if !m.Write {
		return &desk, nil
	}
	turn := &stores{dir: s.dir, mode: m, wait: patience}
	a := turn.asking()
	a.Meet = nil
	release, err := s.turn.Take(ctx, a)
	if err != nil {
		return nil, err
	}
	desk.Close = func() error { release(); return nil }
	if err := s.keeper.CatchUp(ctx, ""); err != nil {
		release()
		return nil, err
	}
	return &desk, nil
}

func sameFolder(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
