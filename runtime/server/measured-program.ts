import type { StdioSettings } from "@mcp-fleet/contract/settings";
import { clock } from "../platform/clock.ts";
import { VERSION } from "../platform/version.ts";
import { type GroupUse, groupUse } from "../upstream/transports/stdio/process-group.ts";
import { StdioSession } from "../upstream/transports/stdio/stdio-session.ts";
import type { TransportRequest } from "../upstream/transports/transport.ts";
import { LATEST_PROTOCOL_VERSION } from "../wire/protocol-version.ts";

/** A program that has not answered by then does not answer. */
const PATIENCE_MS = 60_000;

/** What one session of a server over stdio takes. */
export interface MeasuredProgram extends GroupUse {
  /** From its start to the answer of initialize. */
  readonly startMs: number;
}

/**
 * Runs a program for one session that initializes and lists the tools, and says what it takes then.
 *
 * @throws why the program ended, or did not answer in a minute.
 */
export async function measureProgram(
  settings: StdioSettings,
  environment: Readonly<Record<string, string | undefined>>,
  maxLineBytes: number,
): Promise<MeasuredProgram> {
  const startedAtMs = clock.monotonicMs();
  const session = new StdioSession({
    settings,
    environment,
    maxLineBytes,
    onAnswer: () => {},
    onErrorLine: () => {},
  });
  try {
    const clientInfo = { name: "mcp-fleet", version: VERSION };
    const params = { protocolVersion: LATEST_PROTOCOL_VERSION, capabilities: {}, clientInfo };
    await asked(session, { id: 1, method: "initialize", params });
    const startMs = clock.monotonicMs() - startedAtMs;
    await asked(session, { method: "notifications/initialized" });
    await asked(session, { id: 2, method: "tools/list" });
    return { startMs, ...groupUse(session.pid ?? 0) };
  } finally {
    session.close();
    await session.ended;
  }
}

/** Sends a message, and waits for its response where there is one. */
async function asked(session: StdioSession, message: object): Promise<void> {
  const request: TransportRequest = {
    operation: "send",
    session: { protocol: "" },
    text: JSON.stringify({ jsonrpc: "2.0", ...message }),
    purpose: "open",
    signal: clock.timeout(PATIENCE_MS),
  };
  const answer = await session.channel.send(request);
  if (answer.kind !== "events") return;
  for await (const _ of answer.events);
}
