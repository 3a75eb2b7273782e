import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { EchoServer } from "../../testkit/servers/echo-server.ts";

const root = new URL("../..", import.meta.url).pathname;

it("a session id stands in no line of the debug log, not in /status and not in /metrics, whatever goes wrong", async () => {
  const echo = await EchoServer.start();
  onTestFinished(() => echo.close());
  const gateway = await startCommand(echo.url);

  const client = await RawClient.open(gateway.url);
  const { sessionId: id = "" } = client;
  const call = (name: string) =>
    client.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}"}}`);
  expect((await call("echo_echo")).status).toBe(200);
  expect((await call("nobody")).status).toBe(200);
  expect((await client.post("{", { "mcp-session-id": id })).status).toBe(400);
  expect((await client.post("{}", { authorization: `Bearer ${id}` })).status).toBe(400);
  expect((await client.send({ path: `/mcp/${id}`, method: "GET" })).status).toBe(404);
  const stream = await client.stream();
  const texts = await Promise.all(
    ["/status", "/metrics"].map(async (path) => {
      const answer = await new RawClient(gateway.adminUrl).send({ method: "GET", path });
      return answer.text;
    }),
  );
  expect((await client.send({ method: "DELETE" })).status).toBe(204);
  expect(await stream.next()).toBeUndefined();
  expect((await call("echo_echo")).status).toBe(404);

  const log = await gateway.stop();
  expect(log.split("\n").filter((line) => line.includes('"sid"')).length).toBeGreaterThan(0);
  for (const text of [...texts, log]) expect(text).not.toContain(id);
});

interface Command {
  readonly url: string;
  readonly adminUrl: string;
  /** Ends the process and answers all that it wrote. */
  stop(): Promise<string>;
}

/** The command as it is run, on free ports, with everything in its log. */
async function startCommand(backendUrl: string): Promise<Command> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-secrets-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "gateway.yaml");
  const backends = [{ name: "echo", url: backendUrl }];
  const operational = { logLevel: "debug" };
  writeFileSync(file, JSON.stringify({ port: 0, adminPort: 0, operational, backends }));

  const child = spawn(process.execPath, ["runtime/cli/main.ts", "gateway", "--config", file], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>();
  const read = (chunk: Buffer) => {
    output += chunk;
    const line = output.split("\n").find((one) => one.endsWith('"msg":"listening"}'));
    if (line !== undefined) resolve(line);
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const exited = once(child, "close");
  exited.then(() => reject(new Error(`the gateway ended: ${output}`)), reject);
  const { url, adminUrl } = JSON.parse(await listening);
  return {
    url,
    adminUrl,
    async stop() {
      child.kill("SIGTERM");
      await exited;
      return output;
    },
  };
}
