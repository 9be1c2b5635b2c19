package pull

import (
	"io"
	"os"
	"strings"

	"candor/internal/fault"
	"candor/internal/pull/question"
)

// maxSecret is how long a secret may be, in bytes.
const maxSecret = 64 << 10

// secret reads the secret of a source from where the configuration says. It is never in
// an error. Faults: Unavailable where it is not there.
func (s *Service) secret(of *Source) (string, error) {
	if of.Auth.Kind == question.None {
		return "", nil
	}
	if of.SecretEnv != "" {
		if v := strings.TrimSpace(s.Getenv(of.SecretEnv)); v != "" {
			return v, nil
		}
		return "", fault.New(fault.Unavailable, "the variable of the environment that has the secret is not set").At("%s: %s", of.Name, of.SecretEnv).
			Next("set it for whoever runs candor (of a running server, its own environment counts), or name a file with secret_file")
	}
	f, err := os.Open(of.SecretFile)
	if err != nil {
		return "", fault.New(fault.Unavailable, "the file of the secret cannot be read").At("%s", of.SecretFile).Because(err).Next("check the path, and that whoever runs candor may read it")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	v := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", fault.New(fault.Unavailable, "the file of the secret cannot be read").At("%s", of.SecretFile).Next("check that it is a file, and that whoever runs candor may read it")
	case v == "" || len(text) > maxSecret || strings.ContainsAny(v, "\r\n\x00"):
		return "", fault.New(fault.Invalid, "the file of the secret does not hold one line").At("%s", of.SecretFile).Next("write the secret into it, and nothing else")
	}
	return v, nil
}
