import { ConfigError } from "@mcp-fleet/contract";
import {
  type Configuration,
  decode,
  encode,
  keysBeginWith,
  validate,
} from "@mcp-fleet/contract/settings";
import { describe, expect, it } from "vitest";

const backends = [{ name: "a", url: "http://a/mcp" }];

const storage = (sessionStorage: Configuration["sessionStorage"]) =>
  validate({ backends, sessionStorage }).sessionStorage;

const pathsOf = (sessionStorage: object): string[] => {
  try {
    validate({ backends, sessionStorage });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ path }) => path);
    throw error;
  }
  return [];
};

describe("sessionStorage", () => {
  it("takes ToolHive's 4 fields, and completes the prefix with a colon", () => {
    const written = { provider: "redis", address: "redis:6379", db: 2, keyPrefix: "vmcp" } as const;
    expect(storage(written)).toEqual({
      provider: "redis",
      address: { host: "redis", port: 6379 },
      db: 2,
      keyPrefix: "vmcp:",
      recordFormat: 1,
    });
    expect(storage({ ...written, keyPrefix: "thv:vmcp:" })).toMatchObject({
      keyPrefix: "thv:vmcp:",
    });
  });

  it("takes Sentinel with users, password files and TLS at both", () => {
    const sentinel = {
      masterName: "fleet",
      addrs: ["a:26379", "[::1]:26380"],
      username: "peer",
      passwordFile: "/run/peer",
      tls: {},
    };
    const tls = { caFile: "/ca.pem", servername: "redis.test" };
    expect(
      storage({ provider: "redis", username: "u", passwordFile: "/run/p", tls, sentinel }),
    ).toEqual({
      provider: "redis",
      db: 0,
      keyPrefix: "mcp-fleet:",
      recordFormat: 1,
      username: "u",
      passwordFile: "/run/p",
      tls,
      sentinel: {
        masterName: "fleet",
        addresses: [
          { host: "a", port: 26379 },
          { host: "::1", port: 26380 },
        ],
        username: "peer",
        passwordFile: "/run/peer",
        tls: {},
      },
    });
  });

  it("takes ToolHive's name of caFile, and refuses both names at once", () => {
    const redis = { provider: "redis", address: "redis:6379" } as const;
    expect(storage({ ...redis, tls: { caCertFile: "/ca.pem" } })).toMatchObject({
      tls: { caFile: "/ca.pem" },
    });
    expect(pathsOf({ ...redis, tls: { caFile: "/a.pem", caCertFile: "/b.pem" } })).toEqual([
      "sessionStorage.tls.caCertFile",
    ]);
  });

  it("refuses certificates that are not verified, unless somebody says why that is no risk", () => {
    const tls = { insecureSkipVerify: true };
    const redis = { provider: "redis", address: "redis:6379" } as const;
    expect(pathsOf({ ...redis, tls })).toEqual(["sessionStorage.tls.insecureSkipVerify"]);
    const acceptUnverified = "a test cluster on one machine";
    expect(storage({ ...redis, tls: { ...tls, acceptUnverified } })).toMatchObject({
      tls: { acceptUnverified },
    });
    expect(storage({ ...redis, tls: { acceptUnverified } })).toMatchObject({ tls: {} });
    expect(pathsOf({ ...redis, tls: { insecureSkipVerify: false } })).toEqual([]);
  });

  it("has no effect beside the provider memory", () => {
    expect(storage({ address: "redis:6379", keyPrefix: "x" })).toEqual({ provider: "memory" });
  });

  it("takes a cluster, whose keys have a hash tag of the gateways or of a server's proxies in front", () => {
    const natMap = { "10.0.0.1:6379": "redis-0.example.com:7000" };
    const cluster = { addrs: ["a:6379", "[::1]:7000"], natMap };
    expect(storage({ provider: "redis", cluster })).toEqual({
      provider: "redis",
      db: 0,
      keyPrefix: "{mcp-fleet}:",
      recordFormat: 1,
      cluster: {
        addresses: [
          { host: "a", port: 6379 },
          { host: "::1", port: 7000 },
        ],
        natMap: { "10.0.0.1:6379": { host: "redis-0.example.com", port: 7000 } },
        shards: 3,
      },
    });
    expect(keysBeginWith("fleet", { isCluster: true })).toBe("{fleet}:");
    expect(keysBeginWith("fleet:", { server: "github", isCluster: true })).toBe(
      "{fleet:proxy:github}:",
    );
    expect(keysBeginWith("fleet:", { server: "github" })).toBe("fleet:proxy:github:");
  });

  it.each([
    [{ db: 1 }, "sessionStorage.db"],
    [{ keyPrefix: "{fleet}:" }, "sessionStorage.keyPrefix"],
    [{ keyPrefix: "a}b" }, "sessionStorage.keyPrefix"],
    [{ keyPrefix: ":" }, "sessionStorage.keyPrefix"],
    [{ address: "a:1" }, "sessionStorage.address"],
    [{ sentinel: { masterName: "fleet", addrs: ["a:26379"] } }, "sessionStorage.sentinel"],
    [{ cluster: { addrs: [] } }, "sessionStorage.cluster.addrs"],
    [{ cluster: { addrs: ["a"] } }, "sessionStorage.cluster.addrs[0]"],
    [{ cluster: { addrs: ["a:1"], natMap: { "b:1": "c" } } }, "sessionStorage.cluster.natMap.b:1"],
    [{ cluster: { addrs: ["a:1"], shards: 0 } }, "sessionStorage.cluster.shards"],
  ])("refuses beside a cluster what it does not have: %j", (more, path) => {
    const cluster = { addrs: ["a:6379"] };
    expect(pathsOf({ provider: "redis", cluster, ...more })).toEqual([path]);
  });

  it("wants 1 of the 3 ways to Redis", () => {
    const sentinel = { masterName: "fleet", addrs: ["a:26379"] };
    expect(pathsOf({ provider: "redis", cluster: { addrs: ["a:6379"] } })).toEqual([]);
    expect(pathsOf({ provider: "redis" })).toEqual(["sessionStorage.address"]);
    expect(pathsOf({ provider: "redis", address: "a:1", sentinel })).toEqual([
      "sessionStorage.address",
    ]);
    expect(pathsOf({ provider: "redis", sentinel })).toEqual([]);
  });

  it.each(["redis", "redis:0", "redis:06379", "redis:123456", "redis://a:1", "::1:6379", ":6379"])(
    "refuses the address %s",
    (address) => {
      expect(pathsOf({ provider: "redis", address })).toEqual(["sessionStorage.address"]);
    },
  );

  it("refuses a list of 0 Sentinels and a Sentinel without a port, each by its path", () => {
    const redis = (addrs: string[]) => ({
      provider: "redis",
      sentinel: { masterName: "fleet", addrs },
    });
    expect(pathsOf(redis([]))).toEqual(["sessionStorage.sentinel.addrs"]);
    expect(pathsOf(redis(["a:1", "b"]))).toEqual(["sessionStorage.sentinel.addrs[1]"]);
  });

  it("travels through the environment, an empty TLS section included, and its 2 passwords are no settings", () => {
    const written: Configuration = {
      backends,
      sessionStorage: { provider: "redis", address: "a:1", tls: {} },
    };
    const passwords = {
      MCP_FLEET_SESSION_STORAGE_PASSWORD: "p",
      MCP_FLEET_SESSION_STORAGE_SENTINEL_PASSWORD: "q",
    };
    const read = decode({ ...encode(written), ...passwords });
    expect(read).toEqual({ configuration: written, faults: [] });
  });
});
