import { setTimeout as delay } from "node:timers/promises";

const PAUSE_MS = 50;

/** Some two minutes: what has not come about then will not. It bounds a hang, and measures nothing. */
const MAX_ASKED = 2_400;

/**
 * Resolves once something is so, which is asked again and again; also outside of tests.
 * @throws where it never is so: `what` is what was waited for.
 */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let asked = 0; asked < MAX_ASKED; asked += 1) {
    if (await isSo()) return;
    await delay(PAUSE_MS);
  }
  throw new Error(`waited in vain for ${what}`);
}
