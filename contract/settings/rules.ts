import { isSection, type Path, type Section, valueAt } from "../document.ts";
import { type Fault, fault, suggest } from "../faults.ts";
import { DURATION, formatBytes, formatSeconds, seconds } from "../units.ts";
import { addressRules } from "./address-rules.ts";
import { aggregatedBackends, aggregationRules } from "./aggregation-rules.ts";
import { auditRules } from "./audit-rules.ts";
import { authRules } from "./auth-rules.ts";
import { authorizationRules } from "./authorization-rules.ts";
import { incomingAuthRules } from "./incoming-auth-rules.ts";
import { authorizationPassthrough } from "./passthrough-headers.ts";
import { rateLimitingRules } from "./rate-limiting-rules.ts";
import { numberAt } from "./schema-walk.ts";
import type { Role } from "./settings.ts";
import { storageRules } from "./storage-rules.ts";
import { telemetryRules } from "./telemetry-rules.ts";

/** A rule about more than one value. It reports nothing about values that are faulty by themselves. */
type Rule = (document: Section, role: Role) => Fault[];

/** Every rule about more than one value. */
const RULES: readonly Rule[] = [
  someBackends,
  fewEnoughBackends,
  discoveredSource,
  gatewayDiscovers,
  uniqueNames,
  knownBackends,
  aggregationRules,
  distinctPrefixes,
  callTimeouts,
  healthTimeout,
  cacheEntries,
  distinctPorts,
  incomingAuthRules,
  authorizationRules,
  storageRules,
  oneBackend,
  addressRules,
  heldBodies,
  authorizationPassthrough,
  authRules,
  telemetryRules,
  auditRules,
  rateLimitingRules,
];

/** The faults of a document whose values do not fit each other. */
export function conflicts(document: Section, role: Role): Fault[] {
  return RULES.flatMap((rule) => rule(document, role));
}

/** The names of the backends; undefined where one is faulty. */
function namesOf(document: Section): string[] | undefined {
  const backends = valueAt(document, ["backends"]);
  if (!Array.isArray(backends)) return undefined;
  const names = backends.map((backend: unknown) => valueAt(backend, ["name"]));
  const known = names.filter((name) => typeof name === "string");
  return known.length === names.length ? known : undefined;
}

const PREFIX_FORMAT = ["aggregation", "conflictResolutionConfig", "prefixFormat"];
const DISABLED_WORKLOADS = ["operational", "listChanged", "disabledWorkloads"];
const PER_WORKLOAD = ["operational", "timeouts", "perWorkload"];

const DIRECTORY = ["discovery", "directory"];

function someBackends(document: Section): Fault[] {
  const backends = valueAt(document, ["backends"]);
  if (!Array.isArray(backends) || backends.length > 0) return [];
  if (valueAt(document, DIRECTORY) !== undefined) return [];
  return [fault(["backends"], backends, "must have at least 1 entry", "add an entry")];
}

function fewEnoughBackends(document: Section): Fault[] {
  const path = ["discovery", "maxBackends"];
  const max = numberAt(document, path);
  const backends = valueAt(document, ["backends"]);
  if (valueAt(document, DIRECTORY) === undefined || max === undefined) return [];
  if (!Array.isArray(backends) || backends.length <= max) return [];
  const rule = `must be at least the number of backends, which is ${backends.length}`;
  return [fault(path, max, rule, `set it to ${backends.length} or more`)];
}

function discoveredSource(document: Section): Fault[] {
  const path = ["outgoingAuth", "source"];
  const source = valueAt(document, path);
  if (source !== "discovered" || valueAt(document, DIRECTORY) !== undefined) return [];
  const rule = "must be inline unless discovery.directory is set";
  const fix =
    "set discovery.directory to the folder in which mcp-fleet discover's ConfigMap is mounted, or use inline and list each server under backends";
  return [fault(path, source, rule, fix)];
}

/** A proxy serves one backend, which its configuration names. */
function gatewayDiscovers(document: Section, role: Role): Fault[] {
  const directory = valueAt(document, DIRECTORY);
  if (role !== "proxy" || directory === undefined) return [];
  const rule = "must be absent for a proxy, which serves one backend";
  return [fault(DIRECTORY, directory, rule, "remove it, and name the server under backends")];
}

function uniqueNames(document: Section): Fault[] {
  const names = namesOf(document) ?? [];
  return names.flatMap((name, index) =>
    names.indexOf(name) < index
      ? [fault(["backends", index, "name"], name, "must be unique", "rename one of the two")]
      : [],
  );
}

function knownBackends(document: Section): Fault[] {
  const maps = [["outgoingAuth", "backends"], PER_WORKLOAD];
  const workloads = aggregatedBackends(document).flatMap(([path, name]) =>
    typeof name === "string" ? unknownBackend(document, path, name) : [],
  );
  const silent = valueAt(document, DISABLED_WORKLOADS);
  const disabled = (Array.isArray(silent) ? silent : []).flatMap((name: unknown, index) =>
    typeof name === "string" ? unknownBackend(document, [...DISABLED_WORKLOADS, index], name) : [],
  );
  return [...maps.flatMap((path) => unknownBackends(document, path)), ...workloads, ...disabled];
}

/** The faults of a map by backend: keys that are not names of backends. */
export function unknownBackends(document: Section, path: Path): Fault[] {
  const map = valueAt(document, path);
  const names = isSection(map) ? Object.keys(map) : [];
  return names.flatMap((name) => unknownBackend(document, [...path, name], name));
}

function unknownBackend(document: Section, path: Path, name: string): Fault[] {
  const names = namesOf(document);
  // A backend of this name may come.
  if (valueAt(document, DIRECTORY) !== undefined) return [];
  if (!names || names.includes(name)) return [];
  const meant = suggest(name, names);
  const fix = meant ? `did you mean "${meant}"?` : `use one of ${names.join(", ")}`;
  return [fault(path, name, "must be the name of a backend", fix)];
}

/** Backend names may contain dots and tool names may not, so `a.b` and `a_b` would share a prefix. */
function distinctPrefixes(document: Section): Fault[] {
  const names = [...new Set(namesOf(document))];
  const format = valueAt(document, PREFIX_FORMAT) ?? "{workload}";
  if (typeof format !== "string" || !format.includes("{workload}")) return [];
  const prefixes = names.map((name) => name.replaceAll(/[^A-Za-z0-9_-]/g, "_"));
  return names.flatMap((name, position) => {
    const first = prefixes.indexOf(prefixes[position] ?? "");
    if (first === position) return [];
    const path = ["backends", (namesOf(document) ?? []).indexOf(name), "name"];
    return [
      fault(
        path,
        name,
        `must not have the tool prefix of "${names[first]}"`,
        "rename one of the two",
      ),
    ];
  });
}

function callTimeouts(document: Section): Fault[] {
  const max = numberAt(document, ["limits", "callTimeoutMax"]);
  if (max === undefined) return [];
  const backends = valueAt(document, ["backends"]);
  const workloads = valueAt(document, PER_WORKLOAD);
  const paths: Path[] = [
    ["limits", "callTimeout"],
    ["operational", "timeouts", "default"],
    ...(Array.isArray(backends)
      ? backends.map((_, index) => ["backends", index, "callTimeout"])
      : []),
    ...(isSection(workloads) ? Object.keys(workloads).map((name) => [...PER_WORKLOAD, name]) : []),
  ];
  const rule = `must be at most limits.callTimeoutMax, which is ${formatSeconds(max)}`;
  const tooLong = paths.flatMap((path) => {
    const value = valueAt(document, path);
    if (typeof value !== "string" || !DURATION.test(value) || seconds(value) <= max) return [];
    return [fault(path, value, rule, `shorten it, or set limits.callTimeoutMax: ${value}`)];
  });
  if (tooLong.length > 0) return tooLong;
  return maxBelowDefault(document, max);
}

/** Where no call timeout is set, a maximum below the default one is the fault. */
function maxBelowDefault(document: Section, max: number): Fault[] {
  const usual = ["operational", "timeouts", "default"];
  if (valueAt(document, ["limits", "callTimeout"]) !== undefined) return [];
  if (valueAt(document, usual) !== undefined) return [];
  const min = numberAt(document, usual) ?? 0;
  if (max >= min) return [];
  const path = ["limits", "callTimeoutMax"];
  const value = valueAt(document, path);
  const rule = `must be at least limits.callTimeout, which is ${formatSeconds(min)} by default`;
  return [fault(path, value, rule, `set limits.callTimeout: ${formatSeconds(max)} too`)];
}

function healthTimeout(document: Section): Fault[] {
  const section = ["operational", "failureHandling"];
  const interval = numberAt(document, [...section, "healthCheckInterval"]);
  const path = [...section, "healthCheckTimeout"];
  const timeout = numberAt(document, path);
  if (interval === undefined || timeout === undefined || timeout <= interval) return [];
  const rule = `must be at most healthCheckInterval, which is ${formatSeconds(interval)}`;
  return [fault(path, valueAt(document, path), rule, "shorten it, or lengthen the interval")];
}

function cacheEntries(document: Section): Fault[] {
  const path = ["session", "cacheEntries"];
  const entries = numberAt(document, path);
  const sessions = numberAt(document, ["session", "maxSessions"]);
  if (entries === undefined || sessions === undefined || entries <= sessions) return [];
  const fix = "remove it to cache every session";
  return [fault(path, entries, `must be at most session.maxSessions, which is ${sessions}`, fix)];
}

function distinctPorts(document: Section): Fault[] {
  const names = ["port", "adminPort", "metricsPort"];
  return names.flatMap((name, index) => {
    const value = numberAt(document, [name]);
    const same = names.slice(0, index).find((other) => numberAt(document, [other]) === value);
    if (same === undefined || value === 0 || value === undefined) return [];
    const rule = `must differ from ${same}, which is ${value}`;
    return [fault([name], value, rule, "change one of the two, or set it to 0 to pick a free one")];
  });
}

/** A proxy serves one backend. */
function oneBackend(document: Section, role: Role): Fault[] {
  const backends = valueAt(document, ["backends"]);
  if (role !== "proxy" || !Array.isArray(backends) || backends.length < 2) return [];
  const fix = "run one proxy per backend, or a gateway for all";
  return [fault(["backends"], backends.length, "must have one entry for a proxy", fix)];
}

/** The room for one body is set aside, within what long bodies may take. */
function heldBodies(document: Section): Fault[] {
  const path = ["limits", "bodyBytes"];
  const body = numberAt(document, path);
  const held = numberAt(document, ["limits", "heldBodyBytes"]);
  if (body === undefined || held === undefined || body * 2 <= held) return [];
  const rule = `must be at most half of limits.heldBodyBytes, which is ${formatBytes(held)}`;
  const fix = `lower it, or set limits.heldBodyBytes: ${formatBytes(body * 2)}`;
  return [fault(path, valueAt(document, path) ?? formatBytes(body), rule, fix)];
}
