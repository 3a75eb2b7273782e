import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Configuration } from "@mcp-fleet/contract/settings";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { connectV1 } from "../testkit/clients/sdk-clients.ts";
import { ImageFolder, type ImageProcess } from "../testkit/processes/image-folder.ts";
import { hasRedis, RedisProcess } from "../testkit/processes/redis.ts";
import { CounterProcess } from "../testkit/servers/counter-server.ts";
import { EchoBackend } from "../testkit/servers/echo-backend.ts";
import { eventually } from "../testkit/vitest/eventually.ts";

const ROOT = join(import.meta.dirname, "..");
const MEBIBYTE = 2 ** 20;
const CONFIGURATION = "/etc/mcp-fleet/configuration";

const file = ImageFolder.make("mcp-fleet");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

let image: ImageFolder;

beforeAll(() => {
  if (file !== undefined) image = ImageFolder.open(file);
});
afterAll(() => image?.remove());

/** Starts a role with a configuration, on free ports; gone when the test is over. */
async function start(role: "gateway" | "proxy", configuration: Configuration) {
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-configuration-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "configuration.json"), JSON.stringify(configuration));
  const config = ["--config", `${CONFIGURATION}/configuration.json`];
  const ports = ["--port", "0", "--admin-port", "0"];
  const process = image.start([role, ...config, ...ports], { [CONFIGURATION]: folder });
  onTestFinished(() => process.stop());
  const { url, adminUrl } = await listening(process);
  return { process, url, adminUrl };
}

function listening(process: ImageProcess): Promise<{ url: string; adminUrl: string }> {
  return eventually(() => {
    const line = process.lines.find((one) => one.includes('"listening"'));
    if (line === undefined) throw new Error(`it said:\n${process.lines.join("\n")}`);
    return JSON.parse(line);
  });
}

async function startCounter(): Promise<CounterProcess> {
  const counter = await CounterProcess.start();
  onTestFinished(() => counter.kill());
  return counter;
}

/** Every file, folder and link, by its path in the image. */
function contents(): string[] {
  return readdirSync(image.path, { recursive: true, encoding: "utf8" });
}

describe.skipIf(file === undefined)("the image, read-only and as its own user", () => {
  test("serves 3 calls of an SDK client through to a server, as gateway and as proxy", async () => {
    const counter = await startCounter();
    const backends = [{ name: "counter", url: counter.url, stateful: true }];
    for (const [role, tool] of [
      ["gateway", "counter_count"],
      ["proxy", "count"],
    ] as const) {
      const { url } = await start(role, { backends });
      const client = await connectV1(url);
      const counts = [await client.call(tool), await client.call(tool), await client.call(tool)];
      expect(counts, role).toEqual(["1", "2", "3"]);
      await client.end();
    }
  });

  test("has the number 1, the user 65532, no right to get more, and no place to write to", async () => {
    const counter = await startCounter();
    const { process } = await start("gateway", {
      backends: [{ name: "counter", url: counter.url }],
    });
    const status = process.fact("status");
    expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
    expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);
    expect(status).toMatch(/^Gid:\t65532\t65532\t65532\t65532$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^CapEff:\t0{16}$/m);
    const mounts = process.fact("mountinfo").trim().split("\n");
    const root = mounts.map((line) => line.split(" ")).find(([, , , , at]) => at === "/");
    expect(root?.[5]?.split(",")).toContain("ro");
  });

  test("ends with 0 at one SIGTERM, after the call that it was busy with", async () => {
    const echo = await EchoBackend.start();
    onTestFinished(() => echo.stop());
    const { process, url } = await start("gateway", {
      backends: [{ name: "echo", url: echo.url }],
    });
    const client = await connectV1(url);
    const call = client.call("echo_slow");
    await eventually(() => expect(echo.calls).toHaveLength(1));
    process.signal("SIGTERM");
    await eventually(() => expect(process.lines.join()).toContain('"draining"'));
    echo.release();
    expect(await call).toBe("{}");
    expect(await process.exited).toBe(0);
  });

  test.skipIf(!hasRedis)(
    "goes on in a second process with a session that Redis keeps",
    async () => {
      const redis = await RedisProcess.server();
      onTestFinished(() => redis.stop());
      const counter = await startCounter();
      const configuration: Configuration = {
        backends: [{ name: "counter", url: counter.url, stateful: true }],
        sessionStorage: { provider: "redis", address: `127.0.0.1:${redis.port}` },
      };
      const first = await start("gateway", configuration);
      const second = await start("gateway", configuration);
      const client = await connectV1(first.url);
      expect(await client.call("counter_count")).toBe("1");
      const fetched = await fetch(second.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-session-id": client.sessionId,
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name: "counter_count" },
        }),
      });
      expect(await fetched.text()).toContain('"text":"2"');
    },
  );

  test("says its version, and without a configuration what is missing from it", async () => {
    const { version } = JSON.parse(read("runtime/package.json"));
    const asked = image.start(["--version"]);
    expect(await asked.exited).toBe(0);
    expect(asked.lines).toEqual([version]);
    const bare = image.start();
    expect(await bare.exited).toBe(2);
    expect(bare.lines.join("\n")).toContain("backends\n  rule   is required");
  });
});

describe.skipIf(file === undefined)("the contents of the image", () => {
  test("are one program: no shell, no package manager, nothing that gets another user's rights", () => {
    const files = contents().filter((path) => lstatSync(join(image.path, path)).isFile());
    const modes = files.map((path) => ({ path, mode: statSync(join(image.path, path)).mode }));
    const programs = modes.filter(({ mode }) => mode & 0o111).map(({ path }) => path);
    expect(programs.filter((path) => !/^lib\/[\w-]+\/[\w.+-]+\.so\.\d+$/.test(path))).toEqual([
      "usr/bin/node",
    ]);
    expect(modes.filter(({ mode }) => mode & 0o6000)).toEqual([]);
    expect(modes.filter(({ mode }) => mode & 0o022)).toEqual([]);
  });

  test("have no Pulumi, no npm and no folder of packages", () => {
    expect(contents().filter((path) => /pulumi|node_modules|npm/.test(path))).toEqual([]);
    const modules = contents().filter((path) => path.endsWith(".js"));
    expect(modules.length).toBeGreaterThan(3);
    for (const path of modules) {
      expect(readFileSync(join(image.path, path), "utf8"), path).not.toContain("@pulumi/");
    }
  });

  test("name the packages that they are made of, each with its licences", () => {
    const licences = readFileSync(join(image.path, "app/THIRD-PARTY-LICENSES"), "utf8");
    const manifests = ["runtime", "contract"].map((room) =>
      JSON.parse(read(`${room}/package.json`)),
    );
    const names = manifests.flatMap(({ dependencies }) => Object.keys(dependencies));
    for (const name of names.filter((one) => !one.startsWith("@mcp-fleet/"))) {
      expect(licences, name).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(.+\\)$`, "m"));
    }
    const packages = readdirSync(join(image.path, "var/lib/dpkg/status.d"));
    expect(packages).toEqual(expect.arrayContaining(["libc6", "libstdc++6"]));
    for (const name of [...packages, "node"]) {
      const text = readFileSync(join(image.path, "usr/share/doc", name, "copyright"), "utf8");
      expect(text.length, name).toBeGreaterThan(500);
    }
  });

  test("take less than 200 MiB", () => {
    const bytes = statSync(file ?? "").size;
    expect(bytes / MEBIBYTE).toBeGreaterThan(100);
    expect(bytes / MEBIBYTE).toBeLessThan(200);
  });

  test("come with labels, 2 ports and a user by number", () => {
    const { version, license } = JSON.parse(read("runtime/package.json"));
    const { Labels, User, ExposedPorts, Entrypoint, Cmd } = image.configuration;
    expect(Labels).toMatchObject({
      "org.opencontainers.image.title": "mcp-fleet",
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.licenses": license,
    });
    expect(Labels?.["org.opencontainers.image.revision"]).toMatch(/^([0-9a-f]{40})?$/);
    expect(User).toBe("65532:65532");
    expect(Object.keys(ExposedPorts ?? {})).toEqual(["4483/tcp", "9090/tcp"]);
    expect(Entrypoint).toEqual(["/usr/bin/node", "/app/main.js"]);
    expect(Cmd).toEqual(["gateway"]);
  });
});
