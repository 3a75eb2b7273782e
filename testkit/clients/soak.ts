import { setTimeout as delay } from "node:timers/promises";
import { InspectedGateway } from "../processes/inspected-gateway.ts";
import { until } from "../processes/until.ts";
import { EchoBackend } from "../servers/echo-backend.ts";
import type { Exchange } from "../servers/scripted-exchange.ts";
import { ClientCrowd } from "./client-crowd.ts";
import { givenBack, type Held, heldBy } from "./held.ts";

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
      const backends = () => countsOf(backend);
      const baseline = await heldBy(gateway, backends);
      const heapBytes: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const plan = { ...crowd, aborted: crowd.abandoned, seconds: roundSeconds };
        await ClientCrowd.visit(gateway.url, "b_echo", plan);
        await givenBack(gateway, backends, baseline);
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

function countsOf({ counts }: EchoBackend): Held {
  const { sockets, sessions } = counts;
  return { "backend sockets": sockets, "backend sessions": sessions };
}
