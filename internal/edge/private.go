package edge

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"candor/internal/fault"
	"candor/internal/relay"
)

// ListenPrivately listens at a Unix socket that its owner alone can open. A socket
// that a killed server left is replaced; one that is answered at is fault.Conflict,
// and so is a file that is no socket.
func ListenPrivately(ctx context.Context, path string) (net.Listener, error) {
	switch info, err := os.Lstat(path); {
	case err != nil:
	case info.Mode().Type() != fs.ModeSocket:
		return nil, fault.New(fault.Conflict, "there is a file that is no socket").At("%s", path).Next("name another path with --socket")
	default:
		if c, err := (&net.Dialer{}).DialContext(ctx, "unix", path); err == nil {
			return nil, errors.Join(fault.New(fault.Conflict, "another server listens there").At("%s", path).Next("end that server, or name another path with --socket"), c.Close())
		}
	}
	l, err := relay.Bind(filepath.Dir(path), path)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the server cannot listen").At("%s", path).Because(err).
			Next("name a short path with --socket, in a folder that you may write to")
	}
	return private{l, path}, nil
}

// private is a Unix socket that is gone once it is closed.
type private struct {
	net.Listener
	path string
}

// Close stops listening and removes the socket.
func (p private) Close() error {
	err := p.Listener.Close()
	if errors.Is(err, net.ErrClosed) {
		return err // what lies there now may be another's
	}
	if gone := os.Remove(p.path); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}
