// Package packaging_test holds what is packaged against the program: a unit, an image and an
// example that name a flag which is not there are found by whoever installs them.
package packaging_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"candor/internal/app"
	"candor/internal/cli"
)

// flags lists what candor serve takes.
func flags(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	env := cli.System()
	env.Args, env.Out, env.Err = []string{"serve", "--help"}, &out, &out
	if code := cli.Run(t.Context(), env, app.Open); code != 0 {
		t.Fatalf("candor serve --help: %d %s", code, out.String())
	}
	return out.String()
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestFlagsThatArePackagedAreThere: in the unit, its configuration, the image and the example.
func TestFlagsThatArePackagedAreThere(t *testing.T) {
	there := flags(t)
	flag := regexp.MustCompile(`--[a-z][a-z-]+`)
	docker := []string{"--from", "--read-only", "--tmpfs"}
	for _, path := range []string{"candor.service", "candor.env", "Dockerfile", "compose.yaml", "../doc/operate.md"} {
		found := 0
		for _, f := range flag.FindAllString(read(t, path), -1) {
			if slices.Contains(docker, f) || f == "--help" {
				continue
			}
			if found++; !regexp.MustCompile(f + `\b`).MatchString(there) {
				t.Errorf("%s: candor serve takes no %s", path, f)
			}
		}
		if found == 0 {
			t.Errorf("%s names no flag", path)
		}
	}
}

// TestWhatThePackagesHoldIsThere: goreleaser's configuration names files by path.
func TestWhatThePackagesHoldIsThere(t *testing.T) {
	var c struct {
		Nfpms []struct {
			Contents []struct{ Src, Dst string }
			Scripts  map[string]string
		}
		Builds []struct {
			Flags, Tags, Ldflags []string
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "../.goreleaser.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range c.Nfpms {
		for _, f := range p.Contents {
			n++
			if _, err := os.Stat("../" + f.Src); err != nil || !strings.HasPrefix(f.Dst, "/") {
				t.Errorf("%s to %s: %v", f.Src, f.Dst, err)
			}
		}
		for _, s := range p.Scripts {
			n++
			if out, err := exec.Command("sh", "-n", "../"+s).CombinedOutput(); err != nil {
				t.Errorf("%s: %v %s", s, err, out)
			}
		}
	}
	if n < 6 || len(c.Builds) != 2 {
		t.Errorf("%d files, %d builds", n, len(c.Builds))
	}
	for _, b := range c.Builds {
		if !slices.Contains(b.Flags, "-trimpath") || !strings.Contains(strings.Join(b.Ldflags, " "), "-buildid=") {
			t.Errorf("a build that cannot be made again: %+v", b)
		}
	}
	// The image and the script that builds twice make the same binary.
	for _, path := range []string{"Dockerfile", "reproduce"} {
		if text := strings.ReplaceAll(read(t, path), `\"`, `"`); !strings.Contains(text, "-tags netgo,osusergo,timetzdata") || !strings.Contains(text, `-extldflags "-static"`) {
			t.Errorf("%s builds otherwise", path)
		}
	}
}

// TestTheServiceIsConfined holds the unit against what a service that is reached by others
// must not be able to do.
func TestTheServiceIsConfined(t *testing.T) {
	unit := read(t, "candor.service")
	for _, line := range []string{"User=candor", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "CapabilityBoundingSet=\n", "StateDirectoryMode=0700", "UMask=0077",
		"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service"} {
		if !strings.Contains(unit, line) {
			t.Errorf("missing: %q", line)
		}
	}
	var c struct {
		Services map[string]struct {
			ReadOnly    bool     `yaml:"read_only"`
			CapDrop     []string `yaml:"cap_drop"`
			SecurityOpt []string `yaml:"security_opt"`
			User        string
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	if s := c.Services["candor"]; !s.ReadOnly || s.User == "" || !slices.Contains(s.CapDrop, "ALL") || len(s.SecurityOpt) == 0 {
		t.Errorf("%+v", s)
	}
}
