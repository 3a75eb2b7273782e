import { type ChildProcess, spawn } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { freePort } from "../processes/free-ports.ts";
import { until } from "../processes/until.ts";

const PROGRAM = join(import.meta.dirname, "../../.tools/dns/dnsmasq");

/** `make test` gets one where it can; without one, these tests are skipped by name, or fail in CI. */
export const hasDns = existsSync(PROGRAM);

if (!hasDns && process.env.FLEET_REQUIRE_ALL === "1") {
  throw new Error("there is no DNS server to test with: run make .tools/dns/dnsmasq");
}

/** A pod on this machine, as a headless Service names it. */
export interface NamedPod {
  readonly host: string;
  readonly port: number;
}

/** A real DNS server, at a port that stays while it comes and goes. */
export class DnsServer {
  readonly address: string;
  readonly #port: number;
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.#port = port;
    this.address = `127.0.0.1:${port}`;
  }

  /** Answers `service` with the pods, and each of their hosts with 127.0.0.1. */
  static async start(service: string, pods: readonly NamedPod[]): Promise<DnsServer> {
    const server = new DnsServer(await freePort());
    await server.serve(service, pods);
    return server;
  }

  /** From now on it knows these pods and nothing else; without any, no such name. */
  async serve(service: string, pods: readonly NamedPod[]): Promise<void> {
    await this.stop();
    const records = pods.flatMap(({ host, port }) => [
      `--srv-host=${service},${host},${port}`,
      `--host-record=${host},127.0.0.1`,
    ]);
    const args = [
      "--no-daemon",
      "--conf-file=/dev/null",
      "--no-resolv",
      "--no-hosts",
      "--user=",
      "--group=",
      "--pid-file=",
      `--port=${this.#port}`,
      "--listen-address=127.0.0.1",
      "--bind-interfaces",
      "--local=/test/",
      "--host-record=ready.test,127.0.0.1",
      ...records,
    ];
    const child = spawn(PROGRAM, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    const said = child.stderr.setEncoding("utf8").toArray();
    const resolver = new Resolver({ timeout: 200, tries: 1 });
    resolver.setServers([this.address]);
    await until("an answer of dnsmasq", async () => {
      if (child.exitCode !== null) throw new Error(`dnsmasq ended: ${(await said).join("")}`);
      const [found] = await resolver.resolve4("ready.test").catch(() => []);
      return found === "127.0.0.1";
    });
  }

  /** Takes questions and answers none. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
}
