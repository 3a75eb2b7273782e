// From ToolHive: the servers stay MCPServers of its operator until they move, and clients move to the gateway first.
package main

import (
	"fmt"

	mcpfleet "github.com/mcp-fleet/mcp-fleet/sdk/go/mcp-fleet"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		store, err := mcpfleet.NewRedisSentinel(ctx, "sessions", &mcpfleet.RedisSentinelArgs{Sessions: 2_000})
		if err != nil {
			return err
		}
		var backends []mcpfleet.BackendArgsArgs
		for _, name := range []string{"github", "fetch", "osv"} {
			// The Service of an MCPServer's proxy runner is mcp-NAME-proxy, in the namespace of the MCPServer.
			url := fmt.Sprintf("http://mcp-%s-proxy.toolhive-system.svc:8080/mcp", name)
			backends = append(backends, mcpfleet.BackendArgsArgs{Name: name, Url: pulumi.String(url)})
		}
		gateway, err := mcpfleet.NewVirtualMcpServer(ctx, "vmcp", &mcpfleet.VirtualMcpServerArgs{
			Sessions: 2_000,
			Backends: backends,
			SessionStorage: &mcpfleet.SessionStorageArgsArgs{
				Sentinel: &mcpfleet.StorageSentinelArgsArgs{
					MasterName: store.MasterName,
					Addresses: []pulumi.StringInput{
						store.SentinelAddresses.Index(pulumi.Int(0)),
						store.SentinelAddresses.Index(pulumi.Int(1)),
						store.SentinelAddresses.Index(pulumi.Int(2)),
					},
					Username: store.Username,
				},
				Username: store.Username,
				Password: store.Password,
			},
			// The names that clients know: vMCP's default is {workload}_, which is this default, too.
			Aggregation: &mcpfleet.AggregationArgsArgs{PrefixFormat: pulumi.StringRef("{workload}_")},
		})
		if err != nil {
			return err
		}
		ctx.Export("url", gateway.Url)
		return nil
	})
}
