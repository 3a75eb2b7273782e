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
import { unknownBackends } from "../settings/rules.ts";
import { numberAt } from "../settings/schema-walk.ts";
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
import { pushes, type ServerLoad } from "./server-load.ts";

/**
 * The plan of a gateway's configuration with its section `load`: what the settings say is taken from them.
 *
 * @param before faults that reading the document already found.
 * @param said inputs that go before what the document says.
 * @throws {ConfigError} with every fault of settings and load at once.
 * @throws {CapacityError} where there is no such plan, each fault at its place in the document; of `said`, at its name.
 */
export function planOf(
  document: Section,
  before: readonly Fault[] = [],
  said: Partial<PlanInputs> = {},
): Plan {
  const fleet = fleetOf(document, before);
  try {
    return plan({ ...fleet, ...said });
  } catch (error) {
    if (!(error instanceof CapacityError)) throw error;
    throw error.map((found) => {
      const [input = ""] = found.steps;
      if (Object.hasOwn(said, input)) return found;
      const steps = placeOf(found.steps, document);
      return { ...found, steps, path: printPath(steps) };
    });
  }
}

function fleetOf(document: Section, before: readonly Fault[]): FleetInputs {
  const filled = withoutNulls(withBareServers(document));
  const section = isSection(filled) ? filled : {};
  const { numbers, servers, faults } = readLoad(section);
  const unfit = [...beyondSettings(section), ...saidTwice(section)].filter(
    ({ path }) => !faults.some((found) => found.path === path),
  );
  const unknown = unknownBackends(section, ["load", "servers"]);
  const settings = validate(section, [...before, ...faults, ...unfit, ...unknown]);
  const { backends, session, sessionStorage } = settings;
  return {
    sessions: session.maxSessions,
    sessionStreamBackends: backends.filter(pushes).length,
    ...settingNumbers(section),
    ...numbers,
    backends: backends.length,
    store: storeOf(sessionStorage),
    servers: backends.flatMap((backend) => {
      const said = servers.get(backend.name);
      return said === undefined ? [] : [{ ...backendLoad(backend), ...said }];
    }),
  };
}

/** A server is planned for even where its name stands alone, as in `search:`. */
function withBareServers(document: Section): Section {
  const servers = valueAt(document, ["load", "servers"]);
  if (!isSection(servers)) return document;
  const said = Object.entries(servers).map(([name, server]) => [name, server ?? {}]);
  return withValue(document, ["load", "servers"], Object.fromEntries(said));
}

/** What the settings say, by input. */
function settingNumbers(document: Section): Partial<Record<InputName, number>> {
  const numbers: Partial<Record<InputName, number>> = {};
  for (const name of INPUT_NAMES) {
    const { setting = "" }: Input = INPUTS[name];
    const value = numberAt(document, setting.split("."));
    if (value !== undefined) numbers[name] = value;
  }
  return numbers;
}

function backendLoad(backend: BackendSettings): ServerLoad {
  const { name, address, stateful, notifications, catalog, transport } = backend;
  const replicas = address.kind === "statefulSet" ? { replicas: address.replicas } : {};
  return { name, stateful, notifications, catalog, transport, ...replicas };
}

/** What a gateway refuses is no load of it. */
const LIMITS = { sessions: "session.maxSessions", streamsPerSession: "limits.streams" } as const;

function beyondSettings(document: Section): Fault[] {
  return Object.entries(LIMITS).flatMap(([key, setting]) => {
    const value = valueAt(document, ["load", key]);
    const most = numberAt(document, setting.split("."));
    if (typeof value !== "number" || most === undefined || value <= most) return [];
    return [
      fault(["load", key], value, `at most ${setting}, ${most}`, `lower it, or raise ${setting}`),
    ];
  });
}

/** A StatefulSet says how many pods there are. */
function saidTwice(document: Section): Fault[] {
  const backends = valueAt(document, ["backends"]);
  return (Array.isArray(backends) ? backends : []).flatMap((backend: unknown, index) => {
    const name = valueAt(backend, ["name"]);
    const replicas = valueAt(backend, ["statefulSet", "replicas"]);
    const path = ["load", "servers", String(name), "replicas"];
    const value = valueAt(document, path);
    if (replicas === undefined || value === undefined) return [];
    const rule = `said once; backends[${index}].statefulSet.replicas is ${String(replicas)}`;
    return [fault(path, value, rule, "remove it")];
  });
}

/** Where a document says an input of the plan, or would say it. */
function placeOf([input = "", ...rest]: Path, document: Section): Path {
  if (input === "store") return ["sessionStorage"];
  const [server = "", number = ""] = rest;
  if (input === "servers") return ["load", input, server, inputKey(String(number))];
  const name = INPUT_NAMES.find((known) => known === input);
  const { setting, loadFirst }: Partial<Input> = name === undefined ? {} : INPUTS[name];
  const inLoad = ["load", inputKey(String(input))];
  if (setting === undefined) return inLoad;
  const isSaid = (path: Path) => valueAt(document, path) !== undefined;
  const inSettings = setting.split(".");
  return loadFirst && (isSaid(inLoad) || !isSaid(inSettings)) ? inLoad : inSettings;
}
