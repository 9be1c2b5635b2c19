package edge

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/door"
	"candor/internal/fault"
)

// hearsay are headers by which proxies tell of whom and how they were asked. No handler
// sees them but the one that says whether the way there was encrypted, as a proxy said
// it that is believed.
func hearsay() []string {
	return []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-User", "X-Forwarded-Email",
		"X-Forwarded-Groups", "X-Forwarded-Prefix", "X-Real-Ip", "X-Client-Ip", "Client-Ip", "True-Client-Ip", "X-Original-Url", "X-Rewrite-Url",
		"X-Original-Host", "X-Original-Method", "X-Http-Method-Override", "Remote-User", "X-Remote-User", "X-Auth-Request-User"}
}

// encryptedBy is the header in which a proxy says how it was asked.
const encryptedBy = "X-Forwarded-Proto"

// strangeProxy is what a proxy is told that the server does not know.
const strangeProxy = "This request came through a proxy that this server was not told of: name its address with --proxy."

// forwarded makes the request one of whoever asked the proxy, if it is one that is
// believed. It reports false of one that is not and says so of itself, where the request
// came over the network: such a server would take a stranger for somebody on this machine.
func (p *Place) forwarded(w http.ResponseWriter, r *http.Request) bool {
	chain := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	said := chain != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("X-Real-Ip") != ""
	how := r.Header.Values(encryptedBy)
	for _, name := range hearsay() {
		r.Header.Del(name)
	}
	r.Header.Del(encryptedBy)
	peer, ok := peerOf(r)
	switch private := door.Private(r); {
	case private && !p.Socket:
		return true
	case !private && !(ok && p.believes(peer)):
		return !said
	}
	if len(r.TransferEncoding) > 0 { // where it ends proxies may see otherwise, if it said a length too
		w.Header().Set("Connection", "close")
	}
	if asked, ok := p.asker(chain); ok {
		r.RemoteAddr = netip.AddrPortFrom(asked, 0).String()
	}
	if n := len(how); n > 0 {
		parts := strings.Split(how[n-1], ",")
		if strings.EqualFold(strings.TrimSpace(parts[len(parts)-1]), "https") {
			r.Header.Set(encryptedBy, "https")
		}
	}
	return true
}

// peerOf is the address of whoever opened the connection.
func peerOf(r *http.Request) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	ip, err := netip.ParseAddr(host)
	return ip.Unmap().WithZone(""), err == nil
}

// believes reports whether an address is one of the place's proxies.
func (p *Place) believes(ip netip.Addr) bool {
	return slices.ContainsFunc(p.Proxies, func(n netip.Prefix) bool { return n.Contains(ip) })
}

// asker is the last address of a chain that is no proxy of the place's: what stands
// before it anybody could have written.
func (p *Place) asker(chain string) (netip.Addr, bool) {
	parts := strings.Split(chain, ",")
	for _, part := range slices.Backward(parts) {
		text := strings.Trim(strings.TrimSpace(part), `"`)
		if host, _, err := net.SplitHostPort(text); err == nil {
			text = host
		}
		ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
		if err != nil {
			return netip.Addr{}, false
		}
		if ip = ip.Unmap().WithZone(""); !p.believes(ip) {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

// encrypted reports whether whoever asked did so over an encrypted connection.
func (p *Place) encrypted(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get(encryptedBy) == "https"
}

// Believe reads the addresses and networks that people name as proxies; socket is among
// them for what comes through the Unix socket.
func (p *Place) Believe(names []string) error {
	for _, n := range names {
		if n == "socket" {
			p.Socket = true
			continue
		}
		prefix, err := netip.ParsePrefix(n)
		if err != nil {
			ip, bad := netip.ParseAddr(n)
			if bad != nil {
				return fault.New(fault.Usage, "%q is no address of a proxy", n).At("--proxy").Next("name one such as 192.0.2.7, a network such as 192.0.2.0/28, or socket")
			}
			prefix = netip.PrefixFrom(ip.Unmap().WithZone(""), ip.Unmap().BitLen())
		}
		if prefix.Bits() == 0 {
			return fault.New(fault.Usage, "%q is everybody, and whoever asked could say that somebody else did", n).At("--proxy").Next("name the addresses of the proxies alone")
		}
		p.Proxies = append(p.Proxies, prefix.Masked())
	}
	return nil
}
