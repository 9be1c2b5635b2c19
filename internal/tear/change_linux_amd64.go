package tear

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// sysRenameat2 is a system call that package syscall does not name.
const sysRenameat2 = 316

// describe says what a system call that thread makes is about to change in the folder,
// if anything.
func (p *tracee) describe(thread int, r *syscall.PtraceRegs) string {
	switch r.Orig_rax {
	case syscall.SYS_WRITE:
		return p.says(open(thread, r.Rdi), fmt.Sprintf("write %d bytes to %%s", r.Rdx))
	case syscall.SYS_PWRITE64:
		return p.says(open(thread, r.Rdi), fmt.Sprintf("write %d bytes to %%s at %d", r.Rdx, r.R10))
	case syscall.SYS_FTRUNCATE:
		return p.says(open(thread, r.Rdi), fmt.Sprintf("truncate %%s to %d", r.Rsi))
	case syscall.SYS_UNLINK:
		return p.says(p.named(thread, r.Rdi), "remove %s")
	case syscall.SYS_UNLINKAT:
		return p.says(p.named(thread, r.Rsi), "remove %s")
	case syscall.SYS_RENAME:
		return p.says(p.named(thread, r.Rdi), "rename %s")
	case syscall.SYS_RENAMEAT, sysRenameat2:
		return p.says(p.named(thread, r.Rsi), "rename %s")
	}
	return ""
}

// says puts the name of the file at path into what is said of it. Of a file outside
// the folder it says nothing.
func (p *tracee) says(path, what string) string {
	name, inside := strings.CutPrefix(path, p.dir+"/")
	if !inside {
		return ""
	}
	return fmt.Sprintf(what, name)
}

// open is the path of the file that a thread has open under a number.
func open(thread int, number uint64) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", thread, number))
	if err != nil {
		return ""
	}
	return path
}

// named is the path that stands at a place in the memory of the process.
func (p *tracee) named(thread int, at uint64) string {
	text := make([]byte, 4096)
	n, err := syscall.PtracePeekData(thread, uintptr(at), text)
	if err != nil && n == 0 {
		return ""
	}
	text, _, ended := bytes.Cut(text[:n], []byte{0})
	if !ended {
		return ""
	}
	path := string(text)
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.at, path)
	}
	return path
}
