import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@mcp-fleet/contract";
import { validate } from "@mcp-fleet/contract/settings";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { compose } from "../../runtime/server/compose.ts";
import { readSettings } from "../../runtime/server/configuration.ts";
import { KeyFile } from "../../runtime/server/key-file.ts";
import { readSecrets } from "../../runtime/server/secrets.ts";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { mintSessionId, verifySessionId } from "../../runtime/sessions/session-id.ts";
import { keysOfFile, keysOfVariable } from "../../runtime/sessions/session-keys.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { countOperations } from "../../testkit/processes/counted-store.ts";
import { sessionsOver } from "../../testkit/processes/process-sessions.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";

const START_MS = 1_800_000_000_000;

const ECHO = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo_echo"}}';

const base64Of = (id: string) => Buffer.alloc(32, id).toString("base64");
const secretOf = (id: string) => ({ id, secret: Buffer.alloc(32, id) });
const entryOf = (id: string, signAfter?: string) => ({
  id,
  key: base64Of(id),
  ...(signAfter !== undefined && { signAfter }),
});
const ringOf = (id: string) => new KeyRing([secretOf(id)]);

let folder: string;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  folder = mkdtempSync(join(tmpdir(), "mcp-fleet-keys-"));
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

describe("the time of a key", () => {
  const [old, young] = [secretOf("old"), { ...secretOf("young"), signAfterMs: 1_000 }];

  it.each([
    ["behind the old one", [old, young] as const],
    ["before it", [young, old] as const],
  ])("is its 1,000th ms, %s in the list: it verifies before and signs from then on", (_, keys) => {
    let nowMs = 999;
    const ring = new KeyRing(keys, () => nowMs);
    const { signer } = new KeyRing([young]);
    const payload = Buffer.from("what is signed");
    expect(ring.signer.tag).toEqual(ringOf("old").signer.tag);
    expect(ring.verify(signer.tag, payload, signer.sign(payload))).toBe("valid");
    nowMs = 1_000;
    expect(ring.signer.tag).toEqual(signer.tag);
  });

  it("does not leave a ring without a signer: of 2 keys whose time has not come, the earlier signs", () => {
    const keys = [{ ...secretOf("later"), signAfterMs: 2_000 }, young] as const;
    expect(new KeyRing(keys, () => 0).signer.tag).toEqual(ringOf("young").signer.tag);
  });

  it("can come between the 2 halves of an id without harm: a signer is 1 key", () => {
    let nowMs = 999;
    const ring = new KeyRing([old, young], () => nowMs++);
    for (let minted = 0; minted < 3; minted += 1) {
      expect(verifySessionId(ring, mintSessionId(ring, "anonymous", new Date()))).toBe("valid");
    }
  });
});

describe("MCP_FLEET_SESSION_KEYS", () => {
  it("holds keys of which the 1st signs and 2 verify", () => {
    const ring = new KeyRing(keysOfVariable("KEYS", `b:${base64Of("b")}, a:${base64Of("a")}`));
    expect(ring.signer.tag).toEqual(ringOf("b").signer.tag);
    const id = mintSessionId(ringOf("a"), "anonymous", new Date());
    expect(verifySessionId(ring, id)).toBe("valid");
  });

  it("has 4 faults said with those of the settings, and none shows a key", () => {
    const short = Buffer.alloc(31, "s").toString("base64");
    const environment = {
      MCP_FLEET_PORT: "99999",
      MCP_FLEET_SESSION_KEYS: `a:${short},a:${base64Of("b")},c:not base64,${base64Of("d")}`,
      MCP_FLEET_OWNER_KEY: short,
      MCP_FLEET_BACKENDS: '[{"name":"a","url":"http://a/mcp"}]',
    };
    const error = thrown(() => readSettings({ environment }));
    expect(error.faults.map(({ path }) => path)).toEqual([
      "MCP_FLEET_SESSION_KEYS[3]",
      "MCP_FLEET_SESSION_KEYS[0].key",
      "MCP_FLEET_SESSION_KEYS[1].id",
      "MCP_FLEET_SESSION_KEYS[2].key",
      "MCP_FLEET_OWNER_KEY",
      "port",
    ]);
    for (const value of [short, base64Of("b"), "not base64", base64Of("d")]) {
      expect(error.message).not.toContain(value);
    }
  });

  it.each([
    ["a key without an id", base64Of("a")],
    ["no key", ""],
    ["an id without a key", "a:"],
    ["2 keys in 1", `a:${base64Of("a")}:${base64Of("b")}`],
  ])("with %s is a fault that does not show it", (_, text) => {
    const error = thrown(() => readSecrets({ MCP_FLEET_SESSION_KEYS: text }));
    expect(error.faults).toHaveLength(1);
    expect(error.message).not.toContain(base64Of("a"));
  });

  it("beside a file is 1 fault: 1 of the 2 has to go", () => {
    const environment = {
      MCP_FLEET_SESSION_KEYS: `a:${base64Of("a")}`,
      MCP_FLEET_SESSION_KEYS_FILE: "/keys.yaml",
      MCP_FLEET_BACKENDS: '[{"name":"a","url":"http://a/mcp"}]',
    };
    const { faults } = thrown(() => readSettings({ environment }));
    expect(faults.map(({ path }) => path)).toEqual(["session.keysFile"]);
  });
});

describe("a file of keys", () => {
  it("is YAML or JSON", () => {
    const yaml = `- id: a\n  key: ${base64Of("a")}\n  signAfter: 2027-01-31T12:00:00+01:00\n`;
    const signAfterMs = Date.UTC(2027, 0, 31, 11);
    const keys = [{ ...secretOf("a"), signAfterMs }];
    expect(keysOfFile("keys", yaml)).toEqual(keys);
    const json = JSON.stringify([entryOf("a", "2027-01-31T11:00:00Z")]);
    expect(keysOfFile("keys", json)).toEqual(keys);
  });

  it("has 6 faults said at once, each with its place, and none shows a key", () => {
    const short = Buffer.alloc(31, "s").toString("base64");
    const entries = [
      { id: "a", key: short },
      { id: "a", key: base64Of("b") },
      { ...entryOf("c"), signAfter: "2027-01-31T12:00:00" },
      { ...entryOf("d"), signafter: "2027-01-31T12:00:00Z" },
      base64Of("e"),
      { key: base64Of("f") },
    ];
    const error = thrown(() => keysOfFile("keys", JSON.stringify(entries)));
    expect(error.faults.map(({ path }) => path).sort()).toEqual([
      "keys[0].key",
      "keys[1].id",
      "keys[2].signAfter",
      "keys[3].signafter",
      "keys[4]",
      "keys[5].id",
    ]);
    for (const key of [short, ..."bef"].map((id) => (id === short ? id : base64Of(id)))) {
      expect(error.message).not.toContain(key);
    }
  });

  it.each(["", "[]", "{}", "a", "- [", `"${base64Of("a")}`])("that says %j is a fault", (text) => {
    const error = thrown(() => keysOfFile("keys", text));
    expect(error.faults).toHaveLength(1);
    expect(error.message).not.toContain(base64Of("a"));
  });
});

describe("a key ring of a file", () => {
  const follow = (path: string) => {
    const lines: string[] = [];
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    const file = new KeyFile(path, log);
    onTestFinished(() => file.close());
    return { ring: file.ring, lines };
  };

  it("takes over what stands in the file, and keeps 1 key while the file is broken, empty or away", async () => {
    const path = join(folder, "keys.json");
    writeFileSync(path, JSON.stringify([entryOf("a")]));
    const { ring, lines } = follow(path);
    const failures = () => lines.filter((line) => line.includes("cannot be used")).length;
    const signs = (id: string) => expect.poll(() => ring.signer.tag).toEqual(ringOf(id).signer.tag);

    for (const [index, broken] of ["{", "", undefined].entries()) {
      if (broken === undefined) rmSync(path);
      else writeFileSync(path, broken);
      await expect.poll(failures).toBeGreaterThan(index);
      expect(ring.signer.tag).toEqual(ringOf("a").signer.tag);
    }
    writeFileSync(path, JSON.stringify([entryOf("b")]));
    await signs("b");
    expect(lines.join()).not.toContain(base64Of("a"));
  });

  it("follows the link that Kubernetes swaps, 3 times", async () => {
    const write = (id: string) => {
      mkdirSync(join(folder, `..${id}`));
      writeFileSync(join(folder, `..${id}`, "keys.json"), JSON.stringify([entryOf(id)]));
      symlinkSync(`..${id}`, join(folder, "..data_tmp"));
      renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    };
    write("a");
    symlinkSync(join("..data", "keys.json"), join(folder, "keys.json"));
    const { ring } = follow(join(folder, "keys.json"));
    expect(ring.signer.tag).toEqual(ringOf("a").signer.tag);
    for (const id of ["b", "c", "d"]) {
      write(id);
      await expect.poll(() => ring.signer.tag).toEqual(ringOf(id).signer.tag);
    }
  });

  it("that cannot be read stops the start", () => {
    expect(thrown(() => follow(join(folder, "none"))).message).toContain("(ENOENT)");
  });
});

describe("an id under an unknown key", () => {
  it("asks the store 1,000 times at once, then 500 times per second, and is otherwise refused for now", async () => {
    const { store, operations } = countOperations(new MemoryStore());
    const metrics = new Metrics();
    const sessions = sessionsOver(store, { ring: ringOf("a"), metrics });
    onTestFinished(() => sessions.close());
    const ask = async () => {
      const id = mintSessionId(ringOf("b"), "anonymous", new Date());
      const found = async () => await sessions.find(id, "anonymous");
      return await found().catch((error: { code: string }) => error.code);
    };
    const answers = async (count: number) => {
      const all = await Promise.all(Array.from({ length: count }, ask));
      return all.filter((answer) => answer === "SESSION_NOT_FOUND").length;
    };
    expect(await answers(2_000)).toBe(1_000);
    expect(await ask()).toBe("RATE_LIMITED");
    vi.setSystemTime(START_MS + 1_000);
    expect(await answers(2_000)).toBe(500);
    expect(operations).toHaveLength(1_500);
    expect(await metrics.text()).toContain("mcp_fleet_session_unknown_key_total 1500");
  });
});

describe("a fleet of 2 gateways over 1 store", () => {
  const SIGN_AFTER = new Date(START_MS + 3_600_000).toISOString();

  /** A pod: a gateway with a key file of its own, which changes when its node gets to it. */
  const pod = async (backend: EchoBackend, store: MemoryStore, name: string) => {
    const keysFile = join(folder, `${name}.json`);
    const takenOver: string[] = [];
    const write = (line: string) => {
      if (line.includes("was reloaded")) takenOver.push(line);
    };
    const setKeys = async (...keys: readonly ReturnType<typeof entryOf>[]) => {
      const before = takenOver.length;
      writeFileSync(keysFile, JSON.stringify(keys));
      await expect.poll(() => takenOver.length).toBe(before + 1);
    };
    writeFileSync(keysFile, JSON.stringify([entryOf("a")]));
    const settings = validate({
      port: 0,
      adminPort: 0,
      session: { keysFile, cacheEntries: 20, idleTtl: "8h" },
      backends: [{ name: "echo", url: backend.url }],
    });
    const log = pino({ level: "info" }, { write });
    const gateway = await compose({ settings, store, log });
    onTestFinished(() => gateway.destroy(new Error("the test is over")));
    const { url } = await gateway.listen();
    return { url, setKeys };
  };

  const call = async (url: string, id: string | undefined) => {
    const client = new RawClient(url);
    client.sessionId = id;
    return (await client.post(ECHO)).status;
  };

  const signerOf = async (url: string) => {
    const { sessionId = "" } = await RawClient.open(url);
    return ["a", "b"].find((id) => verifySessionId(ringOf(id), sessionId) === "valid");
  };

  it("rotates from key A over A and B to B under load: 0 of 200 sessions are lost, 0 calls fail", async () => {
    const backend = await EchoBackend.start();
    onTestFinished(() => backend.stop());
    const store = new MemoryStore();
    const one = await pod(backend, store, "one");
    const other = await pod(backend, store, "other");
    const urls = [one.url, other.url];
    const opened = Array.from({ length: 200 }, (_, index) =>
      RawClient.open(urls[index % 2] ?? one.url),
    );
    const ids = (await Promise.all(opened)).map(({ sessionId }) => sessionId);

    const statuses: number[] = [];
    let stopped = false;
    const caller = async (offset: number) => {
      for (let turn = offset; !stopped; turn += 7) {
        statuses.push(await call(urls[turn % 2] ?? one.url, ids[turn % ids.length]));
      }
    };
    const callers = [0, 50, 100, 150].map(caller);
    const calls = async (count: number) => {
      const wanted = statuses.length + count;
      await expect.poll(() => statuses.length).toBeGreaterThan(wanted);
    };

    await calls(100);
    for (const { setKeys } of [one, other]) {
      await setKeys(entryOf("a"), entryOf("b", SIGN_AFTER));
      await calls(100);
    }
    expect([await signerOf(one.url), await signerOf(other.url)]).toEqual(["a", "a"]);
    vi.setSystemTime(SIGN_AFTER);
    expect([await signerOf(one.url), await signerOf(other.url)]).toEqual(["b", "b"]);
    await calls(100);
    for (const { setKeys } of [one, other]) {
      await setKeys(entryOf("b"));
      await calls(100);
    }
    stopped = true;
    await Promise.all(callers);

    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    for (const url of urls) {
      const last = await Promise.all(ids.map((id) => call(url, id)));
      expect(last.filter((status) => status === 200)).toHaveLength(200);
    }
    // Those of the clients, and the 2 with which the gateways ask for the lists.
    expect(backend.counts.sessions).toBe(200 + 2);
  });

  it("serves 20 sessions under a key that 1 of them has not got yet", async () => {
    const backend = await EchoBackend.start();
    onTestFinished(() => backend.stop());
    const store = new MemoryStore();
    const one = await pod(backend, store, "one");
    const other = await pod(backend, store, "other");
    await one.setKeys(entryOf("b"));
    for (let opened = 0; opened < 20; opened += 1) {
      const { sessionId } = await RawClient.open(one.url);
      expect(await call(other.url, sessionId)).toBe(200);
    }
    const { sessionId } = await RawClient.open(other.url);
    expect(await call(one.url, sessionId)).toBe(200);
  });
});

function thrown(work: () => unknown): ConfigError {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
