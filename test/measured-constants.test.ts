import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CONSTANTS } from "@mcp-fleet/contract/capacity";
import { describe, expect, it } from "vitest";
import { ClientConnections } from "../runtime/edge/client-connections.ts";
import { AddressCounts } from "../runtime/sessions/address-counts.ts";
import { LogLimit } from "../runtime/telemetry/log-limit.ts";
import { hasRedis, RedisProcess } from "../testkit/processes/redis.ts";
import { openStore, redisAt } from "../testkit/processes/redis-store.ts";
import { sessionRecord } from "../testkit/processes/session-record.ts";

setFlagsFromString("--expose-gc");
/** So little less is no change. */
const STEADY_BYTES = 4_096;
const collectGarbage = runInNewContext("gc");

/** The heap once nothing more of it is let go: what earlier tests held is free only some collections later. */
async function heldBytes(): Promise<number> {
  for (let last = Number.POSITIVE_INFINITY; ; ) {
    await nextTurn();
    collectGarbage();
    const { heapUsed } = process.memoryUsage();
    if (heapUsed > last - STEADY_BYTES) return heapUsed;
    last = heapUsed;
  }
}

/** What is held after some work that was not before it, in bytes of the heap, for each of so many. */
async function heldFor(count: number, work: (index: number) => void): Promise<number> {
  const before = await heldBytes();
  for (let index = 0; index < count; index += 1) work(index);
  return ((await heldBytes()) - before) / count;
}

/** Every other one is a network of IPv6. */
const address = (index: number) => {
  const low = `${index & 0xff}`;
  if (index % 2 === 0) return `10.${index >> 16}.${(index >> 8) & 0xff}.${low}`;
  return `2001:db8:${(index >> 16).toString(16)}:${(index & 0xffff).toString(16)}::/64`;
};

describe("what the plan counts in the heap", () => {
  const ADDRESSES = 20_000;

  const connectionsOf = async (addressOf: (index: number) => string) => {
    const connections = new ClientConnections();
    const sockets = Array.from({ length: ADDRESSES }, () => new EventEmitter() as Socket);
    const add = (index: number) => {
      const socket = sockets[index];
      if (socket !== undefined) connections.add(socket, addressOf(index));
    };
    const bytes = await heldFor(ADDRESSES, add);
    expect(connections.size).toBe(sockets.length);
    return bytes;
  };

  it("for an address with a connection is what 20,000 of them hold, and up to 1.5 times that", async () => {
    const bytes = (await connectionsOf(address)) - (await connectionsOf(() => "10.0.0.1"));
    expect(bytes).toBeLessThanOrEqual(CONSTANTS.addressBytes.value);
    expect(bytes).toBeGreaterThan(CONSTANTS.addressBytes.value / 1.5);
  });

  it("for an address with a session is more than what 20,000 of them hold", async () => {
    const counts = new AddressCounts();
    const bytes = await heldFor(ADDRESSES, (index) => counts.add(address(index)));
    expect(bytes).toBeLessThanOrEqual(CONSTANTS.addressBytes.value);
    expect(counts.exceedsMean(address(0), 1)).toBe(true);
  });

  it("for a kind of log lines is what 1,000 of them hold, and up to twice that; there are no more", async () => {
    const limit = new LogLimit();
    const { logKinds, logKindBytes } = CONSTANTS;
    const text = "x".repeat(150);
    const write = (index: number) =>
      void limit.allows(
        JSON.stringify([text, { code: "INTERNAL", backend: `b${index}` }]),
        () => {},
      );
    const bytes = await heldFor(logKinds.value, write);
    expect(bytes).toBeLessThanOrEqual(logKindBytes.value);
    expect(bytes).toBeGreaterThan(logKindBytes.value / 2);
    const more = await heldFor(logKinds.value, (index) => write(logKinds.value + index));
    expect(more).toBeLessThan(bytes / 10);
  });
});

describe.skipIf(!hasRedis)("what the plan counts in the store", () => {
  const SESSIONS = 4_000;
  const AT_ONCE = 100;

  /** What each of 4,000 sessions takes in a store of its own. */
  const storedFor = async (unusedFrom: (index: number) => { readonly unusedFrom?: string }) => {
    const redis = await RedisProcess.server();
    const store = await openStore(redisAt(redis));
    const used = async () =>
      Number(/^used_memory:(\d+)/m.exec(String(await redis.ask("INFO", "memory")))?.[1]);
    const times = { createdAtMs: Date.now(), expiresAtMs: Date.now() + 3_600_000 };
    const create = async (index: number) => {
      const key = randomBytes(32).toString("base64url");
      const record = sessionRecord(key, { ...times, ...unusedFrom(index) });
      expect(await store.sessions.create(record, { maxSessions: 1e6 })).toBe("created");
    };
    try {
      await create(SESSIONS);
      const before = await used();
      for (let index = 0; index < SESSIONS; index += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, (_, one) => create(index + one)));
      }
      return ((await used()) - before) / SESSIONS;
    } finally {
      await store.close();
      await redis.stop();
    }
  };

  it("for a session that was not used yet is what 4,000 of them take, and up to 1.5 times that", async () => {
    const unused = await storedFor((index) => ({ unusedFrom: address(index) }));
    const bytes = unused - (await storedFor(() => ({})));
    expect(bytes).toBeLessThanOrEqual(CONSTANTS.unusedBytes.value);
    expect(bytes).toBeGreaterThan(CONSTANTS.unusedBytes.value / 1.5);
  });
});
