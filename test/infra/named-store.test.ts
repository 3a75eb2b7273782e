import { output } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { McpServer, type SessionStorageArgs, VirtualMcpServer } from "../../infra/index.ts";
import { CONTAINER, configurationOf, GITHUB } from "../../testkit/pulumi/components.ts";
import { verdict } from "../../testkit/pulumi/judged-stack.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

const HOST = "sessions.abc123.cache.example.com";

/** As of a cloud's cache in the same stack: nobody knows the address before it exists. */
const CACHE: SessionStorageArgs = {
  name: "sessions",
  address: output(`${HOST}:6379`),
  password: output("the-token"),
  tls: {},
  sessions: 10_000,
  clientPods: 20,
};

const fleet = (sessionStorage: SessionStorageArgs) =>
  RecordedStack.of(() => {
    const image = `github@sha256:${"0".repeat(64)}`;
    const github = new McpServer("github", { image, sessionStorage });
    const backends = [github, { ...GITHUB, name: "other" }];
    new VirtualMcpServer("eng", { sessions: 1000, backends, sessionStorage });
  });

const declared = { "session-storage-declared": { externalStores: ["sessions"] } };

describe("a store with a name, whose address is known only after the update", () => {
  test("has its address in 2 Secrets, and nothing that a policy reads has it", async () => {
    const { resources } = await fleet(CACHE);
    const holders = resources.filter(({ inputs }) => JSON.stringify(inputs).includes(HOST));
    expect(holders.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      "Secret eng-gateway-storage",
      "Secret github-proxy-storage",
    ]);
  });

  test("passes every mandatory policy as soon as its name is in externalStores", async () => {
    const stack = await fleet(CACHE);
    expect(verdict(stack, declared)).toEqual([]);
    expect(verdict(stack).sort()).toEqual(
      ["eng-gateway", "github-proxy"]
        .map(
          (name) =>
            `session-storage-declared: Deployment ${name}: its store sessions is not in the setting externalStores; add its name there`,
        )
        .sort(),
    );
  });

  test("is one store for all that write its name: two with one key prefix are refused", async () => {
    const stack = await fleet({ ...CACHE, keyPrefix: "mcp-fleet:eng:" });
    const found = verdict(stack, declared);
    expect(found).toEqual([]);
    const twice = await RecordedStack.of(() => {
      for (const name of ["one", "two"]) {
        const sessionStorage = { ...CACHE, keyPrefix: "mcp-fleet:" };
        new VirtualMcpServer(name, { sessions: 1000, backends: [GITHUB], sessionStorage });
      }
    });
    expect(
      verdict(twice, declared).filter((one) => one.startsWith("key-prefixes-apart")),
    ).toHaveLength(2);
  });

  test("is found by the process in a variable, in the place of the file", async () => {
    const stack = await fleet(CACHE);
    expect(configurationOf(stack, "eng-gateway").sessionStorage).not.toHaveProperty("address");
    const secret = stack.one("Secret", "eng-gateway-storage").map("stringData");
    expect(secret.address).toBe(`${HOST}:6379`);
    expect(stack.one("Deployment", "eng-gateway").list(`${CONTAINER}.env`)).toContainEqual({
      name: "MCP_FLEET_SESSION_STORAGE_ADDRESS",
      valueFrom: { secretKeyRef: { name: expect.anything(), key: "address" } },
    });
  });

  test("may be one behind Sentinels: their addresses are a list in JSON", async () => {
    const { address: _, ...rest } = CACHE;
    const sentinel = { masterName: "main", addresses: [output(`${HOST}:26379`)] };
    const stack = await fleet({ ...rest, sentinel });
    const secret = stack.one("Secret", "eng-gateway-storage").map("stringData");
    expect(secret["sentinel-addresses"]).toBe(JSON.stringify([`${HOST}:26379`]));
    expect(configurationOf(stack, "eng-gateway").sessionStorage).toMatchObject({
      sentinel: { masterName: "main" },
    });
    expect(verdict(stack, declared)).toEqual([]);
  });
});

describe("two components of one name in one namespace", () => {
  test("are refused, and both are named, for each workload of the 2", async () => {
    const stack = await RecordedStack.of(() => {
      for (const name of ["one", "two"]) {
        const args = { name: "eng", sessions: 100, backends: [GITHUB] };
        new VirtualMcpServer(name, args);
      }
    });
    expect(verdict(stack).filter((one) => one.startsWith("names-apart"))).toEqual([
      "names-apart: Deployment one-gateway: it is default/eng-gateway in Kubernetes, and so is Deployment two-gateway; give one of their components another name or namespace",
      "names-apart: Deployment two-gateway: it is default/eng-gateway in Kubernetes, and so is Deployment one-gateway; give one of their components another name or namespace",
    ]);
  });

  test("are fine in two namespaces", async () => {
    const stack = await RecordedStack.of(() => {
      for (const namespace of ["dev", "prod"]) {
        const args = { name: "eng", namespace, sessions: 100, backends: [GITHUB] };
        new VirtualMcpServer(`eng-${namespace}`, args);
      }
    });
    expect(verdict(stack)).toEqual([]);
  });
});
