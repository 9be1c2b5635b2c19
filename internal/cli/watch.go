package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/inert"
	"candor/internal/news"
)

// watching is how changes are watched.
type watching struct {
	server, policy string
	every          time.Duration
}

// tokenVariable names the environment variable with the token for a server that asks for one.
const tokenVariable = "CANDOR_TOKEN"

func (p *program) watchCommand() *cobra.Command {
	var w watching
	c := &cobra.Command{
		Use:   "watch",
		Short: "Print what is new as it happens",
		Long: `Watch prints a line whenever an analytic leaves its rung, a gate opens or closes, evidence
comes near its end or to it, or a feed falls silent or arrives again; with --json a line of
JSON. It says first how things stand, which is what the first change is from.

It looks at the data folder and holds nobody up: the folder is read when something in it
changed. With --server it asks a server instead, with the token in ` + tokenVariable + ` if there is one.
Ctrl-C ends it.`,
		Example: "  candor watch\n  candor watch --json | jq 'select(.kind == \"gate\")'\n  candor watch --server http://127.0.0.1:8080",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if w.every < 100*time.Millisecond || w.every > 24*time.Hour {
				return fault.New(fault.Usage, "%s is no time between looks", w.every).At("--every").Next("name one from 100ms to 24h")
			}
			look, err := p.lookAt(cmd, &w)
			if err != nil {
				return err
			}
			return p.watchOn(cmd.Context(), look, w.every)
		},
	}
	c.Flags().StringVar(&w.server, "server", "", "address of a server to ask, instead of the data folder")
	c.Flags().StringVar(&w.policy, "policy", "", "policy file (default: policy.yaml in the data folder, else built in)")
	c.Flags().DurationVar(&w.every, "every", 2*time.Second, "how often to look whether anything changed")
	c.MarkFlagsMutuallyExclusive("server", "policy")
	return c
}

// looking returns how things stand, and false where nothing changed since it was asked last.
type looking func(ctx context.Context) (news.Standing, bool, error)

func (p *program) lookAt(cmd *cobra.Command, w *watching) (looking, error) {
	if w.server != "" {
		return p.lookAtServer(w.server)
	}
	pol, err := p.judgedBy(w.policy)
	if err != nil {
		return nil, err
	}
	last := ""
	return func(context.Context) (s news.Standing, fresh bool, err error) {
		mark := p.marks()
		if mark == last {
			return s, false, nil
		}
		err = p.with(cmd, false, func(ctx context.Context, d *Desk) error {
			in, err := pol()
			if err != nil {
				return err
			}
			s, err = d.Assessment.Newsworthy(ctx, assessment.Request{AsOf: p.Now(), Policy: in})
			return err
		})
		if err == nil {
			last = mark
		}
		return s, err == nil, err
	}, nil
}

// marks tells one state of the data folder from another without opening it.
func (p *program) marks() string {
	mark := string(day.Of(p.Now()))
	for _, name := range []string{"library.db", "library.db-wal", "evidence.db", "evidence.db-wal", "alerts", "alerts/last.json", "policy.yaml"} {
		if info, err := os.Stat(filepath.Join(p.path(p.data), name)); err == nil {
			mark += fmt.Sprintf(" %d/%d", info.Size(), info.ModTime().UnixNano())
		} else {
			mark += " -"
		}
	}
	return mark
}

// mostStanding bounds what is read of a server's answer.
const mostStanding = 64 << 20

// lookAtServer asks a server.
func (p *program) lookAtServer(at string) (looking, error) {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.New(fault.Usage, "%q is no address of a server", at).At("--server").Next("write it as candor serve prints it: http://127.0.0.1:8080")
	}
	u.Path, u.RawQuery = strings.TrimSuffix(u.Path, "/")+"/api/v1/standing", ""
	var last news.Standing
	var text string
	return func(ctx context.Context) (news.Standing, bool, error) {
		b, err := p.ask(ctx, u.String())
		if err != nil {
			return last, false, fault.New(fault.Unavailable, "the server did not say how things stand").At("%s", u.Host).Because(err).
				Next("check that it runs, and that a token in %s may read if it asks for one", tokenVariable)
		}
		if string(b) == text {
			return last, false, nil
		}
		var s news.Standing
		if err := json.Unmarshal(b, &s); err != nil {
			return last, false, fault.New(fault.Invalid, "what the server said is not how things stand").At("%s", u.Host).Because(err).Next("use a candor server of the same version")
		}
		last, text = s, string(b)
		return s, true, nil
	}, nil
}

func (p *program) ask(ctx context.Context, at string) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	if token := p.Getenv(tokenVariable); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, mostStanding))
	if err = errors.Join(err, answer.Body.Close()); err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answered %d", answer.StatusCode)
	}
	return b, err
}

// watchOn prints what is new until ctx ends, which is how it is meant to end.
func (p *program) watchOn(ctx context.Context, look looking, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var before *news.Standing
	for {
		now, fresh, err := look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && (before == nil || fault.KindOf(err) != fault.Unavailable):
			return err // what cannot be reached for now is asked again
		case err == nil && fresh && before == nil:
			p.watchBegins(&now)
		case err == nil && fresh:
			for _, c := range news.Between(before, &now) {
				p.tellChange(c)
			}
		}
		if err == nil && fresh {
			before = &now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// watched is a line of candor watch --json.
type watched struct {
	Time time.Time `json:"time"`
	news.Change
}

func (p *program) watchBegins(s *news.Standing) {
	if p.json {
		return
	}
	fmt.Fprintf(p.Out, "watching %s as of %s, %d of %d analytics apply; policy %s (Ctrl-C ends)\n", inert.Line(s.Release), s.AsOf, len(s.Analytics), s.All, inert.Line(s.Policy))
}

func (p *program) tellChange(c news.Change) {
	at := p.Now().UTC().Truncate(time.Second)
	if p.json {
		_ = json.NewEncoder(p.Out).Encode(watched{at, c})
		return
	}
	line := fmt.Sprintf("%s  %-8s  %s", at.Format(time.DateTime), c.Kind, c.Text)
	if c.Why != "" {
		line += ": " + c.Why
	}
	fmt.Fprintln(p.Out, inert.Line(line))
}
