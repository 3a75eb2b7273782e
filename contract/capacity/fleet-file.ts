import {
  isSection,
  type Path,
  printPath,
  type Section,
  valueAt,
  withoutNulls,
  withValue,
} from "../document.ts";
import { type Fault, fault } from "../faults.ts";
import type { BackendSettings } from "../settings/backend.ts";
import { type IncomingAuthSettings, TOKEN_CACHE_BYTES } from "../settings/incoming-auth.ts";
import { unknownBackends } from "../settings/rules.ts";
import { numberAt } from "../settings/schema-walk.ts";
import { QUEUED_SPANS } from "../settings/telemetry.ts";
import { validate } from "../settings/validation.ts";
import { CapacityError } from "./capacity-error.ts";
import { readLoad } from "./load.ts";
import { type FleetInputs, type Plan, plan } from "./plan.ts";
import {
  INPUT_NAMES,
  INPUTS,
  type Input,
  type InputName,
  inputKey,
  type PlanInputs,
  storeOf,
} from "./plan-inputs.ts";
import { plannedBackends } from "./planned-backends.ts";
import {
  keepsStream,
  programs,
  pushes,
  type ServerLoad,
  sessionLists,
  tokens,
} from "./server-load.ts";

/**
 * Plans the fleet of a gateway's configuration: its settings are inputs, and its section `load` has the others.
 *
 * @param before faults that were found while reading the document.
 * @param overrides inputs that take precedence over the document.
 * @throws {ConfigError} with every fault of the settings and the load at once.
 * @throws {CapacityError} if the load cannot be planned. Each fault has its path in the document, or the name of the
 * override.
 */
export function planOf(
  document: Section,
  before: readonly Fault[] = [],
  overrides: Partial<PlanInputs> = {},
): Plan {
  const fleet = fleetOf(document, before);
  try {
    return plan({ ...fleet, ...overrides });
  } catch (error) {
    if (!(error instanceof CapacityError)) throw error;
    throw error.map((found) => {
      const [input = ""] = found.steps;
      if (Object.hasOwn(overrides, input)) return found;
      const steps = placeOf(found.steps, document);
      return { ...found, steps, path: printPath(steps) };
    });
  }
}

function fleetOf(document: Section, before: readonly Fault[]): FleetInputs {
  const filled = withoutNulls(withBareServers(document));
  const section = isSection(filled) ? filled : {};
  const { numbers, servers, faults } = readLoad(section);
  const unfit = [...beyondSettings(section), ...setTwice(section)].filter(
    ({ path }) => !faults.some((found) => found.path === path),
  );
  const unknown = unknownBackends(section, ["load", "servers"]);
  const settings = validate(section, [...before, ...faults, ...unfit, ...unknown]);
  const { backends, session, sessionStorage } = settings;
  return {
    sessions: session.maxSessions,
    sessionStreamBackends: backends.filter(pushes).length,
    statefulBackends: backends.filter(keepsStream).length,
    ...sessionLists(backends),
    ...(settings.authorization && { cachedDecisions: settings.authorization.cachedDecisions }),
    ...(settings.telemetry && {
      queuedSpans: settings.telemetry.tracing?.queuedSpans ?? QUEUED_SPANS.default,
    }),
    ...(settings.audit && { auditQueueBytes: settings.audit.queueBytes }),
    ...programs(backends),
    ...tokens(backends),
    ...tokenCache(settings),
    ...settingNumbers(section),
    ...numbers,
    backends: plannedBackends(settings),
    store: storeOf(sessionStorage),
    servers: backends.flatMap((backend) => {
      const ofServer = servers.get(backend.name);
      return ofServer === undefined ? [] : [{ ...backendLoad(backend), ...ofServer }];
    }),
  };
}

/** Gives a server without a value, as in `search:`, an empty section, so that it is planned too. */
function withBareServers(document: Section): Section {
  const servers = valueAt(document, ["load", "servers"]);
  if (!isSection(servers)) return document;
  const filled = Object.entries(servers).map(([name, server]) => [name, server ?? {}]);
  return withValue(document, ["load", "servers"], Object.fromEntries(filled));
}

/** What a gateway remembers of tokens, where its clients bring some. */
function tokenCache({ jwt, oidc }: IncomingAuthSettings): Partial<Record<InputName, number>> {
  if (oidc !== undefined) return { tokenCacheBytes: oidc.cacheBytes };
  return jwt === undefined ? {} : { tokenCacheBytes: TOKEN_CACHE_BYTES };
}

/** The inputs that are settings, by name. */
function settingNumbers(document: Section): Partial<Record<InputName, number>> {
  const numbers: Partial<Record<InputName, number>> = {};
  for (const name of INPUT_NAMES) {
    const { setting = "", default: usual }: Input = INPUTS[name];
    const path = setting.split(".");
    // What has no default in a plan follows from something else, unless it is written.
    const isGiven = usual !== undefined || valueAt(document, path) !== undefined;
    const value = isGiven ? numberAt(document, path) : undefined;
    if (value !== undefined) numbers[name] = value;
  }
  return numbers;
}

function backendLoad(backend: BackendSettings): ServerLoad {
  const { name, address, stateful, notifications, catalog, transport } = backend;
  const replicas = address.kind === "statefulSet" ? { replicas: address.replicas } : {};
  return { name, stateful, notifications, catalog, transport, ...replicas };
}

/** Keys of `load` that must not exceed a setting: a gateway refuses whatever is above it. */
const LIMITS = { sessions: "session.maxSessions", streamsPerSession: "limits.streams" } as const;

function beyondSettings(document: Section): Fault[] {
  return Object.entries(LIMITS).flatMap(([key, setting]) => {
    const value = valueAt(document, ["load", key]);
    const max = numberAt(document, setting.split("."));
    if (typeof value !== "number" || max === undefined || value <= max) return [];
    const rule = `must be at most ${setting}, which is ${max}`;
    return [fault(["load", key], value, rule, `lower it, or raise ${setting}`)];
  });
}

/** The number of pods of a StatefulSet is a setting of its backend already. */
function setTwice(document: Section): Fault[] {
  const backends = valueAt(document, ["backends"]);
  return (Array.isArray(backends) ? backends : []).flatMap((backend: unknown, index) => {
    const name = valueAt(backend, ["name"]);
    const replicas = valueAt(backend, ["statefulSet", "replicas"]);
    const path = ["load", "servers", String(name), "replicas"];
    const value = valueAt(document, path);
    if (replicas === undefined || value === undefined) return [];
    const rule = `must be set once; backends[${index}].statefulSet.replicas is ${String(replicas)}`;
    return [fault(path, value, rule, "remove it")];
  });
}

/** The path of an input in a document, whether or not it is set there. */
function placeOf([input = "", ...rest]: Path, document: Section): Path {
  if (input === "store") return ["sessionStorage"];
  const [server = "", number = ""] = rest;
  if (input === "servers") return ["load", input, server, inputKey(String(number))];
  const name = INPUT_NAMES.find((known) => known === input);
  const { setting, loadFirst }: Partial<Input> = name === undefined ? {} : INPUTS[name];
  const inLoad = ["load", inputKey(String(input))];
  if (setting === undefined) return inLoad;
  const isSet = (path: Path) => valueAt(document, path) !== undefined;
  const inSettings = setting.split(".");
  return loadFirst && (isSet(inLoad) || !isSet(inSettings)) ? inLoad : inSettings;
}
