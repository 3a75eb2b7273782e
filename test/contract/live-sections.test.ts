import { ConfigError } from "@mcp-fleet/contract";
import { planOf, processBudget } from "@mcp-fleet/contract/capacity";
import { changesOf, rolloutPart, validate, withLiveSections } from "@mcp-fleet/contract/settings";
import { describe, expect, it } from "vitest";

const A = { name: "a", url: "http://a/mcp" };
const B = { name: "b", url: "http://b/mcp" };

const faultsOf = (document: object, role: "gateway" | "proxy" = "gateway") => {
  try {
    validate(document, [], role);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, rule }) => `${path} ${rule}`);
  }
};

describe("a changed configuration", () => {
  it("has its live fields apart from 3 that need a rollout, by name", () => {
    const before = { backends: [A], port: 4483, limits: { callTimeout: "60s" } };
    const after = {
      backends: [A, B],
      port: 4484,
      limits: { callTimeout: "70s", views: 3 },
      operational: { timeouts: { perWorkload: { b: "5s" } } },
      load: { sessions: 5 },
    };
    expect(changesOf(before, after, ["backends"])).toEqual({
      live: ["backends", "operational.timeouts.perWorkload.b"],
      needsRollout: ["limits.callTimeout", "limits.views", "port"],
    });
  });

  it("needs a rollout for a section that nobody takes over", () => {
    const after = { aggregation: { conflictResolutionConfig: { prefixFormat: "" } } };
    const path = "aggregation.conflictResolutionConfig.prefixFormat";
    expect(changesOf({}, after, ["backends"]).needsRollout).toEqual([path]);
    expect(changesOf({}, after, ["backends", "aggregation"]).live).toEqual([path]);
  });

  it("is taken over in its live sections alone: values come, change and go", () => {
    const timeouts = { default: "9s", perWorkload: { a: "5s" } };
    const before = { port: 1, backends: [A], operational: { timeouts } };
    const after = { port: 2, backends: [B], operational: { logLevel: "debug" } };
    expect(withLiveSections(before, after, ["backends"])).toEqual({
      port: 1,
      backends: [B],
      operational: { timeouts: { default: "9s" } },
    });
  });

  it("is the same with and without empty sections", () => {
    const before = { backends: [A], limits: {} };
    expect(changesOf(before, { backends: [A] }, ["backends"])).toEqual({
      live: [],
      needsRollout: [],
    });
  });
});

describe("discovery.directory", () => {
  const directory = "/etc/mcp-fleet/backends";

  it("lets backends be absent or empty, and has room for 32 by default", () => {
    for (const backends of [{}, { backends: [] }, { backends: null }]) {
      const settings = validate({ ...backends, discovery: { directory } });
      expect(settings.backends).toEqual([]);
      expect(settings.discovery).toEqual({ directory, maxBackends: 32, fileBytes: 65_536 });
    }
  });

  it("is planned for as many backends as may come: 7 of which 1 is there need what 7 need", () => {
    const many = Array.from({ length: 7 }, (_, index) => ({ ...A, name: `a${index}` }));
    const discovery = { directory, maxBackends: 7 };
    const [some, all] = [{ backends: [A], discovery }, { backends: many }];
    expect(processBudget(validate(some)).need(100)).toEqual(processBudget(validate(all)).need(100));
    const load = { sessions: 100 };
    expect(planOf({ ...some, load }).gateways).toEqual(planOf({ ...all, load }).gateways);
  });

  it("is what an empty list of backends needs", () => {
    expect(faultsOf({ backends: [] })).toEqual(["backends must have at least 1 entry"]);
    expect(faultsOf({ discovery: { maxBackends: 3 } })).toEqual([
      "backends is required, and must be a list",
    ]);
  });

  it("must have room for the backends of the file", () => {
    const discovery = { directory, maxBackends: 1 };
    expect(faultsOf({ backends: [A, B], discovery })).toEqual([
      "discovery.maxBackends must be at least the number of backends, which is 2",
    ]);
  });

  it("is no setting of a proxy", () => {
    expect(faultsOf({ backends: [A], discovery: { directory } }, "proxy")).toEqual([
      "discovery.directory must be absent for a proxy, which serves one backend",
    ]);
  });

  it("is what outgoingAuth.source: discovered needs", () => {
    const outgoingAuth = { source: "discovered" };
    expect(faultsOf({ outgoingAuth, discovery: { directory } })).toEqual([]);
    expect(faultsOf({ backends: [A], outgoingAuth })).toEqual([
      "outgoingAuth.source must be inline unless discovery.directory is set",
    ]);
  });

  it("lets settings name backends that are not there yet", () => {
    const operational = { timeouts: { perWorkload: { later: "5s" } } };
    expect(faultsOf({ operational, discovery: { directory } })).toEqual([]);
    expect(faultsOf({ backends: [A], operational })).toHaveLength(1);
  });
});

describe("what needs a rollout of a document", () => {
  const authz = { type: "cedar", policies: ["a"], cachedDecisions: 5 };
  const document = {
    port: 4483,
    backends: [A],
    aggregation: { excludeAllTools: true },
    operational: { logLevel: "info", timeouts: { default: "5s", perWorkload: { a: "1s" } } },
  };

  it("is all but its live sections, and of policies the type and what was made at the start", () => {
    expect(rolloutPart({ ...document, incomingAuth: { type: "jwt", authz } })).toEqual({
      port: 4483,
      operational: { logLevel: "info", timeouts: { default: "5s" } },
      incomingAuth: { type: "jwt", authz: { type: "cedar", cachedDecisions: 5 } },
    });
  });

  it("is all of authorization where no policies decide, since none can be switched on", () => {
    const open = { type: "jwt", authz: { type: "none", policies: ["a"] } };
    expect(rolloutPart({ ...document, incomingAuth: open }).incomingAuth).toEqual(open);
  });
});
