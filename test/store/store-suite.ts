import { describe, expect, it } from "vitest";
import { describeFleetBus } from "./fleet-bus-suite.ts";
import { describeLeaseStore } from "./lease-store-suite.ts";
import { describeLimitStore } from "./limit-store-suite.ts";
import { describePodStore } from "./pod-store-suite.ts";
import { describeSessionStore } from "./session-store-suite.ts";
import { type MakeStore, useStore } from "./store-under-test.ts";
import { describeTurnStore } from "./turn-store-suite.ts";

/** What every store keeps to, subject by subject. */
export function describeStore(name: string, makeStore: MakeStore): void {
  describeSessionStore(name, makeStore);
  describeLeaseStore(name, makeStore);
  describePodStore(name, makeStore);
  describeFleetBus(name, makeStore);
  describeTurnStore(name, makeStore);
  describeLimitStore(name, makeStore);

  describe(`the secret store ${name}`, () => {
    const at = useStore(makeStore);

    it("answers the same signing key of 32 bytes to 10 that ask at once", async () => {
      const asked = Array.from({ length: 10 }, () => at.store.secrets.signingKey());
      const [first, ...others] = await Promise.all(asked);
      expect(first).toHaveLength(32);
      for (const other of others) expect(other).toEqual(first);
    });
  });
}
