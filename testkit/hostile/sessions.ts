import type { Attacker } from "./attacker.ts";

export async function initializeFlood(attacker: Attacker): Promise<void> {
  await attacker.keep(() => attacker.open(), 4);
}

export async function inventedCapabilities(attacker: Attacker): Promise<void> {
  await attacker.keep(() => {
    const name = `invented ${attacker.nextId()}`;
    return attacker.open({ roots: { [name]: 1 }, experimental: { [name]: {} } });
  }, 2);
}

export async function endedSessions(attacker: Attacker): Promise<void> {
  await attacker.keep(async () => {
    const session = await attacker.open();
    await session.end();
  }, 2);
}

export async function forgedSessions(attacker: Attacker): Promise<void> {
  await attacker.keep(async () => {
    const own = (await attacker.session()).sessionId ?? "";
    const place = attacker.nextId() % Math.max(1, own.length);
    const forged = `${own.slice(0, place)}A${own.slice(place + 1)}`;
    await attacker.post(attacker.request("ping", {}), { "mcp-session-id": `${forged}A` });
  }, 4);
}
