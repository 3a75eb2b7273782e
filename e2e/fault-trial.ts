import { setTimeout as delay } from "node:timers/promises";

import { Trial } from "../testkit/trials/trial.ts";
import type { Fault, Fleet } from "./fleet.ts";

/** Load that goes on when the fault is over, so that what it left behind shows. */
const AFTER_MS = 2_000;
/** Within this, every session whose memory went has called again. */
const TOLD_WITHIN_MS = 40_000;
const POLL_MS = 250;

/** Brings a fault about under load, and waits until the fleet is over it. */
export async function tried(fault: Fault, fleet: Fleet): Promise<Trial> {
  const { title, isPlanned, refusesLosers = false, bring } = fault;
  const { load, pods } = fleet;
  const fromMs = Date.now();
  const first = load.reports.length;
  const before = [...load.places];
  const restarted = await pods.restarts();
  let gone: readonly string[] = [];
  let failure: string | undefined;
  const doomed = () =>
    new Set(before.filter(([, pod]) => gone.includes(pod)).map(([session]) => session));
  try {
    gone = await bring(fleet);
    await pods.settled();
    await untilTold(fleet, first, doomed());
    await delay(AFTER_MS);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  const reports = load.reports.slice(first);
  const restarts = (await pods.restarts()).filter((restart) => !restarted.includes(restart));
  const untilMs = Date.now();
  return new Trial({
    ...{ title, isPlanned, refusesLosers, fromMs, untilMs },
    ...{ gone, doomed: doomed(), reports, restarts, failure },
  });
}

async function untilTold({ load }: Fleet, first: number, doomed: ReadonlySet<number>) {
  const limit = Date.now() + TOLD_WITHIN_MS;
  const isOver = () => {
    const told = load.reports.slice(first).filter(({ verdict }) => verdict === "told");
    const sessions = new Set(told.map(({ session }) => session));
    return doomed.size === 0 || [...doomed].every((session) => sessions.has(session));
  };
  while (!isOver() && Date.now() < limit) await delay(POLL_MS);
}
