// A server of mark3labs/mcp-go with one tool, on the port of its argument.
package main

import (
	"context"
	"log"
	"os"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

func echo(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	return mcp.NewToolResultText(request.GetString("text", "")), nil
}

func main() {
	all := server.NewMCPServer("mcp-go", "1.0.0", server.WithToolCapabilities(true))
	all.AddTool(mcp.NewTool("echo", mcp.WithString("text", mcp.Required())), echo)
	log.Fatal(server.NewStreamableHTTPServer(all).Start("127.0.0.1:" + os.Args[1]))
}
