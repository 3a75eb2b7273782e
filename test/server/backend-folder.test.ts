import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "@mcp-fleet/contract";
import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { place, startLive, temporaryFolder } from "../../testkit/processes/live-gateway.ts";
import { callOf, messageOf, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";

const LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

const serverWith = async (...tools: string[]) => {
  const server = await ScriptedBackend.start();
  onTestFinished(() => server.stop());
  server.tools = tools.map((name) => ({ name, inputSchema: { type: "object" } }));
  return server;
};

const fileOf = (name: string, { url }: { readonly url: string }) => `name: ${name}\nurl: ${url}\n`;

/** A gateway over a folder, with a client that listens. */
const start = async (files: Record<string, string> = {}, more: object = {}) => {
  const folder = await temporaryFolder();
  const directory = join(folder, "backends");
  await mkdir(directory);
  const put = (name: string, text: string) => place(join(directory, name), text);
  const remove = (name: string) => rm(join(directory, name));
  for (const [name, text] of Object.entries(files)) await put(name, text);
  const file = join(folder, "gateway.yaml");
  await place(file, { discovery: { directory }, ...more });
  const gateway = await startLive(file);
  const client = await RawClient.open(gateway.url);
  const stream = await client.stream();
  onTestFinished(() => stream.leave());
  const names = async () =>
    messageOf(await client.post(LIST)).result?.tools?.map(({ name }) => name);
  const heard = async () => JSON.parse((await stream.next()) ?? "").method;
  const faults = async () => (await gateway.configuration()).directory?.faults ?? [];
  return { directory, file, gateway, client, put, remove, names, heard, faults };
};

const TOOLS_CHANGED = "notifications/tools/list_changed";

describe("a folder of backends", () => {
  it("that is empty at the start makes a gateway that is ready and lists 0 tools, until a file comes, changes and goes", async () => {
    const [one, other] = [await serverWith("a"), await serverWith("b")];
    const { gateway, put, remove, names, heard, client } = await start();
    expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200);
    expect(await names()).toEqual([]);

    await put("one.yaml", fileOf("one", one));
    expect(await heard()).toBe(TOOLS_CHANGED);
    expect(await names()).toEqual(["one_a"]);
    expect(textOf(await client.post(callOf("one_a")))).toBe("a for raw");

    await put("one.yaml", fileOf("one", other));
    expect(await heard()).toBe(TOOLS_CHANGED);
    expect(await names()).toEqual(["one_b"]);
    await expect.poll(() => one.openSockets).toBe(0);

    await remove("one.yaml");
    expect(await heard()).toBe(TOOLS_CHANGED);
    expect(await names()).toEqual([]);
    const refused = messageOf(await client.post(callOf("one_b", 2)));
    expect(refused.error?.message).toBe("Unknown tool: one_b");
    await expect.poll(() => other.openSockets).toBe(0);
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(metrics).not.toContain('backend="one"');
    expect((await gateway.configuration()).generation).toBe(4);
  });

  it("has the first backend that comes authenticated to, by the strategy of all", async () => {
    const server = await serverWith("a");
    const headerInjection = { headerName: "x-key", headerValue: "k" };
    const usual = { type: "header_injection", headerInjection };
    const { put, heard, client } = await start({}, { outgoingAuth: { default: usual } });
    await put("one.yaml", fileOf("one", server));
    expect(await heard()).toBe(TOOLS_CHANGED);
    expect(textOf(await client.post(callOf("one_a")))).toBe("a for raw");
    expect(server.received.filter(({ headers }) => headers["x-key"] !== "k")).toEqual([]);
  });

  it("adds up with the backends of the file, in the order of the file and then of the names of the files", async () => {
    const server = await serverWith("a");
    const { names, gateway } = await start(
      { "2.yaml": fileOf("two", server), "1.yml": fileOf("one", server) },
      { backends: [{ name: "own", url: server.url }] },
    );
    expect(await names()).toEqual(["own_a", "one_a", "two_a"]);
    expect((await gateway.configuration()).directory?.files).toBe(2);
  });

  it("tells clients once of a backend whose lists come one by one", async () => {
    const server = await serverWith("a");
    server.prompts = [{ name: "p" }];
    server.capabilities = { tools: {}, prompts: {} };
    const { put, heard, names } = await start();
    await names();
    const slow = new Promise<Exchange>((resolve) => server.once("prompts/list", resolve));
    await put("one.yaml", fileOf("one", server));
    (await slow).result({ prompts: [{ name: "p" }] });
    const methods = [await heard(), await heard()];
    expect(methods.toSorted()).toEqual(["notifications/prompts/list_changed", TOOLS_CHANGED]);
    // The next one is of the next change: nothing was told twice.
    await put("two.yaml", fileOf("two", await serverWith("b")));
    expect(await heard()).toBe(TOOLS_CHANGED);
    expect(await names()).toEqual(["one_a", "two_b"]);
  });

  it("finishes a call of a backend that is replaced meanwhile, and ends its own session there", async () => {
    const [one, other] = [await serverWith("a"), await serverWith("a")];
    const { client, put, gateway } = await start({ "one.yaml": fileOf("one", one) });
    const begun = new Promise<Exchange>((resolve) => one.once("tools/call", resolve));
    const called = client.post(callOf("one_a"));
    const exchange = await begun;
    await put("one.yaml", fileOf("one", other));
    await expect.poll(async () => (await gateway.configuration()).generation).toBe(2);
    expect(textOf(await client.post(callOf("one_a", 2)))).toBe("a for raw");
    expect(other.count("tools/call")).toBeGreaterThan(0);
    exchange.result({ content: [{ type: "text", text: "finished" }] });
    expect(textOf(await called)).toBe("finished");
    await expect.poll(() => one.openSockets).toBe(0);
    expect(one.discovered("DELETE")).toBe(1);
  });

  it("leaves a backend as it is where its file has faults, is half written or cannot be read, and says which", async () => {
    const one = await serverWith("a");
    const { put, names, faults, directory } = await start({ "one.yaml": fileOf("one", one) });
    expect(await names()).toEqual(["one_a"]);

    for (const [text, said] of [
      ["", "name\n"],
      ["name: one\nurl: ftp", "must be an http or https URL"],
      ["name: one\nurl: 'http", "Missing closing 'quote"],
      [`${fileOf("one", one)}colour: red\n`, "must be a known key"],
      [`${fileOf("one", one)}caBundlePath: /nowhere/ca.pem\n`, "must be a file that can be read"],
      ["name: one\ntransport: stdio\ncommand: sh\n", "programs are run for backends of the file"],
      ["x".repeat(70_000), "must have at most 65536 bytes"],
    ] as const) {
      await put("one.yaml", text);
      await expect.poll(async () => (await faults()).join("\n")).toContain(said);
      expect(await names()).toEqual(["one_a"]);
    }
    expect((await faults()).join()).toContain("one.yaml");
    expect(one.discovered("initialize")).toBe(1);

    // An editor's own files, folders and hidden ones are no backends.
    for (const name of [".one.yaml.swp", "one.yaml.orig", "4913"]) await put(name, "nonsense");
    await mkdir(join(directory, "folder.yaml"));
    await put("one.yaml", fileOf("one", one));
    await expect.poll(faults).toEqual([]);
    expect(one.discovered("initialize")).toBe(1);
  });

  it("gives a name that 2 files have to the one that had it, and takes the other once that is gone", async () => {
    const [one, other] = [await serverWith("a"), await serverWith("b")];
    const { put, remove, names, faults, heard } = await start({ "b.yaml": fileOf("one", one) });
    expect(await names()).toEqual(["one_a"]);
    await put("a.yaml", fileOf("one", other));
    await expect.poll(faults).toEqual([expect.stringContaining("must be unique")]);
    expect((await faults()).join()).toContain("a.yaml:1:7");
    expect(await names()).toEqual(["one_a"]);
    await remove("b.yaml");
    expect(await heard()).toBe(TOOLS_CHANGED);
    expect(await names()).toEqual(["one_b"]);
    expect(await faults()).toEqual([]);
  });

  it("refuses a name that the configuration itself has", async () => {
    const [own, other] = [await serverWith("a"), await serverWith("b")];
    const backends = [{ name: "one", url: own.url }];
    const { names, faults } = await start({ "one.yaml": fileOf("one", other) }, { backends });
    expect(await names()).toEqual(["one_a"]);
    expect(await faults()).toEqual([expect.stringContaining("must be unique")]);
  });

  it("never empties the set where it vanishes, and is followed again where it comes back", async () => {
    const [one, other] = [await serverWith("a"), await serverWith("b")];
    const { directory, names, faults } = await start({ "one.yaml": fileOf("one", one) });
    await rename(directory, `${directory}-away`);
    await expect.poll(faults, { timeout: 15_000 }).toEqual([expect.stringContaining("ENOENT")]);
    expect(await names()).toEqual(["one_a"]);
    await mkdir(directory);
    await writeFile(join(directory, "two.yaml"), fileOf("two", other));
    await expect.poll(names, { timeout: 25_000 }).toEqual(["two_b"]);
    expect(await faults()).toEqual([]);
  }, 45_000);

  it("that is not there at the start is a fault of the configuration", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "gateway.yaml");
    await place(file, { discovery: { directory: join(folder, "nowhere") } });
    await expect(startLive(file)).rejects.toThrow(ConfigError);
  });

  it("takes 2 of 3 where there is room for 2, those that are there first", async () => {
    const server = await serverWith("a");
    const folder = await temporaryFolder();
    await place(join(folder, "b.yaml"), fileOf("b", server));
    await place(join(folder, "c.yaml"), fileOf("c", server));
    const { names, faults, file, gateway } = await start(
      {},
      { discovery: { directory: folder, maxBackends: 2 } },
    );
    expect(await names()).toEqual(["b_a", "c_a"]);
    await place(join(folder, "a.yaml"), fileOf("a", server));
    await expect.poll(faults).toEqual([expect.stringContaining("discovery.maxBackends is 2")]);
    expect(await names()).toEqual(["b_a", "c_a"]);
    expect(file).toBeDefined();
    expect((await gateway.configuration()).generation).toBe(1);
  });

  it("follows the swap of ..data, as Kubernetes mounts a ConfigMap: 1 comes, 1 changes, 1 goes", async () => {
    const [a, b, c] = [await serverWith("a"), await serverWith("b"), await serverWith("c")];
    const folder = await temporaryFolder();
    const version = async (name: string, files: Record<string, string>) => {
      await mkdir(join(folder, name));
      for (const [file, text] of Object.entries(files)) {
        await writeFile(join(folder, name, file), text);
      }
      await symlink(name, join(folder, "..tmp"));
      await rename(join(folder, "..tmp"), join(folder, "..data"));
    };
    await version("..1", { "x.yaml": fileOf("x", a), "y.yaml": fileOf("y", b) });
    for (const name of ["x.yaml", "y.yaml"]) {
      await symlink(join("..data", name), join(folder, name));
    }
    const { names } = await start({}, { discovery: { directory: folder } });
    expect(await names()).toEqual(["x_a", "y_b"]);

    await version("..2", { "x.yaml": fileOf("x", c), "z.yaml": fileOf("z", b) });
    await symlink(join("..data", "z.yaml"), join(folder, "z.yaml"));
    await rm(join(folder, "y.yaml"));
    await rm(join(folder, "..1"), { recursive: true });
    await expect.poll(names, { timeout: 5_000 }).toEqual(["x_c", "z_b"]);
  });
});
