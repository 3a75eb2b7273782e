import type { Settings } from "../settings/settings.ts";
import type { Budget } from "./budget.ts";
import { completed } from "./complete-inputs.ts";
import { type Figure, sum } from "./figure.ts";
import { descriptorBudget } from "./nofile-budget.ts";
import { type CompleteInputs, storeOf } from "./plan-inputs.ts";
import { plannedBackends } from "./planned-backends.ts";
import { programs, pushes } from "./server-load.ts";

/** A limit that a process lowers below its setting. */
export interface Lowered {
  readonly setting: string;
  readonly from: number;
  readonly to: number;
}

/** How a process fits its settings into its limit of open files. */
export interface NofileFit {
  readonly limit: number;
  /** The limit that the given settings need, with the arithmetic; or the limit that they were planned with. */
  readonly need: Figure;
  /** The maximum number of sessions that the given settings have room for. */
  readonly holds: number;
  /** The maximum number of sessions that `settings` have room for; 0 where lowering limits is not enough for one. */
  readonly sessions: number;
  /** The given settings where the limit is enough for them or for the plan; otherwise lowered to what the limit holds. */
  readonly settings: Settings;
  /** Empty where the limit is enough. */
  readonly lowered: readonly Lowered[];
}

/** Where the limit is too low, backends get at most this share of it, and clients the rest. */
const BACKENDS_SHARE = 0.5;

/**
 * Fits settings into a limit of open files. Where it is too low, connections to backends and cached views are
 * lowered in the same proportion until they fit their share, each to at least one. Sessions are lowered to what
 * then fits where this process alone holds them; with a shared store, new sessions are refused by descriptors in use.
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
  const max = given.store === "memory" ? sessions : session.maxSessions;
  const sessionLimits = {
    maxSessions: Math.min(session.maxSessions, max),
    cacheEntries: Math.min(session.cacheEntries, max),
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

/** The limit that the deployer planned with: it knows the load of one pod, settings only that of the fleet. */
function plannedNeed({ nofile: { required } }: Settings): Figure | undefined {
  if (required === undefined) return undefined;
  const from = "nofile.required, from the deployer's plan";
  return sum("descriptors", [{ name: "planned", value: required, from }]);
}

/** The open files that a process with these settings needs. */
export function processBudget(settings: Settings): Budget {
  return descriptorBudget(inputsOf(settings));
}

/** The setting that says how many sessions a process holds: all of them, or those that it caches. */
export function sessionsSetting({ sessionStorage }: Settings): string {
  return sessionStorage.provider === "memory" ? "session.maxSessions" : "session.cacheEntries";
}

function inputsOf(settings: Settings): CompleteInputs {
  const { backends, limits, session, sessionStorage } = settings;
  const store = storeOf(sessionStorage);
  return completed({
    sessions: store === "memory" ? session.maxSessions : session.cacheEntries,
    backends: plannedBackends(settings),
    sessionStreamBackends: backends.filter(pushes).length,
    upstreamConnections: limits.upstreamConnections,
    views: limits.views,
    // The streams during calls give way to clients: a process with room for the others works.
    askableSessionsPercent: 0,
    programs: programs(backends).programs,
    store,
    ...(sessionStorage.provider === "redis" &&
      sessionStorage.cluster !== undefined && { storeShards: sessionStorage.cluster.shards }),
  });
}

/** The maximum number of connections to backends, with views in proportion, that leaves room for one session. */
function backendLimitsWithin(descriptors: number, given: CompleteInputs) {
  const lowered = (upstreamConnections: number) => {
    const part = upstreamConnections / given.upstreamConnections;
    return { upstreamConnections, views: Math.max(1, Math.floor(given.views * part)) };
  };
  let fits = 1;
  let tooMany = given.upstreamConnections + 1;
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    const { minLimit } = descriptorBudget({ ...given, ...lowered(middle) });
    if (minLimit <= descriptors) fits = middle;
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
