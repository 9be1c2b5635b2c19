package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"candor/internal/edge"
	"candor/internal/identity"
)

// asks are what each tool is asked in these tests.
func asks() map[string]map[string]any {
	return map[string]map[string]any{
		"search": {"words": "employee names"}, "object": {"id": "AN1989"}, "history": {"id": "AN1989"}, "take": {"id": "AN1336"},
		"adjacency": {"id": "T1589.003"}, "verdict": {"id": "AN1336"}, "gate": {"id": "AN1336", "for": "reporting"}, "measurements": {"limit": 3}, "next_steps": {"limit": 3},
	}
}

// told is an answer of a tool.
type told struct {
	Caution string
	Limits  []string
	Data    json.RawMessage
}

func TestEveryToolAnswersWithItsLimits(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	web := httptest.NewServer(h)
	defer web.Close()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	s, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: web.URL + "/mcp", DisableStandaloneSSE: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list, err := s.ListTools(t.Context(), nil)
	if err != nil || len(list.Tools) != len(asks()) {
		t.Fatalf("%d tools, %v", len(list.Tools), err)
	}
	for _, tool := range list.Tools {
		if !tool.Annotations.ReadOnlyHint {
			t.Errorf("%s is not said to read alone", tool.Name)
		}
		for name, args := range map[string]map[string]any{"": asks()[tool.Name], " refused": {"id": "TX99", "no": 1}} {
			began := time.Now()
			res, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool.Name, Arguments: args})
			if err != nil {
				t.Errorf("%s%s: %v", tool.Name, name, err)
				continue
			}
			text := res.Content[0].(*mcp.TextContent).Text
			var a told
			if err := json.Unmarshal([]byte(text), &a); err != nil || len(a.Limits) < 2 || !strings.Contains(a.Caution, "no instruction") || len(a.Data) < 10 || res.IsError != (name != "") {
				t.Errorf("%s%s: error %v, limits %q, caution %q, %v: %.300s", tool.Name, name, res.IsError, a.Limits, a.Caution, err, text)
			}
			if slices.Contains(a.Limits, "") {
				t.Errorf("%s has an empty limit", tool.Name)
			}
			t.Logf("%s%s: %d bytes, %s", tool.Name, name, len(text), time.Since(began).Round(time.Millisecond))
		}
	}
}

func TestNobodyElseReachesTheTools(t *testing.T) {
	ask := func(rules identity.Rules, headers ...string) int {
		h := newHouse(t, rules)
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		for i := 0; i < len(headers); i += 2 {
			if headers[i] == "Host" {
				r.Host = headers[i+1]
				continue
			}
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		(&edge.Place{}).Handler(h).ServeHTTP(w, r)
		return w.Code
	}
	for _, c := range []struct {
		rules   identity.Rules
		headers []string
		want    int
	}{
		{identity.Rules{}, nil, http.StatusOK},
		{identity.Rules{TokenToRead: true}, nil, http.StatusUnauthorized},
		{identity.Rules{}, []string{"Host", "evil.example"}, http.StatusMisdirectedRequest}, // a name that is pointed at this machine
		{identity.Rules{}, []string{"Origin", "http://evil.example"}, http.StatusForbidden},
		{identity.Rules{}, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
	} {
		if got := ask(c.rules, c.headers...); got != c.want {
			t.Errorf("%+v %v: %d, want %d", c.rules, c.headers, got, c.want)
		}
	}
}

// model is how a client that others wrote asks.
const model = `import asyncio, json, sys
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
async def main():
    async with streamable_http_client(sys.argv[1]) as streams:
        async with ClientSession(streams[0], streams[1]) as s:
            await s.initialize()
            print(" ".join(t.name for t in (await s.list_tools()).tools))
            for name, args in json.loads(sys.argv[2]).items():
                a = json.loads((await s.call_tool(name, args)).content[0].text)
                print(name, len(a["limits"]) > 1, sorted(a))
asyncio.run(main())
`

func TestAModelsClientThatOthersWroteAsks(t *testing.T) {
	python := os.Getenv("CANDOR_TEST_PYTHON")
	if python == "" {
		t.Skip("CANDOR_TEST_PYTHON names no Python with mcp")
	}
	web := httptest.NewServer(newHouse(t, identity.Rules{}))
	defer web.Close()
	args, err := json.Marshal(asks())
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", model, web.URL+"/mcp", string(args)).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || lines[0] != "adjacency gate history measurements next_steps object search take verdict" || len(lines) != 1+len(asks()) {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, line := range lines[1:] {
		if !strings.HasSuffix(line, " True ['caution', 'data', 'limits', 'organisation_texts']") {
			t.Errorf("%s", line)
		}
	}
}
