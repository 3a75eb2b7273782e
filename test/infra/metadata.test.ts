import { InputPropertiesError, output } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { McpServer, RedisSentinel, VirtualMcpServer } from "../../infra/index.ts";
import { GITHUB, POD, STORE } from "../../testkit/pulumi/components.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

const ROLE = { "eks.amazonaws.com/role-arn": output("arn:aws:iam::1:role/mcp") };

/** One of each component, with these arguments beside those that it needs. */
const stackOf = (args: object) =>
  RecordedStack.of(() => {
    new VirtualMcpServer("eng", {
      sessions: 1000,
      backends: [GITHUB],
      sessionStorage: STORE,
      ingress: { host: "mcp.example.com" },
      ...args,
    });
    new McpServer("files", { image: "files:1", sessionStorage: STORE, ...args });
    new RedisSentinel("sessions", { sessions: 1000, exporter: {}, ...args });
  });

describe("labels and annotations of a component", () => {
  test("are on each of its Kubernetes resources, beside its own", async () => {
    const { resources } = await stackOf({
      labels: { team: "eng", "app.kubernetes.io/name": "other" },
      annotations: { "example.com/cost-center": output("42") },
    });
    const made = resources.filter(({ type }) => type.startsWith("kubernetes:"));
    expect(made.length).toBeGreaterThan(30);
    for (const resource of made) {
      expect(resource.at("metadata.labels"), resource.name).toMatchObject({
        team: "eng",
        "app.kubernetes.io/name": "mcp-fleet",
      });
      expect(resource.at("metadata.annotations"), resource.name).toMatchObject({
        "example.com/cost-center": "42",
      });
    }
  });

  test("are not on pods, which they would restart", async () => {
    const { resources } = await stackOf({ labels: { team: "eng" } });
    for (const workload of resources.filter(({ kind }) =>
      /^(?:Deployment|StatefulSet)$/.test(kind),
    )) {
      expect(workload.map("spec.template.metadata.labels")).not.toHaveProperty("team");
    }
  });
});

describe("a service account", () => {
  test("gets the annotations by which a cloud gives it rights", async () => {
    const { resources } = await stackOf({ serviceAccount: { annotations: ROLE } });
    const accounts = resources.filter(({ kind }) => kind === "ServiceAccount");
    const annotated = accounts.filter(
      (account) => account.at("metadata.annotations") !== undefined,
    );
    expect(annotated.map((account) => account.at("metadata.name")).sort()).toEqual([
      "eng-gateway",
      "files-server",
      "sessions-redis",
    ]);
  });

  test("is that of the user where it is made elsewhere: pods run as it, and none is made", async () => {
    const { resources } = await RecordedStack.of(() => {
      new McpServer("files", {
        image: "files:1",
        sessionStorage: STORE,
        serviceAccount: { create: false, name: "theirs" },
        proxy: { serviceAccount: { create: false, name: "also-theirs" } },
      });
    });
    expect(resources.filter(({ kind }) => kind === "ServiceAccount")).toEqual([]);
    const names = resources
      .filter(({ kind }) => /^(?:Deployment|StatefulSet)$/.test(kind))
      .map((workload) => workload.at(`${POD}.serviceAccountName`));
    expect(names.sort()).toEqual(["also-theirs", "theirs"]);
  });

  test("must have a name where it is made elsewhere, and no annotations", async () => {
    let refused: unknown;
    await RecordedStack.of(() => {
      try {
        new McpServer("files", {
          image: "files:1",
          serviceAccount: { create: false, annotations: ROLE },
        });
      } catch (error) {
        refused = error;
      }
    });
    expect(refused).toBeInstanceOf(InputPropertiesError);
    expect(refused).toMatchObject({
      errors: [
        {
          propertyPath: "serviceAccount.name",
          reason: "is required without create; name the service account, or remove create",
        },
        { propertyPath: "serviceAccount.annotations" },
      ],
    });
  });
});

test("the Service of gateways gets the annotations of a load balancer", async () => {
  const { resources } = await RecordedStack.of(() => {
    new VirtualMcpServer("eng", {
      sessions: 1000,
      backends: [GITHUB],
      sessionStorage: STORE,
      service: { annotations: { "service.beta.kubernetes.io/aws-load-balancer-type": "nlb" } },
    });
  });
  const service = resources.find(({ kind }) => kind === "Service");
  expect(service?.at("metadata.annotations")).toEqual({
    "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
  });
});
