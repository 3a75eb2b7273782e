import { rm } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { fitNofile } from "@mcp-fleet/contract/capacity";
import { describe, expect, it, onTestFinished } from "vitest";
import { compose } from "../../runtime/server/compose.ts";
import { readStart } from "../../runtime/server/configuration.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { place, startLive, temporaryFolder } from "../../testkit/processes/live-gateway.ts";
import { callOf, messageOf, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { log } from "../../testkit/processes/test-log.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

const LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const NOBODY = "http://127.0.0.1:9/mcp";

const serverWith = async (...tools: string[]) => {
  const server = await ScriptedBackend.start();
  onTestFinished(() => server.stop());
  server.tools = tools.map((name) => ({ name, inputSchema: { type: "object" } }));
  return server;
};

const start = async (configuration: object) => {
  const file = join(await temporaryFolder(), "gateway.yaml");
  const quick = { configuration: { observe: "100ms" } };
  const write = (content: object | string) =>
    place(file, typeof content === "string" ? content : { ...quick, ...content });
  await write(configuration);
  const gateway = await startLive(file);
  const client = await RawClient.open(gateway.url);
  const names = async () =>
    messageOf(await client.post(LIST)).result?.tools?.map(({ name }) => name);
  const generation = async () => (await gateway.configuration()).generation;
  const refused = async () => (await gateway.configuration()).refused;
  const metric = async (name: string) => {
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    return new RegExp(`^mcp_fleet_${name} (\\S+)$`, "m").exec(text)?.[1];
  };
  return { file, gateway, client, write, names, generation, refused, metric };
};

describe("a configuration that changes while the gateway runs", () => {
  it("is taken over in open sessions where backends change, and what needs a rollout is named", async () => {
    const [one, two] = [await serverWith("a"), await serverWith("b")];
    const backends = [{ name: "one", url: one.url }];
    const { client, gateway, write, names, generation, metric } = await start({ backends });
    expect(await names()).toEqual(["one_a"]);
    const { digest } = await gateway.configuration();

    await write({
      backends: [...backends, { name: "two", url: two.url }],
      limits: { callTimeout: "7s" },
      metricsPort: 0,
    });

    await expect.poll(names).toEqual(["one_a", "two_b"]);
    expect(textOf(await client.post(callOf("two_b")))).toBe("b for raw");
    expect(one.discovered("initialize")).toBe(1);
    await expect
      .poll(() => gateway.configuration())
      .toMatchObject({ state: "current", needsRollout: ["limits.callTimeout", "metricsPort"] });
    expect(await generation()).toBe(2);
    expect((await gateway.configuration()).digest).not.toBe(digest);
    expect(await metric("configuration_generation")).toBe("2");
    expect(await metric("configuration_needs_rollout")).toBe("1");

    // Back at the start, nothing is left to do.
    await write({ backends });
    await expect.poll(names).toEqual(["one_a"]);
    await expect.poll(() => gateway.configuration()).toMatchObject({ digest, needsRollout: [] });
    expect(await metric("configuration_needs_rollout")).toBe("0");
  });

  it("has the call timeout of one backend changed, with 0 further handshakes of the other", async () => {
    const [one, two] = [await serverWith("a"), await serverWith("b")];
    const backends = [
      { name: "one", url: one.url },
      { name: "two", url: two.url },
    ];
    const { client, write, names, generation } = await start({ backends });
    expect(await names()).toEqual(["one_a", "two_b"]);
    await write({ backends, operational: { timeouts: { perWorkload: { two: "100ms" } } } });
    await expect.poll(generation).toBe(2);
    two.on("tools/call", () => {});
    const { error } = messageOf(await client.post(callOf("two_b")));
    expect(error?.message).toContain("did not answer within 0.1 s");
    expect([one.discovered("initialize"), two.discovered("initialize")]).toEqual([1, 2]);
  });

  it("has other names by another prefix, and is told of them once, with 0 further handshakes", async () => {
    const one = await serverWith("a");
    const backends = [{ name: "one", url: one.url }];
    const { client, write, names } = await start({ backends });
    expect(await names()).toEqual(["one_a"]);
    const stream = await client.stream();
    onTestFinished(() => stream.leave());
    const told = stream.next();
    await write({
      backends,
      aggregation: { conflictResolutionConfig: { prefixFormat: "my_{workload}_" } },
    });
    expect(await told).toContain("notifications/tools/list_changed");
    expect(await names()).toEqual(["my_one_a"]);
    expect(one.discovered("initialize")).toBe(1);
  });

  it("decides by other policies, and says what is wrong with those that it refuses", async () => {
    const one = await serverWith("a", "b");
    const backends = [{ name: "one", url: one.url }];
    const permit = (tool: string) => ({
      backends,
      incomingAuth: {
        authz: {
          type: "cedar",
          policies: [`permit(principal, action, resource == Tool::"${tool}");`],
        },
      },
    });
    const { client, write, names, refused } = await start(permit("one_a"));
    expect(await names()).toEqual(["one_a"]);
    const stream = await client.stream();
    onTestFinished(() => stream.leave());
    const told = stream.next();
    await write(permit("one_b"));
    expect(await told).toContain("notifications/tools/list_changed");
    expect(await names()).toEqual(["one_b"]);
    const { error } = messageOf(await client.post(callOf("one_a")));
    expect(error?.message).toBe("Unknown tool: one_a");

    const faulty = permit("one_a");
    faulty.incomingAuth.authz.policies = ["permit(principal, action, resource) when { a };"];
    await write(faulty);
    await expect.poll(async () => (await refused())?.faults.join()).toContain("line 1");
    await write({ backends });
    await expect
      .poll(async () => (await refused())?.faults.join())
      .toContain("must stay cedar while the gateway runs");
    expect(await names()).toEqual(["one_b"]);
  });

  it.each([
    ["broken YAML", "backends: [", "must be sufficiently indented and end with a ]"],
    ["0 backends", { backends: [] }, "must have at least 1 entry"],
    [
      "a wrong field elsewhere",
      { backends: [], dns: { refresh: 5 } },
      "must be a duration such as 30s",
    ],
    ["an unknown key", { backends: [{ name: "one", url: NOBODY, colour: 1 }] }, "known key"],
    [
      "a backend whose certificates are not there",
      { backends: [{ name: "one", url: "https://a/mcp", caBundlePath: "/nowhere.pem" }] },
      "must be a file that can be read (ENOENT)",
    ],
  ])("is refused with its faults for %s, and the one before stays", async (_, content, said) => {
    const one = await serverWith("a");
    const backends = [{ name: "one", url: one.url }];
    const { write, names, generation, refused, gateway, metric } = await start({ backends });
    expect(await names()).toEqual(["one_a"]);
    await write(content);
    await expect.poll(refused).toBeDefined();
    const { reason, faults = [] } = (await refused()) ?? {};
    expect(reason).toBe("invalid");
    expect(faults.join("\n")).toContain(said);
    expect(await names()).toEqual(["one_a"]);
    expect(await generation()).toBe(1);
    expect(one.discovered("initialize")).toBe(1);
    expect(await metric('configuration_refused_total\\{reason="invalid"\\}')).toBe("1");
    await write({ backends });
    await expect.poll(() => gateway.configuration()).toMatchObject({ state: "current" });
    expect(await refused()).toBeUndefined();
  });

  it("names where a fault is written, in the text that was refused", async () => {
    const one = await serverWith("a");
    const { write, refused, file } = await start({ backends: [{ name: "one", url: one.url }] });
    await write(`backends:\n  - name: one\n    url: ftp://a\n`);
    await expect.poll(async () => (await refused())?.faults.join()).toContain(`${file}:3:10`);
  });

  it("is refused where it fits only what needs a rollout itself", async () => {
    const one = await serverWith("a");
    const backends = [{ name: "one", url: one.url }];
    const { write, refused, gateway } = await start({ backends });
    await write({
      backends: [{ ...backends[0], callTimeout: "10m" }],
      limits: { callTimeoutMax: "10m" },
    });
    await expect
      .poll(async () => (await refused())?.faults.join())
      .toContain("must be at most limits.callTimeoutMax, which is 5m");
    expect((await gateway.configuration()).needsRollout).toEqual(["limits.callTimeoutMax"]);
  });

  it("stays as it is while the file is gone", async () => {
    const one = await serverWith("a");
    const backends = [{ name: "one", url: one.url }];
    const { file, write, names, generation } = await start({ backends });
    await rm(file);
    await write({ backends: [...backends, { name: "two", url: one.url }] });
    await expect.poll(names).toEqual(["one_a", "two_a"]);
    expect(await generation()).toBe(2);
  });

  it("goes back where 5 calls fail that did not fail before, and is tried again once the file is another", async () => {
    const [one, two] = [await serverWith("a"), await serverWith("a")];
    const slow = { configuration: { observe: "60s" } };
    const { client, write, generation, refused, gateway } = await start({
      backends: [{ name: "one", url: one.url }],
      ...slow,
    });
    expect(textOf(await client.post(callOf("one_a")))).toBe("a for raw");
    await write({ backends: [{ name: "one", url: NOBODY }], ...slow });
    await expect.poll(generation).toBe(2);
    for (let id = 1; id <= 5; id += 1) {
      const { error } = messageOf(await client.post(callOf("one_a", id)));
      expect(error?.message).toMatch(/cannot be reached|did not run/);
    }
    await expect.poll(refused, { timeout: 20_000 }).toEqual({
      reason: "failed_calls",
      faults: ["5 of 5 calls failed, and 0 of 1 before"],
    });
    expect(await generation()).toBe(3);
    const called = async () => textOf(await client.post(callOf("one_a", 9)));
    await expect.poll(called).toBe("a for raw");
    await write({ backends: [{ name: "one", url: two.url }], ...slow });
    await expect.poll(() => gateway.configuration()).toMatchObject({ state: "observing" });
    expect(textOf(await client.post(callOf("one_a", 10)))).toBe("a for raw");
    expect(two.count("tools/call")).toBeGreaterThan(0);
  }, 30_000);

  it("has new certificates read where their file changes, and calls go on", async () => {
    const folder = await temporaryFolder();
    const ca = join(folder, "ca.pem");
    const server = await EchoBackend.start();
    onTestFinished(() => server.stop());
    await place(ca, rootCertificates[0] ?? "");
    const backends = [{ name: "one", url: server.url, caBundlePath: ca }];
    const { client, gateway } = await start({ backends });
    const before = gateway.server.backends.get("one");
    await client.post(LIST);
    await place(ca, rootCertificates[1] ?? "");
    await expect.poll(() => gateway.server.backends.get("one") !== before).toBe(true);
    await expect.poll(async () => (await client.post(callOf("one_echo"))).status).toBe(200);
    const after = gateway.server.backends.get("one");
    // What is no certificate changes nothing, whatever else does.
    await place(ca, "no certificate");
    await gateway.server.backends.apply(
      gateway.server.backends.all.map(({ settings }) => settings),
    );
    expect(gateway.server.backends.get("one")).toBe(after);
  });

  it("is refused where the limit of open files has no room for its backends", async () => {
    const one = await serverWith("a");
    const file = join(await temporaryFolder(), "gateway.yaml");
    const own = { name: "one", url: one.url };
    await place(file, { backends: [own], session: { maxSessions: 10 } });
    const flags = { "--port": "0", "--admin-port": "0" };
    const { settings, source } = readStart({ role: "gateway", file, environment: {}, flags });
    const nofile = fitNofile(settings, 1024);
    const server = await compose({ settings, source, nofile, log });
    onTestFinished(() => server.destroy(new Error("the test is over")));
    await server.listen();
    const many = Array.from({ length: 9 }, (_, index) => ({ ...own, name: `more${index}` }));
    await place(file, { backends: [own, ...many], session: { maxSessions: 10 } });
    const refused = async () => (await server.status()).configuration?.refused?.faults.join();
    await expect.poll(refused).toContain("must fit the limit of open files, which is 1024");
    expect(server.backends.all).toHaveLength(1);
  });
});

describe("200 changes of the backends", () => {
  it("leave 0 sockets, timers, metrics and backends behind", async () => {
    const [one, two] = [await serverWith("a"), await serverWith("b")];
    const folder = await temporaryFolder();
    const file = join(folder, "gateway.yaml");
    await place(file, { backends: [{ name: "one", url: one.url }] });
    const gateway = await startLive(file);
    const { backends } = gateway.server;
    const client = await RawClient.open(gateway.url);
    const settingsOf = (names: readonly string[]) =>
      names.map((name) => {
        const [known] = backends.all;
        if (known === undefined) throw new Error("no backend");
        const url = name === "one" ? one.url : two.url;
        return { ...known.settings, name, address: { kind: "url" as const, url } };
      });
    const held = () =>
      process.getActiveResourcesInfo().filter((kind) => /Timeout|TCP|FS/.test(kind)).length;
    const metrics = async () => {
      const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
      return text.split("\n").filter((line) => /backend="two/.test(line));
    };
    const list = async () => messageOf(await client.post(LIST)).result?.tools?.length;
    await expect.poll(list).toBe(1);
    await backends.apply(settingsOf(["one", "two"]));
    await expect.poll(list).toBe(2);
    await backends.apply(settingsOf(["one"]));
    await expect.poll(() => two.openSockets).toBe(0);
    await expect.poll(metrics).toEqual([]);
    const before = held();

    for (let change = 0; change < 100; change += 1) {
      const name = `two${change % 3}`;
      await backends.apply(settingsOf(["one", name]));
      await expect.poll(list, { interval: 5 }).toBe(2);
      expect(textOf(await client.post(callOf(`${name}_b`)))).toBe("b for raw");
      await backends.apply(settingsOf(["one"]));
    }

    await expect.poll(() => two.openSockets, { timeout: 10_000 }).toBe(0);
    await expect.poll(metrics).toEqual([]);
    await expect.poll(held, { timeout: 10_000 }).toBeLessThanOrEqual(before + 3);
    // The client has a session under each of the 3 names; the gateway ended its own ones.
    expect(two.sessions.size).toBeLessThanOrEqual(3);
    expect(one.discovered("initialize")).toBe(1);
  }, 30_000);
});
