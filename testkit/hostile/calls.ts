import type { Attacker } from "./attacker.ts";

export async function hangingCalls(attacker: Attacker): Promise<void> {
  await attacker.keep(() => attacker.post(attacker.call(-1)), 50);
}

export async function cancels(attacker: Attacker): Promise<void> {
  await attacker.keep(async () => {
    const params = { requestId: attacker.nextId(), reason: "x".repeat(1_000) };
    const method = "notifications/cancelled";
    await attacker.post(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }, 4);
}

export async function duplicateIds(attacker: Attacker): Promise<void> {
  await attacker.keep(() => attacker.post(attacker.call(0, "same")), 4);
}

export async function lists(attacker: Attacker): Promise<void> {
  await attacker.keep(() => attacker.ask("tools/list", {}), 8);
}

export async function badCursors(attacker: Attacker): Promise<void> {
  const cursors = [1, "", "x", "x".repeat(100_000), {}, [null], "MA=="];
  await attacker.keep(async () => {
    const cursor = cursors[attacker.nextId() % cursors.length];
    await attacker.ask("resources/list", { cursor });
  }, 4);
}

export async function longUris(attacker: Attacker): Promise<void> {
  await attacker.keep(async () => {
    const uri = `file:///${attacker.nextId()}/${"x".repeat(1_000_000)}`;
    await attacker.ask("resources/subscribe", { uri });
  }, 2);
}

export async function longNames(attacker: Attacker): Promise<void> {
  const long = "x".repeat(500_000);
  await attacker.keep(async () => {
    await attacker.ask(long, {});
    await attacker.ask("tools/call", { name: long });
  }, 2);
}
