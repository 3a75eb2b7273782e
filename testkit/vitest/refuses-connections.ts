import { expect } from "vitest";

import { eventually } from "./eventually.ts";

/** Resolves when a new connection is refused. */
export async function refusesConnections(url: string): Promise<void> {
  const attempt = () => fetch(url, { headers: { connection: "close" } });
  await eventually(() => expect(attempt()).rejects.toThrow());
}
