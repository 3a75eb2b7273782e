import {
  addressText,
  type BackendSettings,
  connectionsPerPod,
  type Settings,
  type StdioSettings,
} from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { Metrics } from "../telemetry/metrics.ts";
import { readCaBundle } from "./ca-bundle.ts";
import { ClientCertificate } from "./client-certificate.ts";
import {
  CIRCUIT_STATES,
  CircuitBreaker,
  type CircuitState,
  settle,
  type Trial,
} from "./endpoints/circuit-breaker.ts";
import { CommandEndpoint, type ReachedEndpoint } from "./endpoints/command-endpoint.ts";
import { Endpoint } from "./endpoints/endpoint.ts";
import type { EndpointAddress, EndpointDirectory } from "./endpoints/endpoint-address.ts";
import { EndpointHealth } from "./endpoints/endpoint-health.ts";
import { EndpointResolver } from "./endpoints/endpoint-resolver.ts";
import { FixedEndpoints } from "./endpoints/fixed-endpoints.ts";
import { HealthCheck } from "./endpoints/health-check.ts";
import type { MessageLimits } from "./endpoints/message-limits.ts";
import { SrvEndpoints } from "./endpoints/srv-endpoints.ts";
import { HttpSse } from "./transports/http-sse.ts";
import type { Peers } from "./transports/peers.ts";
import { Stdio } from "./transports/stdio.ts";
import { StreamableHttp } from "./transports/streamable-http.ts";
import type { Answer, MessageAnswer, Transport, TransportRequest } from "./transports/transport.ts";
import { CircuitOpen, EndpointGone, TransportFault } from "./transports/transport-fault.ts";

/** A link around every request to a backend: credentials, trace. It may change the request, and sees the answer. */
export type BackendInterceptor = (
  request: TransportRequest,
  backend: Backend,
  next: (request: TransportRequest) => Promise<Answer>,
) => Promise<Answer>;

export interface BackendParts {
  readonly settings: BackendSettings;
  readonly limits: Settings["limits"];
  readonly health: Settings["health"];
  readonly dns: Settings["dns"];
  readonly peers: Peers;
  /** What may be held of messages. */
  readonly messageLimits: MessageLimits;
  /** Counts one more event stream of a client's session. Returns what gives it back; undefined where there is no room. */
  readonly acquireStream: () => (() => void) | undefined;
  /** From the outermost. */
  readonly interceptors: readonly BackendInterceptor[];
  /** Where programs of servers over stdio get their variables from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const PROBE = {
  operation: "probe",
  session: { protocol: "" },
  text: "",
  purpose: "probe",
} as const;

const CONNECTIONS_STAY = "the connections to a pod could not be closed";

/** An endpoint with what speaks to it and what looks after it. */
interface Member {
  readonly endpoint: ReachedEndpoint;
  readonly transport: Transport;
  readonly check: HealthCheck | undefined;
  /** Undefined: there are none. */
  readonly breaker: CircuitBreaker | undefined;
}

type Reached = Pick<Member, "endpoint" | "transport">;

/** One MCP server: the endpoints that it runs at, and which of them a request goes to. */
export class Backend {
  readonly name: string;
  readonly settings: BackendSettings;
  /** Whether a session stays with an endpoint that has a name, a pod: every address but one that stands for many. */
  readonly hasPods: boolean;
  readonly #parts: BackendParts;
  readonly #directory: EndpointDirectory;
  readonly #resolver: EndpointResolver;
  /** The certificates that it trusts; undefined: those of the system. */
  readonly ca: Buffer | undefined;
  readonly #certificate: ClientCertificate | undefined;
  /** How much has begun with it that has to be finished before it closes. */
  #holds = 0;
  #unheld: (() => void) | undefined;
  readonly #stopMeasuring: () => void;
  #members: ReadonlyMap<string, Member> = new Map();
  #only: Member | undefined;
  #drains: ReadonlySet<string> = new Set();
  #turn = 0;

  constructor(parts: BackendParts) {
    const { settings, dns, log, metrics } = parts;
    const { address, caBundlePath, clientCertificate } = settings;
    const resolver = new EndpointResolver(dns.servers);
    const onChange = () => this.#follow();
    const srv = { resolver, refreshMs: dns.refreshSeconds * 1000, log, onChange };
    this.name = settings.name;
    this.settings = settings;
    this.hasPods = address.kind !== "url" && address.kind !== "command";
    this.#parts = parts;
    this.#resolver = resolver;
    this.ca = caBundlePath === undefined ? undefined : readCaBundle(settings.name, caBundlePath);
    this.#certificate =
      clientCertificate &&
      new ClientCertificate(settings.name, clientCertificate, log, () => this.#renewConnections());
    this.#directory =
      address.kind === "srv" ? new SrvEndpoints({ ...srv, address }) : new FixedEndpoints(address);
    this.#follow();
    this.#stopMeasuring = metrics.onScrape(() => this.#measure());
  }

  /** In their order. */
  get endpoints(): readonly ReachedEndpoint[] {
    return [...this.#members.values()].map(({ endpoint }) => endpoint);
  }

  /** Names of the pods that drain: they get no new session. */
  get drains(): ReadonlySet<string> {
    return this.#drains;
  }

  /** The fleet says which of the pods drain. */
  setDrains(pods: ReadonlySet<string>): void {
    this.#drains = pods;
  }

  /** Resolves when the endpoints are first known, or could not be found out. */
  start(): Promise<void> {
    return this.#directory.start();
  }

  /** Names of the endpoints that answer, and whose breaker lets requests pass, in their order. Whether they drain is not asked here. */
  get available(): string[] {
    return this.#answering
      .filter(({ breaker }) => breaker?.isOpen !== true)
      .map(({ endpoint }) => endpoint.name);
  }

  /**
   * Why a client's request would not be sent now, wherever else it could go: the breakers of all endpoints that it could
   * get to are open. Undefined: it would be sent, or fail otherwise.
   *
   * @param name the only endpoint that it could get to.
   */
  circuitOpen(name?: string): CircuitOpen | undefined {
    if (this.#parts.health.circuitBreaker === undefined) return undefined;
    const breakers = this.#answering
      .filter(({ endpoint }) => name === undefined || endpoint.name === name)
      .map(({ breaker }) => breaker);
    if (breakers.length === 0 || breakers.some((breaker) => breaker?.isOpen !== true)) {
      return undefined;
    }
    return new CircuitOpen(
      Math.min(
        ...breakers.map((breaker) => breaker?.retryAfterSeconds ?? Number.POSITIVE_INFINITY),
      ),
    );
  }

  /** The state of an endpoint's breaker; undefined where there are none. */
  circuitState(name: string): CircuitState | undefined {
    return this.#members.get(name)?.breaker?.state;
  }

  /** The name of the endpoint with the fewest requests outstanding, of those that answer and do not drain. */
  get leastBusy(): string | undefined {
    return this.#leastBusy()?.endpoint.name;
  }

  /** Whether an endpoint, and all that it held in memory, is lost. */
  isGone(name: string): boolean {
    const present = this.#members.get(name);
    return present === undefined
      ? this.#directory.isGone(name)
      : present.endpoint.health.state === "gone";
  }

  /**
   * Sends one request to an endpoint, or where none is named to the least busy one. What a call or a session of a client
   * comes to is for the endpoint's breaker, where there is one: an answer with a `trial` tells it whether its response arrived.
   *
   * @throws TransportFault, EndpointGone, CircuitOpen, AT_CAPACITY, or the signal's reason once it is aborted.
   */
  async dispatch(request: TransportRequest, name?: string): Promise<Answer> {
    const member = name === undefined ? this.#leastBusy() : this.#reachable(name);
    if (member === undefined) this.#directory.refreshSoon();
    if (member === undefined) {
      throw this.circuitOpen() ?? new TransportFault(false, "no pod of the backend answers");
    }
    const { metrics } = this.#parts;
    const { breaker, transport } = member;
    metrics.upstreamRequests.inc({ backend: this.name, purpose: request.purpose });
    if (breaker === undefined) return this.#send(request, transport);
    if (!isTrial(request)) {
      const answer = await this.#send(request, transport);
      if (request.operation === "start" && isMessage(answer)) breaker.retryNow();
      return answer;
    }
    const trial = breaker.admit();
    if (trial === undefined) throw new CircuitOpen(breaker.retryAfterSeconds);
    try {
      return judged(await this.#send(request, transport), trial);
    } catch (error) {
      settle(trial, error, request.signal);
      throw error;
    }
  }

  /** Through the interceptors. */
  #send(request: TransportRequest, transport: Transport): Promise<Answer> {
    const { interceptors } = this.#parts;
    if (interceptors.length === 0) return transport[request.operation](request);
    const through = (index: number, sent: TransportRequest): Promise<Answer> => {
      const interceptor = interceptors[index];
      if (interceptor === undefined) return transport[sent.operation](sent);
      return interceptor(sent, this, (next) => through(index + 1, next));
    };
    return through(0, request);
  }

  /** Answers another process of the fleet for a session that lives in this one. */
  async serveHere(request: TransportRequest, name: string): Promise<Answer> {
    const answer = await this.#members.get(name)?.transport.serveHere?.(request);
    return answer ?? { kind: "session-unknown" };
  }

  /** Keeps it open for something that has begun, also where it leaves meanwhile: until `letGo`. */
  hold(): void {
    this.#holds += 1;
  }

  letGo(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#unheld?.();
  }

  /** Another one may have its name. Resolves when nothing that has begun needs this one any more. */
  async leave(): Promise<void> {
    this.#stopMeasuring();
    if (this.#holds === 0) return;
    await new Promise<void>((resolve) => {
      this.#unheld = resolve;
    });
  }

  /** Lets what is in flight finish. */
  async close(): Promise<void> {
    this.#stop();
    await Promise.all([...this.#members.values()].map(closeMember));
  }

  /** Cuts what is in flight. */
  async destroy(reason: Error): Promise<void> {
    this.#stop();
    const members = [...this.#members.values()].map(async ({ endpoint, transport }) => {
      transport.destroy();
      await endpoint.destroy(reason);
    });
    await Promise.all(members);
  }

  #stop(): void {
    this.#stopMeasuring();
    this.#directory.close();
    this.#certificate?.close();
    for (const { check } of this.#members.values()) check?.close();
  }

  get #answering(): readonly Member[] {
    return [...this.#members.values()].filter(({ endpoint }) => endpoint.health.state === "up");
  }

  #leastBusy(): Member | undefined {
    if (this.#only !== undefined) return this.#only;
    const able = this.#answering.filter(
      ({ endpoint, breaker }) => !this.#drains.has(endpoint.name) && breaker?.isOpen !== true,
    );
    // Equals take turns.
    this.#turn += 1;
    const outstanding = (index: number) => able[index % able.length]?.endpoint.outstanding ?? 0;
    let chosen = this.#turn;
    for (let index = chosen + 1; index < this.#turn + able.length; index += 1) {
      if (outstanding(index) < outstanding(chosen)) chosen = index;
    }
    return able[chosen % able.length];
  }

  /** Nothing is sent to an endpoint that is known not to answer: the call fails at once and did not run. */
  #reachable(name: string): Member {
    if (this.#only !== undefined) return this.#only;
    const member = this.#members.get(name);
    if (member?.endpoint.health.state === "up") return member;
    this.#directory.refreshSoon();
    if (this.isGone(name)) throw new EndpointGone(name);
    const reason = member?.endpoint.health.error ?? "it is not there yet";
    throw new TransportFault(false, `the pod ${name} does not answer: ${reason}`);
  }

  /** The directory has other endpoints, or has them elsewhere. */
  #follow(): void {
    const { settings, log } = this.#parts;
    const before = this.#members;
    const { endpoints } = this.#directory;
    const share = connectionsPerPod(endpoints.length, this.#parts.limits.upstreamConnections);
    const after = endpoints.map((address) => {
      const present = before.get(address.name);
      const stays = present?.endpoint.address === address.url;
      return [address.name, stays ? present : this.#open(address, share)] as const;
    });
    this.#members = new Map(after);
    for (const [pod, { endpoint }] of after) {
      endpoint
        .limitConnections(share)
        .catch((error: unknown) => log.info({ pod, error }, CONNECTIONS_STAY));
    }
    this.#only = this.hasPods ? undefined : after[0]?.[1];
    for (const [pod, member] of before) {
      if (this.#members.get(pod) === member) continue;
      member.check?.close();
      this.#parts.metrics.forgetPod(this.name, pod);
      closeMember(member).catch((error: unknown) => log.info({ pod, error }, CONNECTIONS_STAY));
    }
    if (before.size > 0 || settings.address.kind === "srv") {
      const pods = [...this.#members.keys()];
      log.info({ backend: this.name, at: addressText(settings.address), pods }, "pods");
    }
  }

  #open(address: EndpointAddress, connections: number): Member {
    const { limits, health: checks, settings } = this.#parts;
    const health = new EndpointHealth({
      threshold: checks.unhealthyThreshold,
      lossAfterMs: limits.podLossAfterSeconds * 1000,
    });
    const reached =
      settings.address.kind === "command"
        ? this.#run(settings.address, address, health)
        : this.#connect(address, connections, health);
    const probe = (signal: AbortSignal) => this.#send({ ...PROBE, signal }, reached.transport);
    const check = this.hasPods ? new HealthCheck({ health, settings: checks, probe }) : undefined;
    return { ...reached, check, breaker: this.#breakerOf(address.name) };
  }

  /** A server that is a program of this process. */
  #run(settings: StdioSettings, address: EndpointAddress, health: EndpointHealth): Reached {
    const { peers, messageLimits, acquireStream, environment, log } = this.#parts;
    const { maxBytes: maxLineBytes } = messageLimits;
    const named = { backend: this.name, endpoint: address.name };
    const parts = { settings, health, peers, maxLineBytes, environment, acquireStream, log };
    return {
      endpoint: new CommandEndpoint(address, health),
      transport: new Stdio({ ...named, ...parts }),
    };
  }

  /** A server that is reached over HTTP. */
  #connect(address: EndpointAddress, connections: number, health: EndpointHealth): Reached {
    const { limits, settings, peers, messageLimits, acquireStream } = this.#parts;
    const endpoint = new Endpoint({
      address,
      health,
      connections,
      messageLimits: { ...messageLimits, holder: this.name },
      connect: () => ({
        timeout: limits.connectTimeoutSeconds * 1000,
        ...(this.ca && { ca: this.ca }),
        ...this.#certificate?.pair,
        ...(this.hasPods && { lookup: this.#resolver.lookup }),
      }),
    });
    const transport =
      settings.transport === "sse"
        ? new HttpSse({ endpoint, backend: this.name, peers, acquireStream })
        : new StreamableHttp(endpoint);
    return { endpoint, transport };
  }

  /** There is another certificate to show. */
  #renewConnections(): void {
    const { log } = this.#parts;
    for (const { endpoint } of this.#members.values()) {
      const pod = endpoint.name;
      endpoint
        .renewConnections()
        .catch((error: unknown) => log.info({ pod, error }, CONNECTIONS_STAY));
    }
  }

  #breakerOf(pod: string): CircuitBreaker | undefined {
    const { health, metrics, log } = this.#parts;
    const { circuitBreaker: settings } = health;
    if (settings === undefined) return undefined;
    const labels = { backend: this.name, pod };
    return new CircuitBreaker({
      settings,
      onChange: (state) => {
        if (state === "open") metrics.circuitOpened.inc(labels);
        log[state === "open" ? "warn" : "info"]({ ...labels, state }, "circuit breaker");
      },
    });
  }

  #measure(): void {
    const { metrics } = this.#parts;
    const backend = this.name;
    const { endpoints } = this;
    const connections = endpoints.reduce((sum, { connected }) => sum + connected, 0);
    metrics.upstreamConnections.set({ backend }, connections);
    for (const [pod, { breaker }] of this.#members) {
      if (breaker === undefined) break;
      metrics.circuitState.set({ backend, pod }, CIRCUIT_STATES.indexOf(breaker.state));
    }
    if (!this.hasPods) return;
    for (const { name: pod, health } of endpoints) {
      metrics.podUp.set({ backend, pod }, health.state === "up" ? 1 : 0);
    }
  }
}

async function closeMember({ endpoint, transport }: Member): Promise<void> {
  await transport.finish();
  await endpoint.close();
}

/** Whether the outcome of a request is for the breaker: a call of a client, or the opening of a session for one. */
function isTrial({ owner, operation, purpose }: TransportRequest): boolean {
  return owner !== undefined && (operation === "start" || purpose === "call");
}

function isMessage(answer: Answer): answer is MessageAnswer {
  return answer.kind === "json" || answer.kind === "events";
}

/** The answer, with the trial where it is not over yet. Only a server's own 5xx is a failure: a front of ours may be busy. */
function judged(answer: Answer, trial: Trial): Answer {
  if (isMessage(answer)) return { ...answer, trial };
  if (answer.kind !== "refused" || answer.statusCode < 500) trial.succeeded();
  else if (answer.notProcessed) trial.abandoned();
  else trial.failed();
  return answer;
}
