import { ConfigError } from "@mcp-fleet/contract";
import {
  addressText,
  type Configuration,
  connectionsPerPod,
  type Role,
  validate,
} from "@mcp-fleet/contract/settings";
import { describe, expect, it, test } from "vitest";

type Backend = Partial<Configuration["backends"][number]>;

const SRV = "_mcp._tcp.counter.mcp.svc.cluster.local";
const SET = {
  name: "counter",
  service: "counter-headless",
  namespace: "mcp",
  replicas: 3,
  port: 8080,
};

const settingsOf = (backend: Backend) =>
  validate({ backends: [{ name: "a", ...backend }] }).backends[0];

/** Each fault as `path: rule; fix`. */
function faultsOf(backends: readonly Backend[], role: Role = "gateway"): string[] {
  const named = backends.map((backend, index) => ({ name: `b${index}`, ...backend }));
  try {
    validate({ backends: named }, [], role);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, rule, fix }) => `${path}: ${rule}; ${fix}`);
  }
}

describe("the address of a backend", () => {
  it("is a URL, a list of 2 URLs, SRV records or a StatefulSet of 3", () => {
    expect(settingsOf({ url: "http://a/mcp" })?.address).toEqual({
      kind: "url",
      url: "http://a/mcp",
    });
    const urls = ["http://a-0/mcp", "http://a-1/mcp"];
    expect(settingsOf({ urls })?.address).toEqual({ kind: "urls", urls });
    expect(settingsOf({ srv: SRV, scheme: "https", path: "/" })?.address).toEqual({
      kind: "srv",
      service: SRV,
      scheme: "https",
      path: "/",
      maxPods: 16,
    });
    expect(settingsOf({ statefulSet: SET })?.address).toEqual({
      kind: "statefulSet",
      ...SET,
      clusterDomain: "cluster.local",
      scheme: "http",
      path: "/mcp",
    });
  });

  it("is said in one line each", () => {
    const texts = [
      { url: "http://a/mcp" },
      { urls: ["http://a-0/mcp", "http://a-1/mcp"] },
      { srv: SRV },
      { statefulSet: SET },
    ]
      .map((backend) => settingsOf(backend)?.address)
      .map((address) => (address === undefined ? "" : addressText(address)));
    expect(texts).toEqual([
      "http://a/mcp",
      "http://a-0/mcp, http://a-1/mcp",
      `srv ${SRV}`,
      "statefulset mcp/counter",
    ]);
  });

  it("gives each of 3 pods 85 of 256 connections, each of 16 pods 16, and none less than 1", () => {
    const shares = [0, 1, 3, 16].map((pods) => connectionsPerPod(pods, 256));
    expect(shares).toEqual([256, 256, 85, 16]);
    expect(connectionsPerPod(16, 3)).toBe(1);
  });
});

describe("the routing of a backend", () => {
  it("is session where the server is stateful, spread otherwise, and what is written", () => {
    expect(settingsOf({ srv: SRV, stateful: true })?.routing).toBe("session");
    expect(settingsOf({ srv: SRV })?.routing).toBe("spread");
    expect(settingsOf({ srv: SRV, routing: "session" })?.routing).toBe("session");
  });
});

test.each<[string, Backend, string]>([
  [
    "no address",
    {},
    "backends[0].url: is required, unless urls, srv or statefulSet is set; add url: http://host:port/mcp",
  ],
  [
    "2 addresses",
    { url: "http://a/mcp", srv: SRV },
    "backends[0].srv: must be the only one of url, urls, srv and statefulSet; remove it, or remove url",
  ],
  [
    "2 pods at one host and port",
    { urls: ["http://a/mcp", "http://a/other"] },
    "backends[0].urls[1]: must have a unique host and port; remove one of the two",
  ],
  [
    "a pod of a stateful server that is an IP address",
    { urls: ["http://10.0.0.7:8080/mcp"], stateful: true },
    "backends[0].urls[0]: must be a host name: IP addresses are reused by other pods, sessions are not; use host names, srv or statefulSet",
  ],
  [
    "a stateful server whose calls are spread",
    { srv: SRV, stateful: true, routing: "spread" },
    "backends[0].routing: must be session for a stateful server, whose sessions are in the memory of one pod; remove it, or set stateful: false",
  ],
  [
    "streams that are spread",
    { url: "http://a/sse", transport: "sse", routing: "spread" },
    "backends[0].routing: must be session with transport sse, where a session is a stream to one pod; set routing: session",
  ],
  [
    "an SRV name that is not fully qualified",
    { srv: "_mcp._tcp.counter" },
    "backends[0].srv: must be a fully qualified SRV record name; write it as _mcp._tcp.service.namespace.svc.cluster.local",
  ],
])("%s is a fault that says what to write", (_what, backend, fault) => {
  expect(faultsOf([backend])).toEqual([fault]);
});

test("pods of a stateful server on 127.0.0.1 are fine, since loopback addresses are not reused", () => {
  expect(
    faultsOf([{ urls: ["http://127.0.0.1:1/mcp", "http://[::1]:2/mcp"], stateful: true }]),
  ).toEqual([]);
});

test("2 backends are 1 too many for a proxy", () => {
  const two = [{ url: "http://a/mcp" }, { url: "http://b/mcp" }];
  expect(faultsOf(two, "proxy")).toEqual([
    "backends: must have one entry for a proxy; run one proxy per backend, or a gateway for all",
  ]);
  expect(faultsOf(two)).toEqual([]);
});
