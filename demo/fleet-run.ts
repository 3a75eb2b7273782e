import { type Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

import { readFigures } from "../testkit/clients/figures.ts";
import type { Fleet } from "../testkit/processes/fleet.ts";
import type { FleetProcess } from "../testkit/processes/fleet-process.ts";
import { callAll, type SampleCall } from "./sample-calls.ts";
import { table } from "./table.ts";

/** How often each sample is called; one process is killed after half of them. */
const ROUNDS = 20;

const WIDEST_CELL = 36;

export interface FleetRun {
  readonly fleet: Fleet;
  readonly client: Client;
  readonly calls: readonly SampleCall[];
  readonly signal: AbortSignal;
  readonly print: (text: string) => void;
}

/**
 * A client calls on and on in one session while the process that opened the session is killed, between two calls:
 * whether a call that it kills has run, nobody could tell.
 *
 * @throws a call failed.
 */
export async function runFleet({ fleet, client, calls, signal, print }: FleetRun): Promise<void> {
  const { front, processes: gateways } = fleet;
  const transport = new StreamableHTTPClientTransport(new URL(front.url));
  await client.connect(transport, { signal });
  const [first, ...survivors] = gateways;
  print(
    `the official SDK client makes ${ROUNDS * calls.length} calls in one session; gateway 1, which opened it, is killed in the middle\n`,
  );
  const run = { client, calls, signal, print };
  const failedBefore = await callRounds(run, ROUNDS / 2);
  const before = answeredBy(fleet);
  const opened = await sumOf(survivors);
  await first?.kill();
  const failedAfter = await callRounds(run, ROUNDS / 2);
  const after = answeredBy(fleet);
  const openedAfter = (await sumOf(survivors)) - opened;
  const { notFound } = front;

  const rows = gateways.map((gateway, index) => [
    String(index + 1),
    String(before[index]),
    String((after[index] ?? 0) - (before[index] ?? 0)),
    gateway.isRunning ? "runs" : "killed",
  ]);
  const titles = ["gateway", "answers before", "answers after", "now"];
  print(table([titles, ...rows], WIDEST_CELL));
  const failed = failedBefore + failedAfter;
  print(`
${ROUNDS * calls.length} calls, ${failed} errors, ${notFound} answers that the session is unknown; \
the other processes opened ${openedAfter} new sessions at backends after the kill.`);
  if (failed > 0) throw new Error(`${failed} calls failed`);
  await transport.terminateSession();
}

/** Answers how many calls failed. */
async function callRounds(
  { client, calls, signal, print }: Omit<FleetRun, "fleet">,
  rounds: number,
): Promise<number> {
  let failed = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const call of calls) {
      try {
        await callAll(client, [call], signal);
      } catch (error) {
        signal.throwIfAborted();
        failed += 1;
        print(`a call failed: ${String(error)}`);
      }
    }
  }
  return failed;
}

function answeredBy({ front, processes }: Fleet): number[] {
  return processes.map(({ url }) => front.answered.get(url) ?? 0);
}

/** Sessions that the processes have opened at backends. */
async function sumOf(gateways: readonly FleetProcess[]): Promise<number> {
  const figures = await Promise.all(gateways.map(({ adminUrl }) => readFigures(adminUrl)));
  return figures.reduce((sum, { backendSessions }) => sum + backendSessions, 0);
}
