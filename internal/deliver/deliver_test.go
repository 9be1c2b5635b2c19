package deliver_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/crew"
	"candor/internal/deliver"
	"candor/internal/fault"
)

var message = deliver.Message{ID: "msg_1", Time: time.Unix(1_700_000_000, 0), Subject: "Grüße", Text: "candor/x\n1\n— y\n", JSON: []byte(`{"a":1}`)}

func send(t *testing.T, place, secret string) error {
	t.Helper()
	p, err := deliver.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	return deliver.Send(t.Context(), p, message, secret)
}

func TestAFileGrowsByWholeLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heads")
	if err := os.WriteFile(path, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := send(t, "file:"+path, ""); err != nil {
			t.Fatal(err)
		}
	}
	if b, _ := os.ReadFile(path); string(b) != "torn\n"+message.Text+message.Text {
		t.Errorf("%q", b)
	}
	if err := send(t, "file:"+filepath.Join(path, "under"), ""); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v", err)
	}
}

// The example of the Standard Webhooks specification.
func TestAWebhookIsSigned(t *testing.T) {
	got := deliver.Signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
	answers := []int{503, 302, 200}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("webhook-signature") != deliver.Signature("s3cret", "msg_1", message.Time, body) || r.Header.Get("webhook-id") != "msg_1" {
			t.Errorf("%v", r.Header)
		}
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Location", "http://elsewhere.invalid/")
		w.WriteHeader(answers[0])
		answers = answers[1:]
	}))
	defer s.Close()
	at := "webhook:" + s.URL + "/hidden?token=abc"
	err := send(t, at, "s3cret")
	var later *deliver.ErrLater
	if !errors.As(err, &later) || later.Wait != 7*time.Second || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "abc") {
		t.Errorf("%v", err)
	}
	if err := send(t, at, "s3cret"); err == nil {
		t.Error("a redirect was taken for an answer")
	}
	if err := send(t, at, "s3cret"); err != nil {
		t.Error(err)
	}
	s.Close()
	if err := send(t, at, "s3cret"); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("%v", err)
	}
}

func TestALogServerGetsOneLine(t *testing.T) {
	for _, network := range []string{"udp", "tcp", "unix"} {
		var got func() string
		at := network + "://127.0.0.1:"
		switch network {
		case "udp":
			c, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, port, _ := net.SplitHostPort(c.LocalAddr().String())
			at += port
			got = func() string { b := make([]byte, 2000); n, _, _ := c.ReadFrom(b); return string(b[:n]) }
		default:
			where := "127.0.0.1:0"
			if network == "unix" {
				where = filepath.Join(t.TempDir(), "log")
			}
			l, err := net.Listen(network, where)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if network == "unix" {
				at = "unix://" + where
			} else {
				_, port, _ := net.SplitHostPort(l.Addr().String())
				at += port
			}
			got = func() string { c, _ := l.Accept(); b, _ := io.ReadAll(c); return string(b) }
		}
		if err := send(t, "syslog:"+at, ""); err != nil {
			t.Fatal(network, err)
		}
		text := got()
		if network != "udp" {
			n, rest, _ := strings.Cut(text, " ")
			if n != fmt.Sprint(len(rest)) {
				t.Errorf("%s: %q", network, text)
			}
			text = rest
		}
		if !strings.HasPrefix(text, "<133>1 2023-11-14T22:13:20.000Z ") || !strings.HasSuffix(text, ` head - `+"\ufeff"+`candor/x\n1\n— y\n`) || strings.Contains(text, "\n") {
			t.Errorf("%s: %q", network, text)
		}
	}
}

func TestAMailIsSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	said := make(chan string, 1)
	done := crew.Go(func() error {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		defer c.Close()
		var all strings.Builder
		in := bufio.NewScanner(c)
		fmt.Fprint(c, "220 here\r\n")
		for data := false; in.Scan(); {
			fmt.Fprintln(&all, in.Text())
			switch {
			case data && in.Text() != ".":
				continue
			case in.Text() == "DATA":
				data = true
				fmt.Fprint(c, "354 go\r\n")
				continue
			case in.Text() == "QUIT":
				fmt.Fprint(c, "221 bye\r\n")
				said <- all.String()
				return nil
			}
			data = false
			fmt.Fprint(c, "250 ok\r\n")
		}
		return in.Err()
	})
	if err := send(t, "mail:smtp://"+l.Addr().String()+"?from=candor@here.example&to=ann@there.example&to=bob@there.example", ""); err != nil {
		t.Fatal(err)
	}
	text := <-said
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, want := range []string{"MAIL FROM:<candor@here.example>", "RCPT TO:<bob@there.example>", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Message-ID: <msg_1@here.example>", "=E2=80=94 y"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestWhatIsNoPlaceIsRefused(t *testing.T) {
	for _, text := range []string{"", "file:", "heads.txt", "syslog:http://x:1", "syslog:udp://x", "webhook:http://elsewhere.example/", "webhook:https://user:pass@x/", "mail:smtp://x:25", "mail:smtp://u:p@x:25?from=a@b&to=c@d",
		"mail:smtp://x:25?from=a@b&to=c@d%0D%0ABcc:x@y", "ftp:x"} {
		if p, err := deliver.Parse(text); fault.KindOf(err) != fault.Usage || strings.Contains(err.Error(), "pass") {
			t.Errorf("%q: %v, %v", text, p, err)
		}
	}
	p, err := deliver.Parse("webhook:https://x.example/secret/path?t=1")
	if err != nil || p.String() != "webhook:https://x.example" {
		t.Errorf("%v, %v", p, err)
	}
}
