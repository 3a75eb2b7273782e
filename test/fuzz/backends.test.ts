import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { lastMessage, RawClient } from "../../testkit/clients/raw-client.ts";
import { BACKEND_ANSWER, ID } from "../../testkit/fuzz/backend-answer.ts";
import { checkNoFault, runsOr } from "../../testkit/fuzz/no-fault.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";

/** What is answered oddly, in each session: what a call causes at a backend, and its calls. */
const KINDS = ["initialize", "notifications/initialized", "GET", "logging/setLevel", "DELETE"];
const CALLS = 6;

const ANSWERS = fc.record({
  calls: fc.array(BACKEND_ANSWER, { minLength: CALLS, maxLength: CALLS }),
  others: fc.array(fc.tuple(fc.constantFrom(...KINDS), BACKEND_ANSWER), { maxLength: 1 }),
});

it("a gateway turns 400 odd answers of a backend into results or named errors, and calls of another backend go on", async () => {
  const [odd, good] = [await ScriptedBackend.start(), await ScriptedBackend.start()];
  onTestFinished(async () => {
    await Promise.all([odd.stop(), good.stop()]);
  });
  const [{ url, adminUrl }] = await startRoles({
    backends: [
      { name: "odd", url: odd.url },
      { name: "good", url: good.url },
    ],
    limits: { callTimeout: "2s", initializeTimeout: "2s" },
  });
  const honest = await RawClient.open(url);
  const property = fc.asyncProperty(ANSWERS, async ({ calls, others }) => {
    const answers = new Map([["tools/call", [...calls]]]);
    for (const [kind, text] of others) answers.set(kind, [text]);
    const client = await RawClient.open(url, "2025-11-25", { roots: {} });
    for (const [kind, texts] of answers) {
      odd.on(kind, (exchange) => {
        const text = texts.shift();
        if (text === undefined) return odd.behave(exchange);
        exchange.breakOff(text.replaceAll(ID, JSON.stringify(exchange.received.message.id)));
      });
    }
    const said = JSON.stringify({ calls, others });
    await Promise.all(
      calls.map(async () => {
        const answer = await client.call("odd_write", {});
        checkNoFault(said, answer.text);
        expect(answer.status, said).toBe(200);
        // Whose form a client's SDK refuses itself, such as one without `jsonrpc`, passes as it is.
        const message: object = JSON.parse(lastMessage(answer));
        expect(message, said).toHaveProperty("id", expect.any(Number));
        expect("result" in message || "error" in message, said).toBe(true);
      }),
    );
    checkNoFault(said, (await client.end()).text);
    expect(lastMessage(await honest.call("good_write", {}))).toContain('"result"');
  });
  await fc.assert(property, { numRuns: runsOr(66) });
  for (const kind of ["tools/call", ...KINDS])
    odd.on(kind, (exchange: Exchange) => odd.behave(exchange));
  await expect
    .poll(async () => lastMessage(await honest.call("odd_write", {})))
    .toContain('"result"');
  expect(await (await fetch(`${adminUrl}/metrics`)).text()).not.toContain('outcome="INTERNAL"');
});
