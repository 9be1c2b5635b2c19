package tear

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
)

// Run runs c, whose output may only go to files, until cut says of a change in the
// folder dir that it is to be cut short: a write is done in a small part and nothing
// else at all, and the process is killed. Without such a change c runs to its end.
// The error is ErrUnable where the system forbids to trace.
func Run(c *exec.Cmd, dir string, cut func(change string) bool) (Left, error) {
	runtime.LockOSThread() // the thread that starts a traced process has to trace it
	defer runtime.UnlockOSThread()
	c.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	err := c.Start()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS) {
		return Left{}, ErrUnable
	}
	if err != nil {
		return Left{}, err
	}
	defer c.Process.Release()
	p := tracee{pid: c.Process.Pid, at: c.Dir, dir: dir, cut: cut, within: map[int]bool{}}
	if err := p.follow(); err != nil {
		return Left{}, errors.Join(fmt.Errorf("trace process %d: %w", p.pid, err), syscall.Kill(-p.pid, syscall.SIGKILL))
	}
	return Left{Change: p.change, Code: p.status.ExitStatus()}, nil
}

// tracee is a process whose system calls are watched.
type tracee struct {
	pid    int
	at     string // where it runs
	dir    string
	cut    func(string) bool
	within map[int]bool // threads in a system call
	change string       // the one that was cut short
	by     int          // the thread that made it
	status syscall.WaitStatus
}

// follow lets the process run until it ends.
func (p *tracee) follow() error {
	const (
		exitKill = 1 << 20 // PTRACE_O_EXITKILL, which package syscall lacks
		options  = syscall.PTRACE_O_TRACECLONE | syscall.PTRACE_O_TRACEFORK | syscall.PTRACE_O_TRACEVFORK | syscall.PTRACE_O_TRACESYSGOOD | exitKill
	)
	if _, err := syscall.Wait4(p.pid, &p.status, 0, nil); err != nil {
		return err
	}
	if err := syscall.PtraceSetOptions(p.pid, options); err != nil {
		return err
	}
	for thread, signal := p.pid, 0; ; {
		if err := syscall.PtraceSyscall(thread, signal); err != nil && err != syscall.ESRCH {
			return err
		}
		var s syscall.WaitStatus
		var err error
		if thread, err = wait(p.pid, &s); err != nil {
			return err
		}
		if thread == p.pid && (s.Exited() || s.Signaled()) {
			p.status = s
			return nil
		}
		// A thread that has stopped may end with the process meanwhile.
		if signal, err = p.stopped(thread, s); err != nil && err != syscall.ESRCH {
			return err
		}
	}
}

// wait waits for any thread of the process.
func wait(pid int, s *syscall.WaitStatus) (thread int, err error) {
	for {
		if thread, err = syscall.Wait4(-pid, s, syscall.WALL, nil); err != syscall.EINTR {
			return thread, err
		}
	}
}

// stopped looks at why a thread stopped, and returns the signal that it is to get.
func (p *tracee) stopped(thread int, s syscall.WaitStatus) (signal int, err error) {
	const call = syscall.SIGTRAP | 0x80
	switch {
	case !s.Stopped():
		return 0, nil
	case s.StopSignal() == call:
		p.within[thread] = !p.within[thread]
		return 0, p.called(thread)
	case s.StopSignal() == syscall.SIGTRAP || s.StopSignal() == syscall.SIGSTOP:
		return 0, nil // a new thread, or one that begins
	}
	return int(s.StopSignal()), nil
}

// called looks at a system call that begins or ends.
func (p *tracee) called(thread int) error {
	if p.change != "" {
		if thread == p.by && !p.within[thread] {
			return syscall.Kill(-p.pid, syscall.SIGKILL)
		}
		return nil
	}
	if !p.within[thread] {
		return nil
	}
	var r syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(thread, &r); err != nil {
		return err
	}
	change := p.describe(thread, &r)
	if change == "" || !p.cut(change) {
		return nil
	}
	p.change, p.by = change, thread
	if r.Orig_rax != syscall.SYS_WRITE && r.Orig_rax != syscall.SYS_PWRITE64 {
		return syscall.Kill(-p.pid, syscall.SIGKILL)
	}
	r.Rdx = short(r.Rdx)
	return syscall.PtraceSetRegs(thread, &r)
}

// short returns how many of so many bytes are written: some pages, or a few bytes of
// what is no longer than a page.
func short(n uint64) uint64 {
	const page = 4096
	if n > page {
		return page
	}
	return n/200 + 1
}
