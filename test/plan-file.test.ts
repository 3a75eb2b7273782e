import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaultsError, printFault } from "@mcp-fleet/contract";
import { type Plan, plan, planOf } from "@mcp-fleet/contract/capacity";
import { afterAll, describe, expect, test } from "vitest";
import { readConfiguration } from "../runtime/server/configuration.ts";

const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-plan-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILE = join(folder, "fleet.yaml");

/** The plan of a file with this text. */
function planned(text: string): Plan {
  writeFileSync(FILE, text);
  return readConfiguration({ file: FILE, environment: {} }, planOf);
}

/** What is wrong with a file of this text, as the command prints it. */
function faultsOf(text: string): string[] {
  try {
    planned(text);
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    return error.faults.map((fault) => printFault(fault).replaceAll(`${folder}/`, ""));
  }
  return [];
}

/** The same in a line each: where, what to do, and the line. */
function fixesOf(text: string): string[] {
  return faultsOf(text).map((printed) => {
    const [path] = printed.split("\n");
    const [, fix, from] = / {2}fix {4}(.*)\n {2}from {3}(.*)$/.exec(printed) ?? [];
    return `${path}: ${fix} (${from})`;
  });
}

const REDIS = "sessionStorage: { provider: redis, address: redis:6379 }";

describe("the settings of a gateway say", () => {
  const BACKENDS = `
backends:
  - { name: a, url: http://a/mcp, notifications: session }
  - { name: b, url: http://b/mcp, catalog: perSession }
  - { name: c, url: http://c/sse, transport: sse }
  - { name: d, url: http://d/mcp }
`;

  test("how many backends there are, where sessions live, and at 3 of 4 backends they have streams", () => {
    const { inputs, servers } = planned(`${BACKENDS}${REDIS}\nload: { sessions: 2500 }`);
    expect(inputs).toMatchObject({ backends: 4, sessionStreamBackends: 3, store: "redis" });
    expect(servers).toEqual([]);
    const more = planned(`${BACKENDS}${REDIS}\nload: { sessionStreamBackends: 4 }`);
    expect(more.inputs.sessionStreamBackends).toBe(4);
  });

  test("all that limits and session determine, and without a load as many sessions as may be", () => {
    const { inputs } = planned(`${BACKENDS}${REDIS}
session: { maxSessions: 800, cacheEntries: 500, idleTtl: 1h }
limits: { callTimeoutMax: 10m, upstreamConnections: 16, views: 8, clientBytes: 8Ki }
nofile: { required: 8192 }
`);
    expect(inputs).toEqual(
      plan({
        sessions: 800,
        backends: 4,
        sessionStreamBackends: 3,
        store: "redis",
        cacheEntries: 500,
        idleTtlSeconds: 3600,
        callTimeoutMaxSeconds: 600,
        upstreamConnections: 16,
        views: 8,
        clientBytes: 8192,
        sessionCatalogBytes: 32 * 2 ** 20,
        nofile: 8192,
      }).inputs,
    );
  });

  test("at most: a load of fewer sessions is planned for, on nodes with the limit that it names", () => {
    const { inputs } = planned(`${BACKENDS}
session: { maxSessions: 800 }
nofile: { required: 8192 }
load: { sessions: 300, nofile: 65536 }
`);
    expect(inputs).toMatchObject({ sessions: 300, nofile: 65_536, store: "memory" });
  });

  test("of a server what its backend is: stateful, its streams, and the pods of its StatefulSet", () => {
    const statefulSet = "{ name: b, service: b, namespace: mcp, replicas: 3, port: 8080 }";
    const { servers } = planned(`
backends:
  - { name: x.y, url: http://x/mcp, catalog: perSession, stateful: true }
  - { name: b, statefulSet: ${statefulSet} }
  - { name: c, url: http://c/mcp }
${REDIS}
load:
  sessions: 2500
  servers:
    b:
    c: { replicas: 1, sessions: 100, callTimeoutMax: 90s, sessionBytes: 1Mi, processBytes: 1000000, memoryBytes: 1Gi }
    x.y: { proxied: true }
`);
    const c = { replicas: 1, sessions: 100, callTimeoutMaxSeconds: 90, sessionBytes: 2 ** 20 };
    const { servers: same } = plan({
      sessions: 2500,
      store: "redis",
      servers: [
        { name: "x.y", catalog: "perSession", stateful: true, proxied: true },
        { name: "b", replicas: 3 },
        { name: "c", ...c, processBytes: 1_000_000, memoryBytes: 2 ** 30 },
      ],
    });
    expect(servers).toEqual(same);
  });
});

describe("a file is refused, with its line and what to change,", () => {
  const file = (load: string) => `backends:
  - { name: github, url: http://github:8080/mcp }
  - { name: search, statefulSet: { name: a, service: a, namespace: a, replicas: 3, port: 1 } }
sessionStorage: { provider: redis, address: redis:6379 }
load:
  ${load}
`;

  test.each([
    ["views: 12", "load.views", "12", "must be a known key", "set limits.views instead"],
    ["veiws: 12", "load.veiws", "12", "must be a known key", "set limits.views instead"],
    ["backends: 3", "load.backends", "3", "must be a known key", "set backends instead"],
    [
      "idleTtlSeconds: 60",
      "load.idleTtlSeconds",
      "60",
      "must be a known key",
      "set session.idleTtl instead",
    ],
    [
      "callTimeSeconds: 1",
      "load.callTimeSeconds",
      "1",
      "must be a known key",
      'did you mean "callTime"?',
    ],
    ["memory: 2Gi", "load.memory", '"2Gi"', "must be a known key", 'did you mean "memoryBytes"?'],
    ["server: {}", "load.server", "an empty map", "must be a known key", 'did you mean "servers"?'],
    [
      "colour: red",
      "load.colour",
      '"red"',
      "must be a known key",
      "remove it; docs/capacity.md lists the known keys",
    ],
    ["callTime: 10", "load.callTime", "10", "must be a duration such as 30s", "add a unit"],
    [
      "callTime: 2d",
      "load.callTime",
      '"2d"',
      "must be a duration from 0s to 1d",
      "set it to 1d or less",
    ],
    ["sessions: 0", "load.sessions", "0", "must be at least 1", "set it to 1 or more"],
    [
      "sessions: 20000",
      "load.sessions",
      "20000",
      "must be at most session.maxSessions, which is 10000",
      "lower it, or raise session.maxSessions",
    ],
    [
      "streamsPerSession: 2.5",
      "load.streamsPerSession",
      "2.5",
      "must be at most limits.streams, which is 2",
      "lower it, or raise limits.streams",
    ],
    [
      "streamsPerSession: two",
      "load.streamsPerSession",
      '"two"',
      "must be a number",
      "write a number, without quotes",
    ],
    [
      "memoryBytes: 2GB",
      "load.memoryBytes",
      '"2GB"',
      "must be a size such as 8Mi",
      "write it as 8Mi, 512Ki or a plain number of bytes",
    ],
    [
      "openedBackends: 3",
      "load.openedBackends",
      "3",
      "must be at most backends, which is 2",
      "lower it, or raise backends",
    ],
    [
      "maxReplicas: 1",
      "load.maxReplicas",
      "1",
      "must be at least 7: the pods that the declared sessions need",
      "raise it to 7, or lower sessions",
    ],
    [
      "nofile: 300",
      "load.nofile",
      "300",
      "must be at least 694: what a pod needs to serve one session",
      "raise it to 694, or lower upstreamConnections, views or backends",
    ],
  ])("for load: { %s }", (load, path, value, rule, fix) => {
    const at = `fleet.yaml:6:${4 + load.indexOf(" ")}`;
    const lines = [
      path,
      `  value  ${value}`,
      `  rule   ${rule}`,
      `  fix    ${fix}`,
      `  from   ${at}`,
    ];
    expect(faultsOf(file(load))).toEqual([lines.join("\n")]);
  });

  test("for servers that no backend is, that have two numbers of pods, or that say what their backend says", () => {
    const servers =
      "servers: { gihub: {}, search: { replicas: 2 }, github: { stateful: true, color: red } }";
    expect(fixesOf(file(servers))).toEqual([
      "load.servers.github.stateful: set stateful in its entry of backends (fleet.yaml:6:70)",
      "load.servers.github.color: remove it; known keys are replicas, maxReplicas, sessions, podSessions, callTimeoutMax, sessionBytes, processBytes, memoryBytes, proxied (fleet.yaml:6:83)",
      "load.servers.search.replicas: remove it (fleet.yaml:6:45)",
      'load.servers.gihub: did you mean "github"? (fleet.yaml:6:21)',
    ]);
    expect(faultsOf(file("servers: { billing: {} }"))[0]).toContain("use one of github, search");
  });

  test("for settings that no plan is for, at the setting", () => {
    const text = file("minReplicas: 2");
    expect(fixesOf(`${text}nofile: { required: 300 }`)).toEqual([
      "nofile.required: raise it to 694, or lower upstreamConnections, views or backends (fleet.yaml:7:21)",
    ]);
    expect(fixesOf(text.replace("provider: redis", "provider: memory"))).toEqual([
      "load.minReplicas: remove it, or use redis, sentinel or cluster (fleet.yaml:6:16)",
    ]);
    expect(fixesOf(file("sessions: 5000").replace("provider: redis", "provider: memory"))).toEqual([
      "sessionStorage: use redis, sentinel or cluster, or raise the ceiling that limits podCapacity (fleet.yaml:4:17)",
    ]);
  });

  test("for both of two servers that no plan is for", () => {
    const faults = fixesOf(`backends:
  - { name: a.b, url: http://a/mcp }
  - { name: c, statefulSet: { name: c, service: c, namespace: c, replicas: 1, port: 1 } }
load:
  sessions: 2000
  servers:
    a.b: { replicas: 3, memoryBytes: 300Mi }
    c: { memoryBytes: 512Mi }
`);
    expect(faults).toEqual([
      "load.servers.a.b.memoryBytes: raise it to 538Mi, run more replicas, or lower sessions or sessionBytes (fleet.yaml:7:38)",
      "load.servers.c.memoryBytes: raise it to 838Mi, run more replicas, or lower sessions or sessionBytes (fleet.yaml:8:23)",
    ]);
  });
});
