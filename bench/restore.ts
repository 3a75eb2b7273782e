import { ClientPool } from "../testkit/clients/client-pool.ts";
import type { RawClient } from "../testkit/clients/raw-client.ts";
import type { Fleet } from "./fleet.ts";
import { quantile } from "./load.ts";
import { Target } from "./target.ts";

const WARM_UP_SESSIONS = 500;
export const RESTORES = 1_000;

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface RestoreFigures {
  /** The first call of a session at a gateway that has never seen it. */
  readonly first: Latency;
  /** The next call of the same session there. */
  readonly warm: Latency;
  /** What a restore costs beyond the call. */
  readonly backendRequests: number;
  readonly storeCommands: number;
}

/** Sessions that one gateway opened go on at another one, one after the other. */
export async function measureRestore(fleet: Fleet): Promise<RestoreFigures> {
  const [one, other] = await fleet.gateways(2, "redis");
  if (one === undefined || other === undefined) throw new Error("two gateways are needed");
  const opener = new Target("opener", "b_echo", [one]);
  const restorer = new Target("restorer", "b_echo", [other]);
  const pool = new ClientPool(other.url);
  const first: number[] = [];
  const warm: number[] = [];

  const timed = async (session: RawClient): Promise<number> => {
    const startedAtMs = performance.now();
    const answer = await session.call("b_echo", {});
    if (answer.status !== 200) throw new Error(`a call got ${answer.status}: ${answer.text}`);
    return performance.now() - startedAtMs;
  };
  const restoreAll = async (count: number) => {
    const sessions = (await opener.open(count)).flat();
    // Opens the backend session, which is then there for everybody.
    for (const session of sessions) await timed(session);
    const requestsBefore = (await fleet.backendCounts()).requests;
    const commandsBefore = await restorer.storeCommands();
    first.length = 0;
    warm.length = 0;
    for (const { sessionId } of sessions) {
      const session = pool.client(sessionId);
      first.push(await timed(session));
      warm.push(await timed(session));
    }
    const requests = (await fleet.backendCounts()).requests - requestsBefore;
    const commands = (await restorer.storeCommands()) - commandsBefore;
    return { backendRequests: requests / count - 2, storeCommands: commands / count };
  };

  await restoreAll(WARM_UP_SESSIONS);
  const costs = await restoreAll(RESTORES);
  await Promise.all([opener.close(), restorer.close(), pool.close()]);
  return { first: latency(first), warm: latency(warm), ...costs };
}

function latency(values: readonly number[]): Latency {
  return { p50Ms: quantile(values, 0.5), p99Ms: quantile(values, 0.99) };
}
