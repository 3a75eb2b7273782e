import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { InspectedGateway } from "../processes/inspected-gateway.ts";
import { until } from "../processes/until.ts";
import { EchoBackend } from "../servers/echo-backend.ts";
import type { Exchange } from "../servers/scripted-exchange.ts";
import { ClientCrowd } from "./client-crowd.ts";

export interface SoakPlan {
  /** The first loads and compiles what the others run, the second is what they are compared with. */
  readonly rounds: number;
  /** How long each is at least; longer where the machine does not keep up. */
  readonly roundSeconds: number;
  /** In each round: sessions that are left alone, and as many requests that break off. */
  readonly abandoned: number;
  readonly calls: number;
  /** The same seed is the same clients. */
  readonly seed: number;
  /** Hears after each round what the heap is. */
  readonly onRound?: (heapBytes: number) => void;
}

/** Takes as long as it is told, and answers as events every second time. */
async function slow(exchange: Exchange): Promise<void> {
  const { milliseconds } = Object(exchange.received.params.arguments);
  await delay(Number(milliseconds));
  exchange.outcome('"result":{"content":[]}', Number(milliseconds) % 2 < 1);
}

/**
 * A gateway whose clients come, go and break off, round after round. Returns its heap in bytes after each, when it
 * held as little as before the first: no session, connection, descriptor or timer more.
 *
 * @throws where it goes on holding something, with what that is.
 */
export async function soak({
  rounds,
  roundSeconds,
  onRound = () => {},
  ...crowd
}: SoakPlan): Promise<number[]> {
  const backend = await EchoBackend.start({ keepRequests: false });
  backend.on("tools/call", slow);
  try {
    const gateway = await InspectedGateway.start({
      backends: [{ name: "b", url: backend.url }],
      session: { idleTtl: "5s" },
    });
    try {
      // The gateway's own session and the stream on which it hears of changed lists.
      await until("the gateway's own session", () => {
        const { requests, sockets, sessions } = backend.counts;
        const isSettled = requests.GET === 1 && requests["tools/list"] === 2;
        return isSettled && sockets === 1 && sessions === 1;
      });
      const baseline = await heldBy(gateway, backend);
      const heapBytes: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const plan = { ...crowd, aborted: crowd.abandoned, seconds: roundSeconds };
        await ClientCrowd.visit(gateway.url, "b_echo", plan);
        await givenBack(gateway, backend, baseline);
        const { heapUsedBytes } = await gateway.inspect();
        heapBytes.push(heapUsedBytes);
        onRound(heapUsedBytes);
      }
      return heapBytes;
    } finally {
      await gateway.stop();
    }
  } finally {
    await backend.stop();
  }
}

type Held = Awaited<ReturnType<typeof heldBy>>;

async function heldBy(gateway: InspectedGateway, backend: EchoBackend) {
  const { descriptors, handles } = await gateway.inspect();
  const { sockets, sessions } = backend.counts;
  const status = await fetch(`${gateway.adminUrl}/status`, { headers: { connection: "close" } });
  const { stored, cached, streams } = JSON.parse(await status.text()).sessions;
  return { descriptors, handles, backend: { sockets, sessions }, stored, cached, streams };
}

/** Sessions expire, then idle connections close. */
async function givenBack(
  gateway: InspectedGateway,
  backend: EchoBackend,
  baseline: Held,
): Promise<void> {
  let held = baseline;
  const isBack = async () => {
    held = await heldBy(gateway, backend);
    return isDeepStrictEqual(held, baseline);
  };
  await until("everything to be given back", isBack).catch((cause: unknown) => {
    const what = `still held: ${JSON.stringify(held)}, before: ${JSON.stringify(baseline)}`;
    throw new Error(what, { cause });
  });
}
