import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { callOf, messagesOf, startFleet } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { textResult } from "../../testkit/servers/scripted-exchange.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const notification = (method: string, params: object) => ({
  jsonrpc: "2.0",
  method: `notifications/${method}`,
  params,
});
const progress = (progressToken: unknown) =>
  notification("progress", { progressToken, progress: 1 });
const updated = (uri: string) => notification("resources/updated", { uri });
const cancelled = (requestId: unknown) => notification("cancelled", { requestId });
const news = notification("message", { level: "info", data: "last" });

/** Two servers behind one gateway, of which the client has subscribed to `good:a` of one and `evil:dir` of the other. */
async function startTwo(notifications: "calls" | "session") {
  const [good, evil] = await Promise.all([ScriptedBackend.start(), ScriptedBackend.start()]);
  for (const [backend, uri] of [
    [good, "good:a"],
    [evil, "evil:dir"],
  ] as const) {
    backend.on("resources/list", (exchange) =>
      exchange.result({ resources: [{ uri, name: uri }] }),
    );
  }
  onTestFinished(async () => {
    await Promise.all([good.stop(), evil.stop()]);
  });
  const gateway = await startGateway({
    backends: [
      { name: "good", url: good.url, notifications },
      { name: "evil", url: evil.url, notifications },
    ],
  });
  onTestFinished(() => gateway.close());
  const client = await RawClient.open(gateway.url);
  const ids = [101, 102];
  for (const uri of ["good:a", "evil:dir"]) {
    const method = "resources/subscribe";
    await client.post(JSON.stringify({ jsonrpc: "2.0", id: ids.pop(), method, params: { uri } }));
  }
  return { good, evil, client };
}

/** What a backend may say, and the form in which the client hears it. */
const SAID = [
  [progress("good-token"), undefined],
  [progress("evil-token"), progress("evil-token")],
  [progress("nobody's"), undefined],
  [updated("good:a"), undefined],
  [updated("good:a/b"), undefined],
  [updated("evil:dir"), updated("evil:dir")],
  [updated("evil:dir/file"), updated("evil:dir/file")],
  [updated("evil:directory"), undefined],
  [cancelled("good.1.0"), cancelled('evil.1."good.1.0"')],
  [cancelled(7), cancelled("evil.1.7")],
  [cancelled(null), undefined],
  [news, news],
] as const;
const HEARD = SAID.flatMap(([, heard]) => (heard === undefined ? [] : [heard]));

describe("a backend that speaks of what is another's", () => {
  it("is heard on a call's stream only with its own call, resources and questions", async () => {
    const { good, evil, client } = await startTwo("calls");
    const done = Promise.withResolvers<void>();
    good.on("tools/call", async (exchange) => {
      await done.promise;
      exchange.result(textResult("good"));
    });
    evil.on("tools/call", async (exchange) => {
      exchange.begin();
      for (const [said] of SAID) await exchange.event(said);
      await exchange.eventWithResult(textResult("evil"));
      exchange.end();
    });

    const other = client.post(callOf("good_read", 1, { meta: { progressToken: "good-token" } }));
    await eventually(() => expect(good.count("tools/call")).toBe(1));
    const answer = await client.post(
      callOf("evil_read", 2, { meta: { progressToken: "evil-token" } }),
    );
    done.resolve();
    await other;

    expect(messagesOf(answer).slice(0, -1)).toEqual(HEARD);
  });

  it("is heard on the session's stream only with its own calls, resources and questions", async () => {
    const { good, evil, client } = await startTwo("session");
    const done = Promise.withResolvers<void>();
    for (const backend of [good, evil]) {
      backend.on("tools/call", async (exchange) => {
        await done.promise;
        exchange.result(textResult("done"));
      });
    }
    const stream = await client.stream();
    const calls = [
      client.post(callOf("good_read", 1, { meta: { progressToken: "good-token" } })),
      client.post(callOf("evil_read", 2, { meta: { progressToken: "evil-token" } })),
    ];
    await eventually(() => {
      expect(evil.count("tools/call") + good.count("tools/call")).toBe(2);
      expect(evil.count("GET")).toBe(1);
    });

    for (const [said] of SAID) await evil.announce(said);

    const heard: unknown[] = [];
    while (heard.length < HEARD.length) heard.push(JSON.parse((await stream.next()) ?? "null"));
    expect(heard).toEqual(HEARD);
    done.resolve();
    await Promise.all(calls);
    stream.leave();
  });
});

describe("a backend that takes a question back", () => {
  it("closes the client's dialog: both know the question by the same id", async () => {
    const { backend, client } = await startFleet();
    backend.on("tools/call", async (exchange) => {
      exchange.begin();
      await exchange.event({ jsonrpc: "2.0", id: 7, method: "elicitation/create", params: {} });
      await exchange.event(cancelled(7));
      await exchange.eventWithResult(textResult("done"));
      exchange.end();
    });
    await client.initialize({ protocolVersion: "2025-11-25", capabilities: { elicitation: {} } });

    const [question, taken] = messagesOf(await client.post(callOf("write")));

    expect(question).toMatchObject({ id: "scripted.1.7", method: "elicitation/create" });
    expect(taken).toEqual(cancelled("scripted.1.7"));
  });
});
