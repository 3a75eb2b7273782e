import type { Part } from "./part.ts";

const part = (about: string, settings: Part["settings"], load: Part["load"]): Part => ({
  about,
  settings,
  load,
});

/** Every part by its name, which is that of its page in docs/proof/. */
// biome-ignore format: a part is a line.
export const PARTS: ReadonlyMap<string, Part> = new Map([
  ["certificates", part("A store with TLS goes on through certificates that expire and are renewed by other authorities, and loses nothing.", { RENEWALS: "10", CERTIFICATE_SECONDS: "90" }, () => import("./parts/certificates.ts"))],
  ["differential", part("Clients of ToolHive's vmcp see the same through a gateway with the same configuration, but for what is listed with its reason.", {}, () => import("./parts/differential.ts"))],
  ["fuzz", part("Whatever bytes a client or a backend sends, the gateway answers without a fault of its own, and honest calls go on.", { SEED: "a random one", FUZZ_RUNS: "1000" }, () => import("./parts/fuzz.ts"))],
  ["languages", part("Examples in Go are programs of the SDK that Pulumi generates, which refuses an argument that it does not know.", {}, () => import("./parts/languages.ts"))],
  ["large-stack", part("A stack of many gateways and servers is previewed without a fault.", { GATEWAYS: "50" }, () => import("./parts/large-stack.ts"))],
  ["manifests", part("Checkers of other people find nothing in the manifests of one of each component but what is listed with its reason.", {}, () => import("./parts/manifests.ts"))],
  ["odd-servers", part("Gateways and proxies work with every odd server that an official SDK works with.", { COLUMNS: "all" }, () => import("./parts/odd-servers.ts"))],
  ["second-store", part("Every test with a session store passes on Redis, too.", { FLEET_STORE_ENGINE: "Redis" }, () => import("./parts/second-store.ts"))],
  ["seeds", part("Every test that makes up its input passes with many seeds.", { SEED: "a random one", ROUNDS: "20" }, () => import("./parts/seeds.ts"))],
  ["soak", part("A gateway whose clients connect, leave and break off for minutes holds as little afterwards as before.", { SOAK_SECONDS: "600", SEED: "4" }, () => import("./parts/soak.ts"))],
  ["topologies", part("The conformance suite finds no more faults through any arrangement of processes than directly.", { ROUNDS: "1" }, () => import("./parts/topologies.ts"))],
  ["upgrades", part("A fleet goes from another build to this one and back under load, and loses nothing; a preview of either build replaces nothing that the other has made.", { FROM: "the last tag", CLIENTS: "12" }, () => import("./parts/upgrades.ts"))],
]);
