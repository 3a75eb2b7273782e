import { Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import { expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { until } from "../../testkit/processes/until.ts";
import { fieldsOf, messagesIn, textIn } from "../../testkit/servers/protobuf.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

const unchanged = (bytes: Buffer) => bytes;

/** The service of OTLP for one signal, with its messages as they are. */
const serviceOf = (signal: "trace" | "metrics", name: string): ServiceDefinition => ({
  Export: {
    path: `/opentelemetry.proto.collector.${signal}.v1.${name}/Export`,
    requestStream: false,
    responseStream: false,
    requestSerialize: unchanged,
    requestDeserialize: unchanged,
    responseSerialize: unchanged,
    responseDeserialize: unchanged,
  },
});

it("a collector that speaks gRPC gets spans, metrics and the headers of the configuration", async () => {
  const received: { readonly signal: string; readonly body: Buffer; readonly header: unknown }[] =
    [];
  const collector = new Server();
  for (const [signal, name] of [
    ["trace", "TraceService"],
    ["metrics", "MetricsService"],
  ] as const) {
    collector.addService(serviceOf(signal, name), {
      Export: (
        call: { request: Buffer; metadata: { get(name: string): unknown[] } },
        done: (error: null, answer: Buffer) => void,
      ) => {
        received.push({ signal, body: call.request, header: call.metadata.get("x-one")[0] });
        done(null, Buffer.alloc(0));
      },
    });
  }
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    collector.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const backend = await ScriptedBackend.start();
  onTestFinished(async () => {
    collector.forceShutdown();
    await backend.stop();
  });
  const [gateway] = await startRoles({
    backends: [{ name: "one", url: backend.url }],
    telemetry: {
      endpoint: `127.0.0.1:${port}`,
      insecure: true,
      protocol: "grpc",
      tracingEnabled: true,
      metricsEnabled: true,
      samplingRate: "1",
      exportInterval: "1s",
      headers: { "x-one": "1" },
    },
  });
  await RawClient.open(gateway.url);
  const of = (wanted: string) => received.filter(({ signal }) => signal === wanted);
  await until("both signals", () => of("trace").length > 0 && of("metrics").length > 0);
  const names = of("trace").flatMap(({ body }) =>
    messagesIn(fieldsOf(body), 1)
      .flatMap((group) => messagesIn(group, 2))
      .flatMap((scope) => messagesIn(scope, 2))
      .map((span) => textIn(span, 5)),
  );
  expect(names).toContain("initialize");
  expect(new Set(received.map(({ header }) => header))).toEqual(new Set(["1"]));
});
