import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fitNofile, type NofileFit, processBudget } from "@mcp-fleet/contract/capacity";
import { type Configuration, encode, validate } from "@mcp-fleet/contract/settings";
import fc from "fast-check";
import { request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { ClientAddresses } from "../runtime/edge/client-addresses.ts";
import { Descriptors } from "../runtime/server/descriptors.ts";
import { Metrics } from "../runtime/telemetry/metrics.ts";
import { ClientPool } from "../testkit/clients/client-pool.ts";
import { type RawAnswer, RawClient } from "../testkit/clients/raw-client.ts";
import { log } from "../testkit/processes/test-log.ts";
import { EchoBackend } from "../testkit/servers/echo-backend.ts";

const NOFILE = 1024;

/** The most sessions that 1,024 open files hold with one backend and default settings. */
const HELD = 282;

/** Of each session, as fast as they are answered. */
const CALLS = 25;

const root = new URL("..", import.meta.url).pathname;

const backendsOf = (count: number): Configuration["backends"] =>
  Array.from({ length: count }, (_, index) => ({
    name: `b${index}`,
    url: "http://127.0.0.1:9/mcp",
  }));

/** As the load balancer that all clients of these tests are behind: its connections never give way. */
const balanced = { trustedProxies: ["127.0.0.1"] };

const descriptorsOf = (fit: NofileFit) =>
  new Descriptors({
    settings: fit.settings,
    fit,
    metrics: new Metrics(),
    addresses: new ClientAddresses([]),
    log,
  });

const settingsOf = (configuration: Partial<Configuration> = {}) =>
  validate({ backends: backendsOf(1), ...configuration });

/** The gateway's command as a process of its own whose limit of open files is `nofile`, soft and hard. */
function spawnGateway(
  nofile: number,
  configuration: Configuration,
  variables: Readonly<Record<string, string>> = {},
): ChildProcess {
  const limited = `ulimit -n ${nofile} && exec "$0" "$@"`;
  const args = ["-c", limited, process.execPath, "runtime/cli/main.ts", "gateway"];
  const child = spawn("bash", args, {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      NO_COLOR: "1",
      ...encode({ port: 0, adminPort: 0, ...configuration }),
      ...variables,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  return child;
}

interface LogLine {
  readonly msg: string;
  readonly [member: string]: unknown;
}

interface LimitedGateway {
  readonly url: string;
  readonly adminUrl: string;
  readonly log: readonly LogLine[];
  /** How many files the process has open now. */
  openFiles(): number;
}

/** A process that listens, and what it has logged so far. */
async function startGateway(nofile: number, configuration: Configuration): Promise<LimitedGateway> {
  const { pid, stderr } = spawnGateway(nofile, configuration);
  if (stderr === null) throw new Error("no standard error to read");
  const log: LogLine[] = [];
  const started = Promise.withResolvers<LogLine>();
  const lines = createInterface({ input: stderr });
  lines.on("line", (line) => {
    const entry: LogLine = line.startsWith("{") ? JSON.parse(line) : { msg: line };
    log.push(entry);
    if (entry.msg === "listening") started.resolve(entry);
  });
  lines.once("close", () => started.reject(new Error(`it ended: ${JSON.stringify(log)}`)));
  const { url, adminUrl } = await started.promise;
  const openFiles = () => readdirSync(`/proc/${pid}/fd`).length;
  return { url: String(url), adminUrl: String(adminUrl), log, openFiles };
}

async function startBackend(keepAliveSeconds: number): Promise<EchoBackend> {
  const backend = await EchoBackend.start({ keepAliveSeconds });
  onTestFinished(() => backend.stop());
  return backend;
}

async function adminText({ adminUrl }: LimitedGateway, path: string): Promise<string> {
  const { body } = await request(new URL(path, adminUrl));
  return await body.text();
}

const initialize = (client: RawClient) => client.initialize({ protocolVersion: "2025-11-25" });

/** Answers within the rules, by what they say; everything else by its own words. */
class Outcomes {
  readonly counts: Record<string, number> = {};

  async note(answer: Promise<{ status: number; headers: object; text: string }>): Promise<number> {
    try {
      const { status, headers, text } = await answer;
      const isRefusal = status === 503 && "retry-after" in headers;
      this.#count(status === 200 || isRefusal ? String(status) : `${status} ${text}`);
      return status;
    } catch (error) {
      this.#count(String(error));
      return 0;
    }
  }

  #count(outcome: string): void {
    this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
  }
}

/** A refused client that has connected for so long, and says nothing, is let go of without a word. */
const REFUSAL_MS = 1_000;

/** initialize on a connection of its own. Nothing where this machine was too busy to say it in time. */
async function knock(url: string): Promise<RawAnswer | undefined> {
  const startMs = performance.now();
  let silentMs = 0;
  const headers = { accept: "application/json, text/event-stream" };
  const outgoing = httpRequest(url, {
    method: "POST",
    agent: false,
    headers: { ...headers, "content-type": "application/json" },
  });
  outgoing.once("socket", (socket) => {
    socket.once("connect", () => {
      silentMs = performance.now() - startMs;
    });
  });
  outgoing.end(INITIALIZE);
  try {
    const answer: IncomingMessage = (await once(outgoing, "response"))[0];
    const text = Buffer.concat(await answer.toArray()).toString();
    return { status: answer.statusCode ?? 0, headers: answer.headers, text };
  } catch (error) {
    if (silentMs > REFUSAL_MS) return undefined;
    throw error;
  }
}

/** Connections that never say anything, one after the other as fast as the listener's queue takes them. */
async function connectIdle(url: string, count: number): Promise<readonly Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const socket = connect(Number(port), hostname).on("error", () => {});
    sockets.push(socket);
    if (sockets.length % 50 === 0) await once(socket, "connect");
  }
  return sockets;
}

function hangUp(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy();
}

describe("settings under a limit of open files", () => {
  it("stay as they are where the limit is what they need, and are lowered where it is 1 less", () => {
    const settings = settingsOf();
    const { need } = fitNofile(settings, NOFILE);
    // 10,000 sessions with a socket, a stream and 0.1 calls each, 256 + 32 for the backend, 32 for the process.
    expect(need.value).toBe(Math.ceil((21_000 + 256 + 32 + 32) / 0.9));
    const enough = fitNofile(settings, need.value);
    expect(enough).toMatchObject({ lowered: [] });
    expect(enough.settings).toBe(settings);
    expect(fitNofile(settings, need.value - 1).lowered).not.toEqual([]);
  });

  it("come to 282 sessions with 1 backend at 1,024 open files, 256 connections to it untouched", () => {
    expect(fitNofile(settingsOf(), NOFILE)).toMatchObject({
      sessions: HELD,
      settings: {
        session: { maxSessions: HELD, cacheEntries: HELD },
        limits: { upstreamConnections: 256, views: 32 },
      },
      lowered: [
        { setting: "session.maxSessions", from: 10_000, to: HELD },
        { setting: "session.cacheEntries", from: 10_000, to: HELD },
      ],
    });
  });

  it("leave half of 1,024 open files to clients with 20 backends: 256 connections and 32 views become 18 and 2", () => {
    const { settings, sessions } = fitNofile(settingsOf({ backends: backendsOf(20) }), NOFILE);
    expect(settings.limits).toMatchObject({ upstreamConnections: 18, views: 2 });
    expect(sessions).toBeGreaterThan(200);
  });

  it("keep session.maxSessions where the store is shared, which no process may lower for the others", () => {
    const sessionStorage = { provider: "redis", address: "127.0.0.1:6379" } as const;
    const { settings, sessions, lowered } = fitNofile(settingsOf({ sessionStorage }), NOFILE);
    expect(settings.session).toMatchObject({ maxSessions: 10_000, cacheEntries: 10_000 });
    expect(sessions).toBeLessThanOrEqual(HELD);
    expect(lowered).toEqual([]);
  });

  it("planned with 1,024 open files need these, whatever 10,000 sessions would need, and are lowered below them only", () => {
    const settings = settingsOf({ nofile: { required: NOFILE } });
    const { need, ...fit } = fitNofile(settings, NOFILE);
    expect(need).toEqual({
      value: NOFILE,
      unit: "descriptors",
      formula: "planned",
      terms: [
        {
          name: "planned",
          value: NOFILE,
          unit: "descriptors",
          from: "nofile.required, from the deployer's plan",
        },
      ],
    });
    expect(fit).toMatchObject({ sessions: HELD, lowered: [] });
    expect(fit.settings).toBe(settings);
    expect(fitNofile(settings, NOFILE - 1).lowered).toMatchObject([
      { setting: "session.maxSessions", from: 10_000 },
      { setting: "session.cacheEntries", from: 10_000 },
    ]);
  });

  it("planned with 4,096 open files are not lowered at 2,000, where their own 100 sessions fit", () => {
    const settings = settingsOf({ session: { maxSessions: 100 }, nofile: { required: 4096 } });
    const { need, lowered } = fitNofile(settings, 2000);
    expect([need.value, lowered]).toEqual([4096, []]);
  });

  it("fit the limit after they were lowered, or hold 0 sessions, for 1 to 200 backends and 32 to 30,000 open files", () => {
    const some = fc.record({
      backends: fc.integer({ min: 1, max: 200 }),
      limit: fc.integer({ min: 32, max: 30_000 }),
      upstreamConnections: fc.integer({ min: 1, max: 2000 }),
      views: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(some, ({ backends, limit, ...limits }) => {
        const given = settingsOf({ backends: backendsOf(backends), limits });
        const { settings, sessions, need } = fitNofile(given, limit);
        if (sessions === 0) return need.value > limit;
        const { maxSessions } = settings.session;
        return processBudget(settings).need(maxSessions).value <= limit && maxSessions > 0;
      }),
    );
  });
});

describe("at start", () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), "mcp-fleet-nofile-"));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };

  async function endOf(child: ChildProcess): Promise<{ code: unknown; stderr: string }> {
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, "close");
    return { code, stderr };
  }

  it("enforce ends a process with 1,024 open files by exit code 78 and 1 line with the arithmetic, also in the termination file", async () => {
    const file = join(folder(), "termination-log");
    writeFileSync(file, "");
    const configuration: Configuration = { backends: backendsOf(1), nofile: { mode: "enforce" } };
    const { code, stderr } = await endOf(
      spawnGateway(NOFILE, configuration, { MCP_FLEET_TERMINATION_LOG: file }),
    );
    expect(code).toBe(78);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain("need 23689 open files (client sockets 10000 + client streams 10000");
    expect(stderr).toContain(
      "the limit is 1024: raise the hard limit to 23689, or set session.maxSessions to at most 282",
    );
    expect(readFileSync(file, "utf8")).toBe(stderr);
  });

  it("enforce says what it says where there is no termination file, and makes none", async () => {
    const path = folder();
    const variables = { MCP_FLEET_TERMINATION_LOG: join(path, "none") };
    const configuration: Configuration = { backends: backendsOf(1), nofile: { mode: "enforce" } };
    const { code, stderr } = await endOf(spawnGateway(NOFILE, configuration, variables));
    expect(code).toBe(78);
    expect(stderr).toContain("the limit is 1024");
    expect(readdirSync(path)).toEqual([]);
  });

  it("enforce starts a process whose 1,024 open files are enough for its 282 sessions", async () => {
    const gateway = await startGateway(NOFILE, {
      backends: backendsOf(1),
      session: { maxSessions: HELD },
      nofile: { mode: "enforce" },
    });
    expect(gateway.log.filter((line) => "nofile" in line)).toEqual([]);
    expect(await adminText(gateway, "/metrics")).toContain("mcp_fleet_nofile_degraded 0");
  });

  it("enforce ends a process that was planned with 2,048 open files and has 1,024, and says both", async () => {
    const configuration: Configuration = {
      backends: backendsOf(1),
      session: { maxSessions: HELD },
      nofile: { mode: "enforce", required: 2048 },
    };
    const { code, stderr } = await endOf(spawnGateway(NOFILE, configuration));
    expect(code).toBe(78);
    expect(stderr).toBe(
      "mcp-fleet: nofile: this process was planned with 2048 open files and the limit is 1024: raise the hard limit to 2048, or plan with nofile 1024, or set nofile.mode: degrade\n",
    );
  });

  it("enforce starts a process that was planned with its 1,024 open files, where its fleet has 10,000 sessions", async () => {
    const gateway = await startGateway(NOFILE, {
      backends: backendsOf(1),
      nofile: { mode: "enforce", required: NOFILE },
    });
    expect(gateway.log.filter((line) => "nofile" in line)).toEqual([]);
    const { nofile } = JSON.parse(await adminText(gateway, "/status"));
    expect(nofile).toMatchObject({ limit: NOFILE, need: NOFILE, lowered: [] });
    expect(await adminText(gateway, "/metrics")).toContain("mcp_fleet_nofile_degraded 0");
  });

  it("degrade starts a process that was planned with 2,048 open files and fits into 1,024, and says that nothing is lowered", async () => {
    const gateway = await startGateway(NOFILE, {
      backends: backendsOf(1),
      session: { maxSessions: HELD },
      nofile: { required: 2048 },
    });
    const [said] = gateway.log.filter((line) => "nofile" in line);
    expect(said).toMatchObject({ level: 40, nofile: { need: 2048, limit: NOFILE, lowered: [] } });
    expect(said?.msg).toMatch(/lower than what was planned: nothing has to be lowered/);
  });

  it("degrade ends a process that has no room for 1 session, too, by exit code 78", async () => {
    const { code, stderr } = await endOf(spawnGateway(64, { backends: backendsOf(20) }));
    expect(code).toBe(78);
    expect(stderr).toContain("the limit is 64: raise the hard limit");
    expect(stderr).not.toContain("degrade");
  });

  it("degrade says in 1 log line, a metric and /status that 10,000 sessions became 282", async () => {
    const gateway = await startGateway(NOFILE, { backends: backendsOf(1) });
    const said = gateway.log.filter((line) => "nofile" in line);
    expect(said).toHaveLength(1);
    const lowered = [
      { setting: "session.maxSessions", from: 10_000, to: HELD },
      { setting: "session.cacheEntries", from: 10_000, to: HELD },
    ];
    const nofile = { limit: NOFILE, need: 23_689, sessions: HELD, lowered };
    expect(said[0]).toMatchObject({ level: 40, nofile });
    const status = JSON.parse(await adminText(gateway, "/status"));
    expect(status).toMatchObject({ nofile: { ...nofile, allowed: 921 }, sessions: { max: HELD } });
    const metrics = await adminText(gateway, "/metrics");
    expect(metrics).toContain("mcp_fleet_nofile_degraded 1");
    expect(metrics).toContain("mcp_fleet_descriptors_allowed 921");
    expect(metrics).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  });
});

describe("a process with 1,024 open files", () => {
  it("answers 25 calls at full speed in each of 400 sessions with 200, or 503 and Retry-After, and never has more open", async () => {
    const backend = await startBackend(600);
    const gateway = await startGateway(NOFILE, {
      backends: [{ name: "b", url: backend.url }],
      // Connections stay open for as long as the machine takes between two requests.
      drain: { linger: "10m" },
    });
    await expect.poll(() => backend.counts.requests).toMatchObject({ GET: 1, "tools/list": 2 });
    const outcomes = new Outcomes();
    const pools: ClientPool[] = [];
    const closeAll = () => Promise.all(pools.splice(0).map((pool) => pool.close()));
    onTestFinished(async () => void (await closeAll()));

    let max = 0;
    const sampling = setInterval(() => {
      max = Math.max(max, gateway.openFiles());
    }, 20);
    onTestFinished(() => clearInterval(sampling));

    const sessions: RawClient[] = [];
    const refused: RawClient[] = [];
    const open = async () => {
      const client = new RawClient(gateway.url);
      const status = await outcomes.note(initialize(client));
      if (status !== 200) return void refused.push(client);
      const pool = new ClientPool(gateway.url, 1);
      pools.push(pool);
      const session = pool.client(client.sessionId);
      sessions.push(session);
      await outcomes.note(session.call("b_echo", {}));
      const stream = await client.stream();
      onTestFinished(() => stream.leave());
    };
    for (let wave = 0; wave < 40; wave += 1) {
      await Promise.all(Array.from({ length: 10 }, open));
    }
    expect([sessions.length, refused.length]).toEqual([HELD, 400 - HELD]);

    // What is left is taken by connections that say nothing.
    const idle = await connectIdle(gateway.url, 150);
    onTestFinished(() => hangUp(idle));

    // Each session calls on a connection of its own; those who were refused try again, on a new one each time.
    let calling = sessions.length;
    const callers = sessions.map(async (session) => {
      for (let call = 0; call < CALLS; call += 1) {
        await outcomes.note(session.call("b_echo", { text: "x" }));
      }
      calling -= 1;
    });
    const triers = Array.from({ length: 16 }, async () => {
      while (calling > 0) {
        const answer = await knock(gateway.url);
        if (answer !== undefined) await outcomes.note(Promise.resolve(answer));
      }
    });
    await Promise.all([...callers, ...triers]);

    expect(Object.keys(outcomes.counts).sort(), JSON.stringify(outcomes.counts)).toEqual([
      "200",
      "503",
    ]);
    expect(outcomes.counts["200"]).toBeGreaterThan(HELD * 10);
    expect(max).toBeGreaterThan(HELD * 2 + 256);
    expect(max).toBeLessThanOrEqual(NOFILE);
    // 256 for calls, one for the lists' stream.
    expect(backend.counts.sockets).toBeLessThanOrEqual(257);
    const metrics = await adminText(gateway, "/metrics");
    expect(metrics).toMatch(/^mcp_fleet_descriptors_refused_total\{what="connection"\} [1-9]/m);
    expect(JSON.stringify(gateway.log)).not.toContain("EMFILE");
  });

  it("with 922 in use refuses sessions and streams, even on open connections, and serves the sessions it has", async () => {
    const gateway = await startGateway(NOFILE, { ...balanced, backends: backendsOf(1) });
    const pool = new ClientPool(gateway.url, 1);
    onTestFinished(() => pool.close());
    const session = await pool.open();
    // 320 are set aside; 1 is the session's connection.
    const idle = await connectIdle(gateway.url, 601);
    onTestFinished(() => hangUp(idle));
    const used = async () => JSON.parse(await adminText(gateway, "/status")).nofile.used;
    await expect.poll(used).toBe(922);

    const refused = [await pool.client().post(INITIALIZE), await session.send({ method: "GET" })];
    for (const { status, headers, text } of refused) {
      expect([status, JSON.parse(text).error.data.error]).toEqual([503, "AT_CAPACITY"]);
      expect(text).toContain("its open files are in use");
      expect(headers["retry-after"]).toMatch(/^[1-9]\d*$/);
    }
    const metrics = await adminText(gateway, "/metrics");
    for (const what of ["session", "stream"]) {
      expect(metrics).toContain(`mcp_fleet_descriptors_refused_total{what="${what}"} 1`);
    }
    expect(metrics).toContain("mcp_fleet_descriptors_used 922");
    const ping = () => session.post('{"jsonrpc":"2.0","id":9,"method":"ping"}');
    expect((await ping()).status).toBe(200);

    hangUp(idle);
    await expect.poll(used).toBe(321);
    expect((await pool.client().post(INITIALIZE)).status).toBe(200);
  });

  it("gives streams of sessions at backends 601 of them, and another one for each that is given back", () => {
    const fit = fitNofile(settingsOf(), NOFILE);
    const descriptors = descriptorsOf(fit);
    const taken = Array.from({ length: 610 }, () => descriptors.acquireStream());
    expect(taken.filter((giveBack) => giveBack !== undefined)).toHaveLength(601);
    taken[0]?.();
    expect(descriptors.acquireStream()).toBeDefined();
    expect(descriptors.acquireStream()).toBeUndefined();
  });

  it("takes the descriptor of a client's stream from the first of 601 such streams that gives way: the 4th, as calls need 3", () => {
    const fit = fitNofile(settingsOf(), NOFILE);
    const descriptors = descriptorsOf(fit);
    const asked: number[] = [];
    for (let stream = 1; stream <= 601; stream += 1) {
      descriptors.acquireStream(() => asked.push(stream) > 3);
    }
    const full = descriptors.used;
    descriptors.acquireConnection(new Socket());
    descriptors.requireCapacity("stream");
    expect(asked).toEqual([1, 2, 3, 4]);
    expect(descriptors.used).toBe(full);
  });

  it("refuses a client's stream where calls need all of 601 such streams", () => {
    const fit = fitNofile(settingsOf(), NOFILE);
    const descriptors = descriptorsOf(fit);
    for (let stream = 1; stream <= 601; stream += 1) descriptors.acquireStream(() => false);
    descriptors.acquireConnection(new Socket());
    expect(() => descriptors.requireCapacity("stream")).toThrow("no room for another stream");
  });

  it("still answers /livez on the admin port under 2,000 idle connections, refuses the next with 503, and takes it once they are gone", async () => {
    const gateway = await startGateway(NOFILE, { ...balanced, backends: backendsOf(1) });
    const idle = await connectIdle(gateway.url, 2000);
    onTestFinished(() => hangUp(idle));
    // Those that were refused have been let go of.
    await expect
      .poll(() => idle.filter(({ readyState }) => readyState !== "open").length)
      .toBeGreaterThan(2000 - NOFILE);
    expect(JSON.parse(await adminText(gateway, "/livez"))).toEqual({ status: "ok" });
    expect(gateway.openFiles()).toBeLessThanOrEqual(NOFILE);

    const status = () =>
      initialize(new RawClient(gateway.url)).then((answer) => answer.status, String);
    await expect.poll(status).toBe(503);
    // Longer than what the sockets in between hold: a reset would take the answer away.
    const answer = await new RawClient(gateway.url).post(Buffer.alloc(2 ** 23, " "));
    expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
    expect(answer.headers["mcp-fleet-not-processed"]).toBe("true");
    expect([answer.status, JSON.parse(answer.text).error.data.error]).toEqual([503, "AT_CAPACITY"]);

    hangUp(idle);
    await expect.poll(status).toBe(200);
    expect(JSON.stringify(gateway.log)).not.toContain("EMFILE");
  });
});

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "raw", version: "1" },
  },
});
