// A store, and a gateway of two servers that run already, for 1,000 sessions.
package main

import (
	mcpfleet "github.com/mcp-fleet/mcp-fleet/sdk/go/mcp-fleet"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		store, err := mcpfleet.NewRedisSentinel(ctx, "sessions", &mcpfleet.RedisSentinelArgs{Sessions: 1_000})
		if err != nil {
			return err
		}
		gateway, err := mcpfleet.NewVirtualMcpServer(ctx, "tools", &mcpfleet.VirtualMcpServerArgs{
			Sessions: 1_000,
			Backends: []mcpfleet.BackendArgsArgs{
				{Name: "github", Url: pulumi.String("http://github.tools.svc:8080/mcp")},
				{Name: "wiki", Url: pulumi.String("https://wiki.example.com/mcp")},
			},
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
		})
		if err != nil {
			return err
		}
		ctx.Export("url", gateway.Url)
		ctx.Export("replicas", gateway.Plan.MapIndex(pulumi.String("replicas")))
		return nil
	})
}
