// On EKS: an ElastiCache of another stack, a server with an IAM role by IRSA, and a load balancer of AWS that keeps streams open.
import { Config, secret } from "@pulumi/pulumi";
import { IncomingAuthType, McpServer, ServiceType, VirtualMcpServer } from "mcp-fleet";

const config = new Config("eks-example");

/** Of the stack that makes the ElastiCache; in-transit encryption is on, so that its certificate is one of Amazon's. */
const sessionStorage = {
  address: config.require("cacheAddress"),
  username: "mcp-fleet",
  password: secret(config.require("cachePassword")),
  tls: {},
};

const documents = new McpServer("documents", {
  image: "registry.example.com/documents-mcp:2.0.0",
  sessions: 2_000,
  backendReplicas: 3,
  stateful: true,
  sessionStorage,
  serviceAccount: { annotations: { "eks.amazonaws.com/role-arn": config.require("roleArn") } },
});

const gateway = new VirtualMcpServer("tools", {
  sessions: 2_000,
  backends: [documents],
  sessionStorage,
  incomingAuth: {
    type: IncomingAuthType.Jwt,
    jwt: {
      issuer: "https://login.example.com",
      audience: "tools",
      jwks: "https://login.example.com/.well-known/jwks.json",
    },
  },
  serviceType: ServiceType.LoadBalancer,
  service: {
    annotations: {
      "service.beta.kubernetes.io/aws-load-balancer-type": "external",
      "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip",
      "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    },
  },
});

export const url = gateway.url;
