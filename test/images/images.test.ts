import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import { connectV1 } from "../../testkit/clients/sdk-clients.ts";
import { freePort } from "../../testkit/processes/free-ports.ts";
import { ImageFolder } from "../../testkit/processes/image-folder.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const SCRIPTS = join(import.meta.dirname, "../../infra/redis/scripts");

const files = { redis: ImageFolder.make("redis"), counter: ImageFolder.make("counter") };

function open(file: string | undefined): ImageFolder {
  const image = ImageFolder.open(file ?? "");
  onTestFinished(() => image.remove());
  return image;
}

describe.skipIf(files.redis === undefined)("the Redis image for tests, read-only", () => {
  test("keeps a value as the user 999, and ends with 0 at SIGTERM", async () => {
    const image = open(files.redis);
    const port = await freePort();
    const process = image.start(["--port", String(port), "--save", ""]);
    onTestFinished(() => process.stop());
    await eventually(() => expect(process.lines.join("\n")).toContain("Ready to accept"));
    const client = new Redis({ port, host: "127.0.0.1" });
    await client.set("key", "value");
    expect(await client.get("key")).toBe("value");
    client.disconnect();
    expect(process.fact("status")).toMatch(/^Uid:\t999\t999\t999\t999$/m);
    process.signal("SIGTERM");
    expect(await process.exited).toBe(0);
  });

  test("has every program that the scripts of the pods call", async () => {
    const image = open(files.redis);
    const say =
      "for name in sh timeout awk sort uniq cat cksum date sleep mv rm getent redis-server redis-sentinel redis-cli";
    image.configuration.Entrypoint = ["sh"];
    const process = image.start(["-c", `${say}; do command -v $name || echo no $name; done`]);
    expect(await process.exited).toBe(0);
    expect(process.lines.filter((line) => !line.startsWith("/usr/bin/"))).toEqual([]);
    expect(process.lines).toHaveLength(15);
  });

  test("finds the addresses of a group with the scripts' own functions", async () => {
    const image = open(files.redis);
    const run = mkdtempSync(join(tmpdir(), "mcp-fleet-run-"));
    onTestFinished(() => rmSync(run, { recursive: true }));
    chmodSync(run, 0o777);
    execFileSync("sh", ["-c", `echo word >"${run}/operator-password"`]);
    image.configuration.Entrypoint = ["sh", "-c"];
    const environment = `SECRETS=/run/mcp-fleet RUN=/run/mcp-fleet NODES="127.0.0.7 ::1" SENTINELS=127.0.0.9 POD_NAME=a-1 PORT=1 TLS=`;
    const script = `set -e; ${environment}; . /scripts/lib.sh; find_group; cat /run/mcp-fleet/group; own $NODES; acting_master`;
    const process = image.start([script], { "/scripts": SCRIPTS, "/run/mcp-fleet": run });
    await process.exited;
    expect(process.lines).toEqual(['NODES="127.0.0.7 ::1"', 'SENTINELS="127.0.0.9"', "::1"]);
  });
});

describe.skipIf(files.counter === undefined)(
  "the counting server's image for tests, read-only",
  () => {
    test("counts to 2 in each of 2 sessions, and ends with 0 at SIGTERM", async () => {
      const image = open(files.counter);
      const port = await freePort();
      const process = image.start([String(port), "127.0.0.1"]);
      onTestFinished(() => process.stop());
      await eventually(() => expect(process.lines).toEqual([`http://127.0.0.1:${port}/mcp`]));
      for (const client of [
        await connectV1(process.lines[0] ?? ""),
        await connectV1(process.lines[0] ?? ""),
      ]) {
        expect([await client.call("count"), await client.call("count")]).toEqual(["1", "2"]);
      }
      process.signal("SIGTERM");
      expect(await process.exited).toBe(0);
    });
  },
);
