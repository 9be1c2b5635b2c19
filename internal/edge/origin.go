package edge

import (
	"net/http"
	"strings"
)

// ours refuses what pages of other sites make a browser ask for (Fetch Metadata, W3C),
// because an answer is costly to make even when the other page cannot read it. A link
// that a person follows to a page is let through; programs that are no browser do not
// send the header. Nothing that is answered may be embedded elsewhere.
func ours(h http.Handler, refused *refusals) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bare(w.Header())
		site := r.Header.Get("Sec-Fetch-Site")
		followed := r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" &&
			r.Header.Get("Sec-Fetch-Dest") == "document" && !strings.HasPrefix(r.URL.Path, "/api/")
		if (site == "cross-site" || site == "same-site") && !followed {
			refused.tell(r, otherSite)
			http.Error(w, "This server does not answer requests that pages of other sites make.", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}
