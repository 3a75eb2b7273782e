// A gateway over a Redis that somebody else runs: TLS with a CA of one's own, and the password in a Secret that exists.
package main

import (
	mcpfleet "github.com/mcp-fleet/mcp-fleet/sdk/go/mcp-fleet"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		gateway, err := mcpfleet.NewVirtualMcpServer(ctx, "tools", &mcpfleet.VirtualMcpServerArgs{
			Sessions: 5_000,
			Backends: []mcpfleet.BackendArgsArgs{
				{Name: "github", Url: pulumi.String("http://github.tools.svc:8080/mcp")},
				{Name: "wiki", Url: pulumi.String("https://wiki.example.com/mcp")},
			},
			SessionStorage: &mcpfleet.SessionStorageArgsArgs{
				Address:     pulumi.String("redis.data.svc:6379"),
				Username:    pulumi.String("tools"),
				PasswordRef: &mcpfleet.SecretKeyArgsArgs{Name: pulumi.String("redis-tools"), Key: pulumi.String("password")},
				Tls: &mcpfleet.StorageTlsArgsArgs{
					CaConfigMapRef: &mcpfleet.ConfigMapKeyArgsArgs{Name: pulumi.String("redis-ca"), Key: pulumi.String("ca.crt")},
				},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("url", gateway.Url)
		return nil
	})
}
