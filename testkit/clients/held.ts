import type { InspectedGateway } from "../processes/inspected-gateway.ts";
import { until } from "../processes/until.ts";

/** What a gateway and its backends hold of each other and of clients: how much of each kind. */
export type Held = Readonly<Record<string, number>>;

/**
 * `backends`: what they hold of the gateway.
 *
 * @throws the process has ended.
 */
export async function heldBy(gateway: InspectedGateway, backends: () => Held): Promise<Held> {
  const { descriptors, handles } = await gateway.inspect();
  const status = await fetch(`${gateway.adminUrl}/status`, { headers: { connection: "close" } });
  const { stored, cached, streams } = JSON.parse(await status.text()).sessions;
  return { descriptors, ...handles, ...backends(), stored, cached, streams };
}

/** The most that is held of each kind, of so many readings. */
export async function mostHeldBy(
  gateway: InspectedGateway,
  backends: () => Held,
  readings: number,
): Promise<Held> {
  const most: Record<string, number> = {};
  for (let reading = 0; reading < readings; reading += 1) {
    for (const [kind, count] of Object.entries(await heldBy(gateway, backends))) {
      most[kind] = Math.max(most[kind] ?? 0, count);
    }
  }
  return most;
}

/**
 * Resolves when no more is held of anything than before: sessions expire, then idle connections close.
 *
 * @throws it goes on holding something, with what that is; the process has ended.
 */
export async function givenBack(
  gateway: InspectedGateway,
  backends: () => Held,
  baseline: Held,
): Promise<void> {
  let kept: string[] = [];
  const isBack = async () => {
    const held = await heldBy(gateway, backends);
    kept = Object.entries(held)
      // What runs in this moment, and keeps nothing.
      .filter(([kind, count]) => kind !== "Immediate" && count > (baseline[kind] ?? 0))
      .map(([kind, count]) => `${kind} ${count} instead of ${baseline[kind] ?? 0}`);
    return kept.length === 0;
  };
  await until("everything to be given back", isBack).catch((cause: unknown) => {
    throw new Error(`still held: ${kept.join(", ")}`, { cause });
  });
}
