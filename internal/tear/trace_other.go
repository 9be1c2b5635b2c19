//go:build !(linux && amd64)

package tear

import "os/exec"

// Run returns ErrUnable.
func Run(*exec.Cmd, string, func(string) bool) (Left, error) { return Left{}, ErrUnable }
