import { untilAborted } from "../../async/until-aborted.ts";
import { clock } from "../../platform/clock.ts";

const COURTESY_MS = 1_000;

/**
 * Waits for a server to take something that needs no answer, so that what follows comes after it: for no longer than a
 * courtesy. What it comes to, well or badly, is for whoever began it.
 */
export async function courtesy(work: Promise<unknown>): Promise<void> {
  await untilAborted(work, clock.timeout(COURTESY_MS)).catch(() => {});
}
