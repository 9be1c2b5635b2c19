package cli

import (
	"log/slog"

	"github.com/spf13/cobra"

	"candor/internal/edge"
	"candor/internal/fault"
)

// reach is from where a server is to be reached, as it was asked for.
type reach struct {
	cert, key      string
	names, proxies []string
}

func (r *reach) flags(c *cobra.Command) {
	c.Flags().StringVar(&r.cert, "tls-cert", "", "certificate, with its chain, in PEM; read again when it changes")
	c.Flags().StringVar(&r.key, "tls-key", "", "key of the certificate, in PEM")
	c.Flags().StringArrayVar(&r.names, "name", nil, "host that the server answers to beside localhost and its certificate's (may be repeated)")
	c.Flags().StringArrayVar(&r.proxies, "proxy", nil, "address or network of a proxy that is believed who asks, or socket (may be repeated)")
	c.MarkFlagsRequiredTogether("tls-cert", "tls-key")
}

// place returns where a server is to stand.
func (p *program) place(r reach, how serving) (*edge.Place, error) {
	at := &edge.Place{Names: r.names, Known: how.rules.TokenToRead}
	if err := at.Believe(r.proxies); err != nil {
		return nil, err
	}
	if at.Socket && !at.Known {
		return nil, fault.New(fault.Refused, "a proxy brings others here, and nobody is asked who they are").At("--proxy socket").Next("ask everyone: --require-token")
	}
	if r.cert == "" {
		return at, nil
	}
	var err error
	log := slog.New(slog.NewTextHandler(p.Err, &slog.HandlerOptions{ReplaceAttr: covered}))
	at.Certificate, err = edge.LoadCertificate(p.path(r.cert), p.path(r.key), p.Now, log)
	return at, err
}
