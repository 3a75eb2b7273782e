import { expect, it, onTestFinished } from "vitest";
import { RawClient } from "../testkit/clients/raw-client.ts";
import { type Counted, CountedGateway, type Counts } from "../testkit/processes/counted-gateway.ts";
import { EchoBackend } from "../testkit/servers/echo-backend.ts";

/** So many calls that what they run is compiled, and that what comes now and then does not count. */
const WARM_CALLS = 1_500;
const CALLS = 500;

/** Elsewhere, no /proc says how many system calls there were. */
const isLinux = process.platform === "linux";

/**
 * What a cached call may take. A change that needs more changes the number here, and says in its message what it is
 * for. Counting promises makes each `await` cost one more than it does else: 84 are some 45 without the hooks.
 */
const ALLOWED: Counts = {
  promises: 84,
  timers: 4,
  callbacks: 9,
  reads: 2,
  writes: 2,
  // 62 to 69 kB, of which Node's HTTP takes 15; the rest of it is room for what the compiler decides.
  allocatedBytes: 80_000,
};

/** The timers, ticks and reads of what the process does beside calls: less than one in ten calls. */
const BESIDE = 0.1;

/** What one of 500 calls takes, in a session that has made 1,500 before. */
async function costOfACall(counted: Counted): Promise<Counts> {
  const backend = await EchoBackend.start();
  const gateway = await CountedGateway.start(
    {
      // No ping in between.
      operational: { failureHandling: { healthCheckInterval: "1h" } },
      backends: [{ name: "b", url: backend.url }],
    },
    counted,
  );
  onTestFinished(async () => {
    await gateway.stop();
    await backend.stop();
  });
  const client = await RawClient.open(gateway.url);
  const call = async (times: number) => {
    for (let call = 0; call < times; call += 1) await client.call("b_echo", { call });
  };
  await call(WARM_CALLS);
  const before = await gateway.counts();
  await call(CALLS);
  const after = await gateway.counts();
  const each = (name: keyof Counts) => (after[name] - before[name]) / CALLS;
  return {
    promises: each("promises"),
    timers: each("timers"),
    callbacks: each("callbacks"),
    reads: each("reads"),
    writes: each("writes"),
    allocatedBytes: each("allocatedBytes"),
  };
}

it.runIf(isLinux)(
  "a cached call makes at most 84 promises, 4 timers, 9 callbacks, 2 reads and 2 writes",
  async () => {
    const cost = await costOfACall("hooks");
    // Counting allocates, too.
    const { allocatedBytes: _, ...allowed } = ALLOWED;
    for (const name of Object.keys(allowed) as (keyof typeof allowed)[]) {
      expect.soft(cost[name], name).toBeLessThan(allowed[name] + BESIDE);
      expect.soft(cost[name], `${name}: counted at all`).toBeGreaterThan(0);
    }
  },
);

it.runIf(isLinux)("a cached call allocates at most 80 kB of objects", async () => {
  const { allocatedBytes } = await costOfACall("bytes");
  expect(allocatedBytes).toBeLessThan(ALLOWED.allocatedBytes);
  expect(allocatedBytes).toBeGreaterThan(0);
});
