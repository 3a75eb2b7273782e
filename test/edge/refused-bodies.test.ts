import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectV1, connectV2 } from "../../testkit/clients/sdk-clients.ts";
import { hasPython, pythonProgram } from "../../testkit/odd-servers/python-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";

const SCRIPT = join(import.meta.dirname, "../../testkit/clients/refused_call.py");
const TEXT_CHARACTERS = 200_000;
const REFUSAL = "the body is larger than 65536 bytes (limits.bodyBytes)";

async function start() {
  const echo = await EchoBackend.start();
  const gateway = await startGateway({
    backends: [{ name: "echo", url: echo.url }],
    limits: { bodyBytes: 65_536 },
  });
  onTestFinished(async () => {
    await gateway.close();
    await echo.stop();
  });
  return gateway.url;
}

it.each([
  ["1.x", connectV1],
  ["2.x", (url: string) => connectV2(url, "auto")],
])(
  "a client of the TypeScript SDK %s hears that a call is too large, and calls on in the same session",
  async (_version, connect) => {
    const { call, sessionId, end } = await connect(await start());
    onTestFinished(end);
    await expect(call("echo_echo", { text: "x".repeat(TEXT_CHARACTERS) })).rejects.toThrow(REFUSAL);
    expect(await call("echo_echo", { text: "short" })).toContain("short");
    expect(sessionId).not.toBe("");
  },
);

const run = promisify(execFile);

describe.each(["mcp-1.30.0", "mcp-2.3.0"])("a client of the Python SDK, %s", (environment) => {
  it.skipIf(!hasPython(environment))(
    "hears that a call is too large, and calls on in the same session",
    async () => {
      const args = [SCRIPT, await start(), String(TEXT_CHARACTERS)];
      const { stdout } = await run(pythonProgram(environment), args);
      const { refused, answered } = JSON.parse(stdout);
      expect(refused).toContain(REFUSAL.slice(0, 60));
      expect(answered).toEqual({ text: "short" });
    },
  );
});
