import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { lastMessage, RawClient } from "../../testkit/clients/raw-client.ts";
import { CLIENT_REQUEST, SESSION } from "../../testkit/fuzz/client-request.ts";
import { checkNoFault, runsOr } from "../../testkit/fuzz/no-fault.ts";
import { sendBytes } from "../../testkit/fuzz/send-bytes.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

/** Sent at a time, in one session. */
const AT_ONCE = 10;

it.each([
  ["gateway", "good_write"],
  ["proxy", "write"],
] as const)(
  "a %s answers 300 odd requests or closes their connections, never with a fault of its own, and each 10 leave honest calls alone",
  async (role, tool) => {
    const backend = await ScriptedBackend.start({ keepRequests: false });
    onTestFinished(() => backend.stop());
    const [{ url, adminUrl }] = await startRoles(
      {
        backends: [{ name: "good", url: backend.url }],
        limits: { requestTimeout: "1s", callTimeout: "2s" },
      },
      { role },
    );
    const honest = await RawClient.open(url);
    const requests = fc.array(CLIENT_REQUEST, { minLength: AT_ONCE, maxLength: AT_ONCE });
    const property = fc.asyncProperty(requests, async (texts) => {
      const { sessionId = "" } = await RawClient.open(url, "2025-03-26");
      await Promise.all(
        texts.map(async (text) => {
          const request = text.replaceAll(SESSION, sessionId);
          checkNoFault(request, await sendBytes(url, request));
        }),
      );
      const answer = await honest.call(tool, {});
      expect(answer.status, answer.text).toBe(200);
      expect(lastMessage(answer)).toContain('"result"');
    });
    await fc.assert(property, { numRuns: runsOr(30) });
    expect(await (await fetch(`${adminUrl}/metrics`)).text()).not.toContain('outcome="INTERNAL"');
  },
);
