// A server over stdio whose one tool, `do`, does what it is told to, at its worst. Without tools of its own it speaks plain
// JSON-RPC, so that it can break every rule of it. Its arguments say what it does at the start: --exit, --deaf, --stubborn.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const MEBIBYTE = 2 ** 20;

interface Request {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: {
    readonly arguments?: { readonly what?: string };
    readonly _meta?: { readonly progressToken?: string | number };
  };
  readonly result?: unknown;
}

const say = (message: object) =>
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const answer = (id: Request["id"], result: object) => say({ id, result });
const tell = (id: Request["id"], text: string) => answer(id, { content: [{ type: "text", text }] });

let calls = 0;
/** What is to happen once the client has answered. */
let asked: (result: unknown) => void = () => {};
const held: Buffer[] = [];

const DEEDS: Readonly<Record<string, (id: Request["id"], request: Request) => void>> = {
  count: (id) => tell(id, String(calls)),
  pid: (id) => tell(id, String(process.pid)),
  folder: (id) => tell(id, process.cwd()),
  variables: (id) => tell(id, Object.keys(process.env).toSorted().join(" ")),
  ask: (id) => {
    say({ id: "question", method: "elicitation/create", params: { message: "who?" } });
    asked = (result) => tell(id, JSON.stringify(result));
  },
  progress: (id, { params }) => {
    for (const progress of [1, 2, 3]) {
      const progressToken = params?._meta?.progressToken;
      say({ method: "notifications/progress", params: { progressToken, progress } });
    }
    tell(id, "done");
  },
  more: (id) => {
    say({ method: "notifications/tools/list_changed" });
    tell(id, "more");
  },
  hang: () => {},
  deafen: (id) => {
    tell(id, "deaf");
    process.stdin.pause();
    // Nothing else would keep it.
    setInterval(() => {}, 1_000);
  },
  exit: () => process.exit(3),
  noise: (id) => {
    for (let line = 0; line < 1_000; line += 1) process.stdout.write(`no JSON ${line}\n\0\n[]\n`);
    tell(id, "after the noise");
  },
  errors: (id) => {
    for (let line = 0; line < 1_000; line += 1) process.stderr.write(`${"e".repeat(2_000)}\n`);
    tell(id, "after the errors");
  },
  halves: (id) => {
    const text = JSON.stringify({ jsonrpc: "2.0", id, result: { content: [] } });
    process.stdout.write(text.slice(0, 20));
    setTimeout(() => process.stdout.write(`${text.slice(20)}\n`), 50);
  },
  long: () => {
    for (let piece = 0; piece < 100; piece += 1) process.stdout.write("x".repeat(MEBIBYTE));
  },
  grow: (id) => {
    for (let piece = 0; piece < 200; piece += 1) held.push(Buffer.alloc(MEBIBYTE, 1));
    tell(id, "grown");
  },
  fork: (id) => {
    const child = spawn("sleep", ["3600"], { detached: true, stdio: "ignore" });
    child.unref();
    tell(id, String(child.pid));
  },
};

if (process.argv.includes("--exit")) {
  process.stderr.write("no configuration was found\n");
  process.exit(1);
}
if (process.argv.includes("--stubborn")) {
  process.on("SIGTERM", () => {});
  setInterval(() => {}, 1_000);
}

createInterface({ input: process.stdin }).on("line", (line) => {
  if (process.argv.includes("--deaf")) return;
  const request: Request = JSON.parse(line);
  const { id, method, params, result } = request;
  if (method === "initialize") {
    const serverInfo = { name: "stdio-server", version: "1" };
    const capabilities = { tools: { listChanged: true } };
    answer(id, { protocolVersion: "2025-11-25", capabilities, serverInfo });
  } else if (method === "tools/list") {
    answer(id, { tools: [{ name: "do", inputSchema: { type: "object" } }] });
  } else if (method === "tools/call") {
    calls += 1;
    DEEDS[params?.arguments?.what ?? ""]?.(id, request);
  } else if (method === undefined) asked(result);
  else if (id !== undefined) answer(id, {});
});
