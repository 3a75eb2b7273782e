import { setTimeout as delay } from "node:timers/promises";

import { expect, it, onTestFinished } from "vitest";

import { ClientCrowd } from "../testkit/clients/client-crowd.ts";
import { InspectedGateway } from "../testkit/processes/inspected-gateway.ts";
import { type BackendAnswer, CountingBackend } from "../testkit/servers/counting-backend.ts";

/** Of load in all; `make soak` takes longer. */
const SOAK_SECONDS = Number(process.env.SOAK_SECONDS ?? "60");

/** The first round loads and compiles what the others run, the second is what they are compared with. */
const ROUNDS = Math.min(10, Math.max(3, Math.round(SOAK_SECONDS / 20)));
const ROUND_SECONDS = SOAK_SECONDS / ROUNDS;

const ABANDONED = Math.round(100 * ROUND_SECONDS);
const PLAN = {
  abandoned: ABANDONED,
  aborted: ABANDONED,
  calls: Math.round(250 * ROUND_SECONDS),
  seconds: ROUND_SECONDS,
  seed: 4,
};

/** Sessions expire, then idle connections close. The limit is for a hang, not a measure of speed. */
const PATIENCE = { timeout: 60_000, interval: 500 };

/** Takes as long as it is told, and answers as events every second time. */
async function slow(params: Readonly<Record<string, unknown>>): Promise<BackendAnswer> {
  const { milliseconds } = Object(params.arguments);
  await delay(Number(milliseconds));
  return { outcome: '"result":{"content":[]}', asEvents: Number(milliseconds) % 2 < 1 };
}

it(
  `${ABANDONED} abandoned sessions and ${ABANDONED} broken requests leave nothing behind, ${ROUNDS} times, and the heap within 10 %`,
  async () => {
    const backend = await CountingBackend.start({
      answer: ({ method, params }) => (method === "tools/call" ? slow(params) : undefined),
    });
    onTestFinished(() => backend.close());
    const gateway = await InspectedGateway.start({
      backends: [{ name: "b", url: backend.url }],
      session: { idleTtl: "5s" },
    });
    onTestFinished(() => gateway.stop());

    const held = async () => {
      const { descriptors, handles } = await gateway.inspect();
      const { sockets, sessions } = backend.counts;
      const status = await fetch(`${gateway.adminUrl}/status`, {
        headers: { connection: "close" },
      });
      const { stored, cached, streams } = JSON.parse(await status.text()).sessions;
      return { descriptors, handles, backend: { sockets, sessions }, stored, cached, streams };
    };
    // The gateway's own session and the stream on which it hears of changed lists.
    await expect.poll(() => backend.counts, PATIENCE).toMatchObject({ sockets: 1, sessions: 1 });
    const baseline = await held();
    expect(baseline).toMatchObject({ stored: 0, cached: 0, streams: 0 });

    const heapBytes: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await ClientCrowd.visit(gateway.url, "b_echo", PLAN);
      await expect.poll(held, PATIENCE).toEqual(baseline);
      heapBytes.push((await gateway.inspect()).heapUsedBytes);
    }

    const [, warmUp = 0, ...others] = heapBytes;
    expect(Math.max(...others)).toBeLessThan(warmUp * 1.1);
  },
  (SOAK_SECONDS + ROUNDS * 90) * 1_000,
);
