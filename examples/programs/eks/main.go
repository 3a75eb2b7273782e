// On EKS: an ElastiCache of another stack, a server with an IAM role by IRSA, and a load balancer of AWS.
package main

import (
	mcpfleet "github.com/mcp-fleet/mcp-fleet/sdk/go/mcp-fleet"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "eks-example")
		storage := &mcpfleet.SessionStorageArgsArgs{
			Address:  pulumi.String(settings.Require("cacheAddress")),
			Username: pulumi.String("mcp-fleet"),
			Password: settings.RequireSecret("cachePassword"),
			Tls:      &mcpfleet.StorageTlsArgsArgs{},
		}
		documents, err := mcpfleet.NewMcpServer(ctx, "documents", &mcpfleet.McpServerArgs{
			Image:           pulumi.String("registry.example.com/documents-mcp:2.0.0"),
			Sessions:        pulumi.Float64Ref(2_000),
			BackendReplicas: pulumi.Float64Ref(3),
			Stateful:        pulumi.BoolRef(true),
			SessionStorage:  storage,
			ServiceAccount: &mcpfleet.ServiceAccountArgsArgs{
				Annotations: map[string]pulumi.StringInput{
					"eks.amazonaws.com/role-arn": pulumi.String(settings.Require("roleArn")),
				},
			},
		})
		if err != nil {
			return err
		}
		serviceType := mcpfleet.ServiceTypeLoadBalancer
		gateway, err := mcpfleet.NewVirtualMcpServer(ctx, "tools", &mcpfleet.VirtualMcpServerArgs{
			Sessions: 2_000,
			Backends: []mcpfleet.BackendArgsArgs{
				{Name: "documents", Url: documents.Url, Stateful: pulumi.BoolRef(true)},
			},
			SessionStorage: storage,
			IncomingAuth: &mcpfleet.IncomingAuthArgsArgs{
				Type: mcpfleet.IncomingAuthTypeJwt,
				Jwt: &mcpfleet.JwtArgsArgs{
					Issuer:   pulumi.String("https://login.example.com"),
					Audience: pulumi.String("tools"),
					Jwks:     pulumi.String("https://login.example.com/.well-known/jwks.json"),
				},
			},
			ServiceType: &serviceType,
			Service: &mcpfleet.ServiceArgsArgs{
				Annotations: map[string]pulumi.StringInput{
					"service.beta.kubernetes.io/aws-load-balancer-type":            pulumi.String("external"),
					"service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": pulumi.String("ip"),
					"service.beta.kubernetes.io/aws-load-balancer-scheme":          pulumi.String("internal"),
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
