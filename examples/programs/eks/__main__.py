"""On EKS: an ElastiCache of another stack, a server with an IAM role by IRSA, and a load balancer of AWS."""

import pulumi
import pulumi_mcp_fleet as mcp_fleet

config = pulumi.Config("eks-example")
storage = {
    "address": config.require("cacheAddress"),
    "username": "mcp-fleet",
    "password": config.require_secret("cachePassword"),
    "tls": {},
}

documents = mcp_fleet.McpServer(
    "documents",
    image="registry.example.com/documents-mcp:2.0.0",
    sessions=2000,
    backend_replicas=3,
    stateful=True,
    session_storage=storage,
    service_account={"annotations": {"eks.amazonaws.com/role-arn": config.require("roleArn")}},
)

gateway = mcp_fleet.VirtualMcpServer(
    "tools",
    sessions=2000,
    backends=[{"name": "documents", "url": documents.url, "stateful": True}],
    session_storage=storage,
    incoming_auth={
        "type": "jwt",
        "jwt": {
            "issuer": "https://login.example.com",
            "audience": "tools",
            "jwks": "https://login.example.com/.well-known/jwks.json",
        },
    },
    service_type="LoadBalancer",
    service={
        "annotations": {
            "service.beta.kubernetes.io/aws-load-balancer-type": "external",
            "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip",
            "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
        }
    },
)

pulumi.export("url", gateway.url)
