// A server on mark3labs/mcp-go, whose reader takes the last of a name in any case and passes over null. It tells on stderr
// what was done for whom, as the fixture reads-oddly does.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

func main() {
	s := server.NewMCPServer("reads-as-go", "1", server.WithToolCapabilities(false), server.WithElicitation())

	progress := func(ctx context.Context, r mcp.CallToolRequest) {
		if r.Params.Meta == nil || r.Params.Meta.ProgressToken == nil {
			return
		}
		_ = s.SendNotificationToClient(ctx, "notifications/progress", map[string]any{
			"progressToken": r.Params.Meta.ProgressToken, "progress": 1, "message": r.GetString("by", ""),
		})
	}
	add := func(name string, run func(ctx context.Context, r mcp.CallToolRequest) string) {
		s.AddTool(mcp.NewTool(name), func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText(fmt.Sprintf("%s for %s", run(ctx, r), r.GetString("by", ""))), nil
		})
	}
	tell := func(what string, r mcp.CallToolRequest) string {
		fmt.Fprintf(os.Stderr, "%s for %s\n", what, r.GetString("by", ""))
		return what
	}

	add("read", func(context.Context, mcp.CallToolRequest) string { return "read" })
	add("delete_all", func(_ context.Context, r mcp.CallToolRequest) string { return tell("deleted", r) })
	add("progress", func(ctx context.Context, r mcp.CallToolRequest) string {
		progress(ctx, r)
		return "progress"
	})
	add("ask", func(ctx context.Context, r mcp.CallToolRequest) string {
		done := make(chan struct{})
		defer close(done)
		go func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(50 * time.Millisecond):
					progress(ctx, r)
				}
			}
		}()
		answer, err := s.RequestElicitation(ctx, mcp.ElicitationRequest{Params: mcp.ElicitationParams{
			Message:         r.GetString("by", ""),
			RequestedSchema: map[string]any{"type": "object", "properties": map[string]any{}},
		}})
		if err != nil {
			return tell("cancelled", r)
		}
		return tell(string(answer.Action), r)
	})

	if err := server.ServeStdio(s); err != nil {
		os.Exit(1)
	}
}
