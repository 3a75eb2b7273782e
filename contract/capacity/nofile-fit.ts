import type { Settings } from "../settings/settings.ts";
import type { Budget } from "./budget.ts";
import { completed } from "./complete-inputs.ts";
import { type Figure, sum } from "./figure.ts";
import { descriptorBudget } from "./nofile-budget.ts";
import { type CompleteInputs, storeOf } from "./plan-inputs.ts";
import { pushes } from "./server-load.ts";

/** A limit that a process holds lower than it was told. */
export interface Lowered {
  readonly setting: string;
  readonly from: number;
  readonly to: number;
}

/** What a process makes of its settings under its limit of open files. */
export interface NofileFit {
  readonly limit: number;
  /** What the settings, as they were given, need, with the arithmetic; or what they were planned with. */
  readonly need: Figure;
  /** The most sessions that the settings, as they were given, have room for. */
  readonly holds: number;
  /** The most sessions that `settings` have room for; 0 where no lowering makes room for one. */
  readonly sessions: number;
  /** As given where the limit is enough for them or for what was planned, lowered to what it holds otherwise. */
  readonly settings: Settings;
  /** Empty where the limit is enough. */
  readonly lowered: readonly Lowered[];
}

/** Where the limit is too low, backends get at most this share of it, so that clients get the rest. */
const BACKENDS_SHARE = 0.5;

/**
 * Compares settings with a limit of open files. Where it is too low, connections to backends and kept views are
 * lowered in the same proportion until they fit their share, each to no less than one. Sessions are lowered to what
 * then fits where they are this process's alone; those of a shared store are refused by descriptors in use.
 */
export function fitNofile(settings: Settings, limit: number): NofileFit {
  const given = inputsOf(settings);
  const budget = descriptorBudget(given);
  const all = budget.need(given.sessions);
  const need = plannedNeed(settings) ?? all;
  const holds = budget.holds(limit);
  const fit = { limit, need, holds };
  if (Math.min(need.value, all.value) <= limit)
    return { ...fit, sessions: holds, settings, lowered: [] };
  const { session, limits } = settings;
  const backendLimits = backendLimitsWithin(limit * BACKENDS_SHARE, given);
  const sessions = descriptorBudget({ ...given, ...backendLimits }).holds(limit);
  const most = given.store === "memory" ? sessions : session.maxSessions;
  const sessionLimits = {
    maxSessions: Math.min(session.maxSessions, most),
    cacheEntries: Math.min(session.cacheEntries, most),
  };
  return {
    ...fit,
    sessions,
    settings: Object.freeze({
      ...settings,
      session: Object.freeze({ ...session, ...sessionLimits }),
      limits: Object.freeze({ ...limits, ...backendLimits }),
    }),
    lowered: [
      ...differences("session", session, sessionLimits),
      ...differences("limits", limits, backendLimits),
    ],
  };
}

/** What the deployer has reckoned with: the load of one pod, where settings only know that of all. */
function plannedNeed({ nofile: { required } }: Settings): Figure | undefined {
  if (required === undefined) return undefined;
  const from = "nofile.required, what the deployer's plan says";
  return sum("descriptors", [{ name: "planned", value: required, from }]);
}

/** What a process with these settings takes of its open files. */
export function processBudget(settings: Settings): Budget {
  return descriptorBudget(inputsOf(settings));
}

/** The setting that says how many sessions a process serves: all there are, or those that it keeps ready. */
export function sessionsSetting({ sessionStorage }: Settings): string {
  return sessionStorage.provider === "memory" ? "session.maxSessions" : "session.cacheEntries";
}

function inputsOf(settings: Settings): CompleteInputs {
  const { backends, limits, session, sessionStorage } = settings;
  const store = storeOf(sessionStorage);
  return completed({
    sessions: store === "memory" ? session.maxSessions : session.cacheEntries,
    backends: backends.length,
    sessionStreamBackends: backends.filter(pushes).length,
    upstreamConnections: limits.upstreamConnections,
    views: limits.views,
    store,
  });
}

/** The most connections to backends, with views in proportion, whose least need is within an amount. */
function backendLimitsWithin(descriptors: number, given: CompleteInputs) {
  const lowered = (upstreamConnections: number) => {
    const part = upstreamConnections / given.upstreamConnections;
    return { upstreamConnections, views: Math.max(1, Math.floor(given.views * part)) };
  };
  let fits = 1;
  let tooMany = given.upstreamConnections + 1;
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    const { least } = descriptorBudget({ ...given, ...lowered(middle) });
    if (least <= descriptors) fits = middle;
    else tooMany = middle;
  }
  return lowered(fits);
}

function differences<Key extends string>(
  section: string,
  before: Readonly<Record<NoInfer<Key>, number>>,
  after: Readonly<Record<Key, number>>,
): Lowered[] {
  const names = Object.keys(after).filter((name): name is Key => name in after);
  return names
    .map((name) => ({ setting: `${section}.${name}`, from: before[name], to: after[name] }))
    .filter(({ from, to }) => to < from);
}
