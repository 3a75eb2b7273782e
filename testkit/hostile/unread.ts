import type { Attacker } from "./attacker.ts";

/** How long nothing is read before another connection takes its place. */
const UNREAD_MS = 5_000;

/** Sends a request on a connection of its own, and leaves what comes unread. */
async function leaveUnread(
  attacker: Attacker,
  method: "GET" | "POST",
  body?: string,
): Promise<void> {
  const socket = await attacker.socket();
  socket.pause();
  socket.write(await attacker.bytes(method, {}, body));
  await attacker.wait(UNREAD_MS);
  socket.destroy();
}

export async function unreadAnswers(attacker: Attacker): Promise<void> {
  await attacker.keep(() => leaveUnread(attacker, "POST", attacker.call(4)), 8);
}

export async function unreadBatches(attacker: Attacker): Promise<void> {
  await attacker.keep(() => {
    const calls = Array.from({ length: 20 }, () => attacker.call(1));
    return leaveUnread(attacker, "POST", `[${calls.join(",")}]`);
  }, 1);
}

export async function unreadStreams(attacker: Attacker): Promise<void> {
  await attacker.keep(() => leaveUnread(attacker, "GET"), 4);
}
