package fault_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"candor/internal/fault"
)

func TestRightsSayWhoOrWhatIsInTheWay(t *testing.T) {
	for err, want := range map[error]string{
		&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}:                                   "chown",
		fault.New(fault.Internal, "no").Because(fmt.Errorf("mkdir: %w", syscall.EPERM)):             "chown",
		&fs.PathError{Op: "open", Path: "x", Err: syscall.EROFS}:                                    "another one",
		errors.Join(errors.New("first"), &fs.PathError{Op: "mkdir", Path: "x", Err: syscall.EROFS}): "the disk that has the folder",
	} {
		if got := fault.Rights(err, "the folder"); !strings.Contains(got, want) {
			t.Errorf("%v: %q does not say %q", err, got, want)
		}
	}
	for _, err := range []error{nil, syscall.ENOSPC, syscall.ENOENT, errors.New("permission denied")} {
		if got := fault.Rights(err, "the folder"); got != "" {
			t.Errorf("%v: %q", err, got)
		}
	}
}
