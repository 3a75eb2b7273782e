import { pino } from "pino";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { EndpointResolver } from "../../runtime/upstream/endpoints/endpoint-resolver.ts";
import { SrvEndpoints } from "../../runtime/upstream/endpoints/srv-endpoints.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startProxy } from "../../testkit/processes/gateway.ts";
import { callOf, messageOf } from "../../testkit/processes/scripted-fleet.ts";
import { DnsServer, hasDns, type NamedPod } from "../../testkit/servers/dns-server.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const SERVICE = "_mcp._tcp.counter.mcp.svc.test";
const UNNAMED_MS = 400;
const REFRESH_MS = 50;

const podsOf = (...ports: number[]): NamedPod[] =>
  ports.map((port, ordinal) => ({ host: `counter-${ordinal}.counter.mcp.svc.test`, port }));

describe.skipIf(!hasDns)("the pods that a DNS server names", () => {
  let dns: DnsServer;

  beforeEach(async () => {
    dns = await DnsServer.start(SERVICE, podsOf(7000, 7001));
    return () => dns.stop();
  });

  const follow = async (onChange = () => {}) => {
    const address = {
      kind: "srv",
      service: SERVICE,
      scheme: "http",
      path: "/mcp",
      maxPods: 3,
    } as const;
    const pods = new SrvEndpoints({
      address,
      resolver: new EndpointResolver([dns.address]),
      refreshMs: REFRESH_MS,
      unnamedMs: UNNAMED_MS,
      log: pino({ level: "silent" }),
      onChange,
    });
    onTestFinished(() => pods.close());
    await pods.start();
    return pods;
  };

  const namesOf = ({ endpoints }: SrvEndpoints) => endpoints.map(({ name }) => name);

  it("are counter-0 and counter-1, at the ports that SRV says", async () => {
    expect((await follow()).endpoints).toEqual([
      { name: "counter-0", url: "http://counter-0.counter.mcp.svc.test:7000/mcp" },
      { name: "counter-1", url: "http://counter-1.counter.mcp.svc.test:7001/mcp" },
    ]);
  });

  it("grow from 0 to 2 to 3 without a restart, and those that are left out are gone after a while, not at once", async () => {
    let changes = 0;
    const pods = await follow(() => {
      changes += 1;
    });
    await dns.serve(SERVICE, podsOf(7000, 7001, 7002));
    await eventually(() => expect(namesOf(pods)).toEqual(["counter-0", "counter-1", "counter-2"]));
    await dns.serve(SERVICE, podsOf(7000, 7001));
    expect(pods.isGone("counter-2")).toBe(false);
    await eventually(() => expect(namesOf(pods)).toEqual(["counter-0", "counter-1"]));
    expect(pods.isGone("counter-2")).toBe(true);
    expect(pods.isGone("counter-1")).toBe(false);
    expect(changes).toBe(3);
  });

  it("are at most the 3 that maxPods allows, in the order of their ordinals", async () => {
    const pods = await follow();
    await dns.serve(SERVICE, podsOf(7000, 7001, 7002, 7003));
    await eventually(() => expect(namesOf(pods)).toEqual(["counter-0", "counter-1", "counter-2"]));
  });

  it("that were never seen are gone once good answers have left them out for a while", async () => {
    const pods = await follow();
    expect(pods.isGone("counter-9")).toBe(false);
    await eventually(() => expect(pods.isGone("counter-9")).toBe(true));
  });

  it.each([
    ["is down", (server: DnsServer) => server.stop()],
    ["hangs", async (server: DnsServer) => server.freeze()],
    ["knows no such name", (server: DnsServer) => server.serve(SERVICE, [])],
  ])("stay as they were while the server %s", async (_what, fail) => {
    const pods = await follow();
    await fail(dns);
    const resolver = new EndpointResolver([dns.address]);
    await expect(resolver.services(SERVICE)).rejects.toThrow();
    // As many good answers as would make a pod gone, none of them given.
    const untilMs = performance.now() + UNNAMED_MS * 2;
    await eventually(() => expect(performance.now()).toBeGreaterThan(untilMs));
    expect(namesOf(pods)).toEqual(["counter-0", "counter-1"]);
    expect(pods.isGone("counter-1")).toBe(false);
  });

  it("are reached at their last address while the server is down", async () => {
    const resolver = new EndpointResolver([dns.address]);
    const addressOf = () =>
      new Promise((resolve, reject) =>
        resolver.lookup("counter-0.counter.mcp.svc.test", {}, (error, address) =>
          error === null ? resolve(address) : reject(error),
        ),
      );
    expect(await addressOf()).toBe("127.0.0.1");
    await dns.stop();
    expect(await addressOf()).toBe("127.0.0.1");
  });
});

describe.skipIf(!hasDns)("a proxy before the pods of a headless Service", () => {
  it("spreads sessions over 2 pods, over 4 once there are 4, and loses none while DNS is down", async () => {
    const servers = await Promise.all(Array.from({ length: 4 }, () => ScriptedBackend.start()));
    onTestFinished(() => Promise.all(servers.map((server) => server.stop())).then(() => {}));
    const ports = servers.map(({ url }) => Number(new URL(url).port));
    const dns = await DnsServer.start(SERVICE, podsOf(...ports.slice(0, 2)));
    onTestFinished(() => dns.stop());
    const proxy = await startProxy(
      {
        backends: [{ name: "counter", srv: SERVICE, stateful: true }],
        dns: { servers: [dns.address], refresh: "50ms" },
      },
      { store: new MemoryStore(), ring: KeyRing.generate() },
    );
    onTestFinished(() => proxy.close());
    const open = (count: number) =>
      Promise.all(Array.from({ length: count }, () => RawClient.open(proxy.url)));
    const counts = () => servers.map(({ clientSessions }) => clientSessions.length);
    const clients = await open(6);
    expect(counts()).toEqual([3, 3, 0, 0]);

    await dns.serve(SERVICE, podsOf(...ports));
    const pods = async () => {
      const status = JSON.parse(await (await fetch(`${proxy.adminUrl}/status`)).text());
      return status.backends[0].pods.length;
    };
    await expect.poll(pods).toBe(4);
    clients.push(...(await open(6)));
    expect(counts()).toEqual([3, 3, 3, 3]);

    await dns.serve(SERVICE, podsOf(...ports.slice(0, 2)));
    await dns.stop();
    const answers = await Promise.all(clients.map((client) => client.post(callOf("write"))));
    expect(answers.map((answer) => messageOf(answer).error)).toEqual(clients.map(() => undefined));
  });
});
