import { ConfigError } from "@mcp-fleet/contract";
import { validateClusterDiscovery } from "@mcp-fleet/contract/settings";
import { expect, test } from "vitest";

const faultsOf = (document: object): string[] => {
  try {
    validateClusterDiscovery({ ...document });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, rule }) => `${path} ${rule}`);
  }
};

const listed = [{ name: "a", url: "http://a/mcp" }];

test("a group is enough, and gets every default", () => {
  expect(validateClusterDiscovery({ name: "eng", groupRef: "tools" })).toEqual({
    name: "eng",
    host: "127.0.0.1",
    adminPort: 9090,
    logLevel: "info",
    groupRef: "tools",
    configMap: "eng-backends",
    clusterDomain: "cluster.local",
    maxBackends: 32,
  });
});

test("members of a group are found beside 1 listed backend only where the source says so, and leave room for 31", () => {
  const both = { groupRef: "tools", backends: listed };
  expect(faultsOf(both)).toEqual([
    expect.stringMatching(/^outgoingAuth.source must be discovered/),
  ]);
  const settings = validateClusterDiscovery({ ...both, outgoingAuth: { source: "discovered" } });
  expect(settings).toMatchObject({ groupRef: "tools", maxBackends: 31 });
});

test("nothing to find is a fault, and so is each wrong value, all at once", () => {
  expect(faultsOf({})).toEqual([expect.stringMatching(/^groupRef is required, unless discovery/)]);
  const discovery = { services: {}, namespaces: ["A"], maxBackends: 0, configMap: "-" };
  expect(faultsOf({ discovery })).toEqual([
    "discovery.maxBackends must be at least 1",
    "discovery.services.labelSelector is required, and must be a string",
    "discovery.namespaces[0] must be the name of a namespace",
    "discovery.configMap must be the name of a ConfigMap",
  ]);
});

test("a fault that only gateways mind keeps no backend from being found", () => {
  expect(faultsOf({ groupRef: "tools", prot: 1, session: { idleTtl: "soon" } })).toEqual([]);
});
