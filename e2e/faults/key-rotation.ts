import { setTimeout as delay } from "node:timers/promises";

import type { Fault } from "../fleet.ts";

/** Beyond the rollout that brings the new key to all pods. */
const SIGN_AFTER_SECONDS = 45;

/** A new key comes, signs, and the old one goes: the steps of the documentation, by `pulumi up`. */
export const keyRotation: Fault = {
  title: "a new session key, and the old one removed",
  isPlanned: true,
  async bring({ stack, pods }) {
    const signAfter = new Date(Date.now() + SIGN_AFTER_SECONDS * 1000);
    const both = [{ id: "first" }, { id: "second", signAfter: signAfter.toISOString() }];
    await stack.up({ sessionKeys: JSON.stringify(both) });
    await pods.settled();
    await delay(Math.max(0, signAfter.getTime() - Date.now()));
    await stack.up({ sessionKeys: JSON.stringify([{ id: "second" }]) });
    return [];
  },
};
