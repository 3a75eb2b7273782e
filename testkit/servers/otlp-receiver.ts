import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { buffer } from "node:stream/consumers";
import { freePort } from "../processes/free-ports.ts";
import { type Fields, fieldsOf, hexIn, messagesIn, numberIn, textIn } from "./protobuf.ts";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  /** 2 is an error. */
  readonly status: number;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
}

export interface ReceivedMetric {
  readonly name: string;
  readonly type: "gauge" | "sum" | "histogram";
  readonly points: readonly {
    readonly attributes: Readonly<Record<string, string>>;
    /** Of a histogram, how many measurements it has. */
    readonly value: number;
  }[];
}

/** What a collector answers, and whether it does. */
export type Manners = "takes" | "refuses" | "hangs";

/** A collector of OTLP over HTTP, which reads the protobuf that it gets and keeps all of it. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** As they were exported last, by name. */
  readonly metrics = new Map<string, ReceivedMetric>();
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  manners: Manners = "takes";
  readonly #server: Server;
  #port = 0;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const body = await buffer(request);
      const path = request.url ?? "";
      this.requests.push({ path, headers: request.headers });
      if (this.manners === "hangs") return;
      response.statusCode = this.manners === "takes" ? 200 : 400;
      if (this.manners === "takes") this.#take(path, fieldsOf(body));
      response.end();
    });
  }

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    receiver.#port = await freePort();
    receiver.#server.listen(receiver.#port, "127.0.0.1");
    await once(receiver.#server, "listening");
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take(path: string, body: Fields): void {
    for (const group of messagesIn(body, 1)) {
      const [resource] = messagesIn(group, 1).map((fields) => attributesIn(fields, 1));
      for (const scope of messagesIn(group, 2)) {
        const items = messagesIn(scope, 2);
        if (path === "/v1/traces") {
          this.spans.push(...items.map((item) => spanOf(item, resource ?? {})));
        } else for (const item of items) this.metrics.set(textIn(item, 1), metricOf(item));
      }
    }
  }
}

function spanOf(span: Fields, resource: ReceivedSpan["resource"]): ReceivedSpan {
  const nanos = (number: number) => {
    const [value] = span.get(number) ?? [];
    return Buffer.isBuffer(value) ? value.readBigUInt64LE() : 0n;
  };
  return {
    traceId: hexIn(span, 1),
    spanId: hexIn(span, 2),
    parentId: hexIn(span, 4),
    name: textIn(span, 5),
    kind: numberIn(span, 6),
    attributes: attributesIn(span, 9),
    resource,
    status: messagesIn(span, 15).map((status) => numberIn(status, 3))[0] ?? 0,
    startNanos: nanos(7),
    endNanos: nanos(8),
  };
}

function metricOf(metric: Fields): ReceivedMetric {
  const name = textIn(metric, 1);
  const kinds = [
    ["gauge", 5],
    ["sum", 7],
    ["histogram", 9],
  ] as const;
  for (const [type, number] of kinds) {
    const [data] = messagesIn(metric, number);
    if (data === undefined) continue;
    const points = messagesIn(data, 1).map((point) => {
      if (type !== "histogram") {
        return { attributes: attributesIn(point, 7), value: numberIn(point, 4) };
      }
      const [count] = point.get(4) ?? [];
      const value = Buffer.isBuffer(count) ? Number(count.readBigUInt64LE()) : 0;
      return { attributes: attributesIn(point, 9), value };
    });
    return { name, type, points };
  }
  throw new Error(`the metric ${name} has no data`);
}

/** Values that are texts; the others are left out. */
function attributesIn(fields: Fields, number: number): Record<string, string> {
  return Object.fromEntries(
    messagesIn(fields, number).map((pair) => {
      const [value] = messagesIn(pair, 2);
      return [textIn(pair, 1), value === undefined ? "" : textIn(value, 1)];
    }),
  );
}
