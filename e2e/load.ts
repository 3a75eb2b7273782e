import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

import { bundle } from "../image/bundle.ts";
import type { CallReport } from "../testkit/trials/call-report.ts";
import type { Kubectl } from "./kubectl.ts";
import { RESTRICTED_NAMESPACE, restricted } from "./restricted-pod.ts";

export interface LoadPlan {
  /** An image with Node. */
  readonly image: string;
  readonly url: string;
  /** As the gateway offers it. */
  readonly tool: string;
  /** Those that last from the beginning to the end. */
  readonly sessions: number;
  readonly callsPerSecond: number;
}

const POD = "caller";
/** What each client reported in the last run, a line per request: for whoever looks for the cause of a wrong one. */
const RECORD = join(import.meta.dirname, "../.cache/e2e/calls.jsonl");
const PROGRAM = `/${POD}/main.mjs`;

/** Writes what comes in to a file: the image has no shell, and no tar. */
const RECEIVE = `process.stdin.pipe(require("node:fs").createWriteStream("${PROGRAM}"))`;

/** Clients of the official SDKs in a pod of the cluster, and what they report. */
export class Load {
  /** In the order in which the calls ended. */
  readonly reports: CallReport[] = [];
  readonly #caller: ChildProcessWithoutNullStreams;
  readonly #complaint: Promise<string>;

  private constructor(caller: ChildProcessWithoutNullStreams) {
    this.#caller = caller;
    this.#complaint = text(caller.stderr);
    mkdirSync(dirname(RECORD), { recursive: true });
    caller.stdout.pipe(createWriteStream(RECORD));
    createInterface({ input: caller.stdout }).on("line", (line) => {
      this.reports.push(JSON.parse(line));
    });
  }

  /** A pod in a namespace that is made for it, with the program in it; every client is there when the first ones call. */
  static async start(kubectl: Kubectl, plan: LoadPlan): Promise<Load> {
    const volume = { name: POD, emptyDir: {} };
    const idle = ["node", "-e", "setInterval(() => {}, 1e9)"];
    const metadata = { name: kubectl.namespace, labels: RESTRICTED_NAMESPACE };
    await kubectl.apply({ apiVersion: "v1", kind: "Namespace", metadata });
    await kubectl.apply(restricted(POD, plan.image, idle, volume));
    await kubectl.run(["wait", "--for=condition=Ready", `pod/${POD}`, "--timeout=60s"]);
    await kubectl.run(["exec", "-i", POD, "--", "node", "-e", RECEIVE], await program());
    const { url, tool, sessions, callsPerSecond } = plan;
    const command = ["node", PROGRAM, url, tool, `${sessions}`, `${callsPerSecond}`];
    return new Load(kubectl.start(["exec", "-i", POD, "--", ...command]));
  }

  /** Lets all clients end their sessions. */
  async stop(): Promise<void> {
    const exited = once(this.#caller, "close");
    this.#caller.stdin.end();
    const [code] = await exited;
    if (code !== 0) throw new Error(`the clients ended with ${code}: ${await this.#complaint}`);
  }

  /** The pod of the server that each lasting session was on last. */
  get places(): ReadonlyMap<number, string> {
    const lasting = this.reports.filter(({ lasts, pod }) => lasts && pod !== undefined);
    return new Map(lasting.map(({ session, pod = "" }) => [session, pod]));
  }
}

async function program(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-caller-"));
  try {
    await bundle("e2e/caller/main.ts", folder);
    return readFileSync(join(folder, "main.js"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
