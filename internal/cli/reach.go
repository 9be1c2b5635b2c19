package cli

import (
	"log/slog"
	"slices"

	"github.com/spf13/cobra"

	"candor/internal/door"
	"candor/internal/edge"
	"candor/internal/fault"
	"candor/internal/provider"
)

// reach is from where a server is to be reached, as it was asked for.
type reach struct {
	cert, key      string
	names, proxies []string
	// log is the form of the log and level from which importance on it tells.
	log, level string
	// limit is how many requests of one asker a second are answered.
	limit float64
	// provider is the configuration of where people sign in elsewhere.
	provider string
}

func (r *reach) flags(c *cobra.Command) {
	c.Flags().StringVar(&r.cert, "tls-cert", "", "certificate, with its chain, in PEM; read again when it changes")
	c.Flags().StringVar(&r.key, "tls-key", "", "key of the certificate, in PEM")
	c.Flags().StringArrayVar(&r.names, "name", nil, "host that the server answers to beside localhost and its certificate's (may be repeated)")
	c.Flags().StringArrayVar(&r.proxies, "proxy", nil, "address or network of a proxy that is believed who asks, or socket (may be repeated)")
	c.Flags().Float64Var(&r.limit, "limit", usualLimit, "where everyone is asked who they are: how many requests a second of one of them are answered in the long run; 0 bounds none")
	c.Flags().StringVar(&r.log, "log", "text", "form of the log on standard error: text or json")
	c.Flags().StringVar(&r.level, "log-level", "warn", "what the log tells: debug, info (each request too), warn or error")
	c.Flags().StringVar(&r.provider, "provider", "", "configuration of a provider of OpenID Connect through which people sign in (default: the data folder's name with .provider.yaml, where there is one; environment: "+provider.Variable+")")
	c.MarkFlagsRequiredTogether("tls-cert", "tls-key")
}

// usualLimit is more than a person or a well-made sender needs, and little for a server.
const usualLimit = 200

// limits bound what one asker has a server do that others reach.
func (r *reach) limits(known bool) (door.Limits, error) {
	if r.limit < 0 || r.limit > 1e6 {
		return door.Limits{}, fault.New(fault.Usage, "%g is no number of requests a second", r.limit).At("--limit").Next("name one up to 1000000; 0 bounds none")
	}
	if !known || r.limit == 0 {
		return door.Limits{}, nil
	}
	return door.Limits{Rate: r.limit, Burst: int(5*r.limit) + 1, Together: 64}, nil
}

// stand says where a server is to stand, what one asker may have it do there, and what it tells.
func (p *program) stand(r reach, how *serving) (err error) {
	if how.log, err = p.logger(r); err != nil {
		return err
	}
	if how.provider, err = p.through(r.provider); err != nil {
		return err
	}
	if how.place, err = p.place(r, how); err != nil {
		return err
	}
	how.limits, err = r.limits(how.place.Known)
	return err
}

// place returns where a server is to stand. Where there are accounts, people sign in there.
func (p *program) place(r reach, how *serving) (*edge.Place, error) {
	how.rules.SignIn = how.rules.SignIn || how.provider != nil || p.accounts().Any()
	at := &edge.Place{Names: slices.Concat(r.names, how.provider.Hosts()), Known: how.rules.TokenToRead || how.rules.SignIn}
	if err := at.Believe(r.proxies); err != nil {
		return nil, err
	}
	if at.Socket && !at.Known {
		return nil, fault.New(fault.Refused, "a proxy brings others here, and nobody is asked who they are").At("--proxy socket").Next("ask everyone: candor account add makes people sign in; --require-token asks for a token")
	}
	if r.cert == "" {
		return at, nil
	}
	var err error
	at.Certificate, err = edge.LoadCertificate(p.path(r.cert), p.path(r.key), p.Now, how.log)
	return at, err
}

// logger returns the log of a server. What it tells of a request carries the request's name.
func (p *program) logger(r reach) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(r.level)); err != nil {
		return nil, fault.New(fault.Usage, "%q is no level of a log", r.level).At("--log-level").Next("name debug, info, warn or error")
	}
	how := &slog.HandlerOptions{Level: level, ReplaceAttr: covered}
	switch r.log {
	case "text":
		return slog.New(edge.Named(slog.NewTextHandler(p.Err, how))), nil
	case "json":
		return slog.New(edge.Named(slog.NewJSONHandler(p.Err, how))), nil
	}
	return nil, fault.New(fault.Usage, "%q is no form of a log", r.log).At("--log").Next("name text or json")
}

// usual is the log of a server that nobody asked for another one of.
func (p *program) usual() *slog.Logger {
	log, _ := p.logger(reach{log: "text", level: "warn"})
	return log
}

// reload has a certificate looked at when the process is told to, until what it returns is
// called. On a terminal being told so means that the terminal is gone.
func (p *program) reload(how serving) (stop func()) {
	if p.Hangup == nil || p.ErrTerm {
		return func() {}
	}
	return p.Hangup(func() {
		how.log.Info("told to look again: policy, tokens, pulls and hooks are read again by themselves")
		if c := how.place.Certificate; c != nil {
			c.Look()
		}
	})
}
