import type { NofileFit } from "@mcp-fleet/contract/capacity";
import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { buildAdminServer } from "../admin/admin-server.ts";
import { addMetrics, buildMetricsServer } from "../admin/metrics-server.ts";
import { StatusReport } from "../admin/status-report.ts";
import { ByteBudget } from "../async/byte-budget.ts";
import { openAuthenticator } from "../auth/open-authenticator.ts";
import type { Authorizer } from "../authz/authorizer.ts";
import { openAuthorizer } from "../authz/open-authorizer.ts";
import type { Interceptor } from "../calls/call.ts";
import { CallLimits } from "../calls/call-limits.ts";
import { Calls } from "../calls/calls.ts";
import { ClientMessages } from "../calls/client-messages.ts";
import { Forwarder } from "../calls/forwarder.ts";
import { logFailures } from "../calls/interceptors/log.ts";
import { askForLogin } from "../calls/interceptors/login.ts";
import { countCalls } from "../calls/interceptors/metrics.ts";
import { noteSubjects } from "../calls/interceptors/subjects.ts";
import { sendRenewalNotices } from "../calls/renewal-notices.ts";
import type { RequestContext } from "../calls/request-context.ts";
import { SessionStreams } from "../calls/session-streams.ts";
import { Subscriptions } from "../calls/subscriptions.ts";
import { openCredentials } from "../credentials/open-credentials.ts";
import { BodyBudget } from "../edge/body-budget.ts";
import { ClientAddresses } from "../edge/client-addresses.ts";
import { ClientStreams } from "../edge/client-streams.ts";
import { DRAIN_STATES, Drain } from "../edge/drain.ts";
import { Guards } from "../edge/guards.ts";
import { KeepAlive } from "../edge/keep-alive.ts";
import { McpEndpoint } from "../edge/mcp-endpoint.ts";
import { buildMcpServer, MCP_PATH } from "../edge/mcp-server.ts";
import { FleetFollower } from "../fleet/fleet-follower.ts";
import { PeerCredential } from "../fleet/peer-credential.ts";
import { openRateLimits } from "../limits/open-rate-limits.ts";
import type { Role } from "../roles/role.ts";
import { ROLES } from "../roles/roles.ts";
import { Events } from "../sessions/events.ts";
import type { KeyRing } from "../sessions/key-ring.ts";
import { ownerOf } from "../sessions/principal.ts";
import { Reaper } from "../sessions/reaper.ts";
import { Sessions } from "../sessions/sessions.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { openTelemetry } from "../tracing/open-telemetry.ts";
import type { BackendInterceptor } from "../upstream/backend.ts";
import { BackendRegistry } from "../upstream/backend-registry.ts";
import { PeerCalls } from "../upstream/peer-calls.ts";
import { PodDrains } from "../upstream/sessions/pod-drains.ts";
import { PodReport } from "../upstream/sessions/pod-report.ts";
import { UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import { PeerForwarder } from "../upstream/transports/peer-forwarder.ts";
import type { StartedFrom } from "./configuration.ts";
import { Descriptors } from "./descriptors.ts";
import type { Applier } from "./live/live-configuration.ts";
import { openLive } from "./open-live.ts";
import { Readiness } from "./readiness.ts";
import { Server } from "./server.ts";
import { showLimits } from "./shown-limits.ts";
import { SigningKeys } from "./signing-keys.ts";

export interface ServerOptions {
  readonly settings: Settings;
  /** What they were read from: changes of the file and of `discovery.directory` are followed. Default: nothing is. */
  readonly source?: StartedFrom;
  readonly log: Logger;
  /** Where sessions live. The server closes it. Default: what `settings.sessionStorage` names. */
  readonly store?: Store;
  /** Signs session ids; the same for all processes over one store. Default: `session.keysFile`, or a key that the store keeps. */
  readonly ring?: KeyRing;
  /** What the limit of open files makes of the settings, which are then its own. Default: the limit is unknown. */
  readonly nofile?: NofileFit;
  /** What principals are digested with, the same for all processes over one store: see `ownerOf`. */
  readonly ownerKey?: Buffer;
  /** Guards what changes something on the admin port. Default: only requests from loopback addresses may. */
  readonly adminToken?: string;
  /** Where variables are read that settings name, such as those of backends' credentials. Default: that of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Puts a process together, from what is below to what is above: nothing else constructs its own collaborators. What a
 * setting switches on is one line here, and is loaded only then.
 */
export async function compose({ settings, log, ...given }: ServerOptions): Promise<Server> {
  const { limits, health, dns } = settings;
  const { isOnlyBackend, make } = ROLES[settings.role];

  // What everything else uses.
  const metrics = new Metrics(settings.telemetry?.tracing !== undefined);
  const events = new Events(log);
  const addresses = new ClientAddresses(settings.trustedProxies);
  const descriptors = new Descriptors({ settings, fit: given.nofile, metrics, addresses, log });
  const { acquireStream } = descriptors;
  const shared = { settings, limits, events, metrics, log };

  const { environment = process.env } = given;
  const telemetry = await openTelemetry({ settings, environment, metrics, log });

  // Where sessions live, and what the fleet shares.
  const store = given.store ?? (await openStore(settings.sessionStorage, metrics, log));
  const { leases, pods, bus } = store;
  const keysFile = settings.session.keysFile;
  const keys = new SigningKeys({ given: given.ring, keysFile, store, log });
  const sessions = new Sessions({
    ...shared,
    store: store.sessions,
    silentMs: () => bus.silentMs,
    ring: keys.ring,
    settings: settings.session,
  });
  const held = sessions.held.bind(sessions);
  const follower = new FleetFollower({ bus, sessions, events });

  // The MCP servers, and the sessions there.
  const credential = new PeerCredential(keys.ring);
  const maxBytes = Math.min(limits.messageBytes, limits.heldBytes);
  const isAlone = isOnlyBackend || settings.backends.length === 1;
  // A backend that stops in the middle of messages leaves half of the room to the others.
  const shareBytes = isAlone ? limits.heldBytes : (limits.heldBytes - maxBytes) / 2;
  const budget = new ByteBudget(limits.heldBytes, maxBytes, { shareBytes });
  const messageLimits = { maxBytes, budget };
  metrics.onScrape(() => metrics.heldBytes.set(budget.held));
  const peers = new PeerForwarder({ credential, limits, messageLimits, metrics });
  const faultsOf = (other: Settings) => descriptors.faultsOf(other);
  const { turns } = store;
  const live = await openLive({ ...shared, source: given.source, turns, faultsOf });
  const present = { ...settings, backends: live?.backends ?? settings.backends };
  const credentials = await openCredentials({ settings: present, environment, metrics, log });
  const backendInterceptors: readonly BackendInterceptor[] = [
    ...(telemetry?.backendInterceptors ?? []),
    ...(credentials?.interceptors ?? []),
  ];
  const backends = new BackendRegistry(present.backends, {
    ...shared,
    health,
    dns,
    peers,
    messageLimits,
    acquireStream,
    environment,
    interceptors: backendInterceptors,
  });
  const behind = { store: store.sessions, leases, pods, backends, held };
  const upstreams = new UpstreamSessions({ ...shared, ...behind });
  const drains = new PodDrains({
    ...shared,
    ...behind,
    upstreams,
    sessions: store.sessions,
    refreshMs: health.intervalSeconds * 1000,
    moveMs: limits.initializeTimeoutSeconds * 1000,
  });
  const podReport = new PodReport(pods);

  const setAside = () =>
    descriptors.setAside({ ...settings, backends: backends.all.map((one) => one.settings) });
  if (live !== undefined) setAside();
  events.on("backendAdded", setAside);
  events.on("backendRemoved", setAside);

  // The life of a call.
  const keepAlive = new KeepAlive(limits.keepAliveSeconds);
  const streams = new ClientStreams({ ...shared, keepAlive, budget, perSession: limits.streams });
  const { idleTtlSeconds } = settings.session;
  const listening = () => streams.sessions();
  const reaper = new Reaper({ sessions, listening, idleTtlSeconds, log });
  const { enabled, disabledWorkloads } = settings.listChanged;
  const [only] = settings.backends;
  const isTold = enabled && only !== undefined && !disabledWorkloads.includes(only.name);
  const relaysListChanges = isOnlyBackend && isTold;
  const sessionStreams = new SessionStreams({
    ...shared,
    leases,
    upstreams,
    backends,
    streams,
    peers,
    acquireStream,
    isOnlyBackend,
    relaysListChanges,
  });
  const callLimits = new CallLimits(limits, metrics);
  const addressOf = ({ incoming }: RequestContext) => incoming && addresses.ofRequest(incoming);
  const rates = await openRateLimits({ ...shared, store: store.limits, addressOf });
  const sending = {
    upstreams,
    sessionStreams,
    callLimits,
    rates,
    isOnlyBackend,
    relaysListChanges,
  };
  const forwarder = new Forwarder({ ...shared, ...sending });
  sendRenewalNotices(events, streams);
  const messages = new ClientMessages({ ...shared, backends, bus, upstreams });
  const kept = { sessions: store.sessions, forwarder, sessionStreams };
  const subscriptions = new Subscriptions({ ...kept, limits });
  const audit = settings.audit && (await import("../audit/audit.ts"));
  const auditor =
    settings.audit &&
    audit?.openAuditor({
      ...shared,
      settings: settings.audit,
      name: settings.name,
      addressOf: (incoming) => addresses.ofRequest(incoming),
    });
  const decider = await openAuthorizer(settings, metrics, log);
  const authorizer = decider && auditor && audit ? audit.audited(decider, auditor) : decider;
  const role = await make({
    ...shared,
    ...kept,
    backends,
    bus,
    upstreams,
    messages,
    streams,
    subscriptions,
    podReport,
    authorizer,
  });
  const interceptors: readonly Interceptor[] = [
    ...(telemetry?.interceptors ?? []),
    ...(auditor ? [auditor.interceptor] : []),
    logFailures(log),
    countCalls(metrics),
    ...(rates ? [rates.interceptor] : []),
    callLimits.ofLists,
    ...(credentials?.exchanges ? [noteSubjects(credentials), askForLogin()] : []),
  ];
  const heard = auditor?.heard;
  const calls = new Calls({ handler: role.request, interceptors, messages, heard });

  // What clients reach.
  const authenticator = await openAuthenticator(settings, MCP_PATH, given.ownerKey, log);
  const drain = new Drain(store.outlivesProcess);
  const guards = new Guards(settings);
  if (guards.isOpen) log.warn({ host: settings.host }, "any Host is accepted: set allowedHosts");
  const readiness = new Readiness({ drain, store, role });
  const bodies = new BodyBudget(limits, metrics);
  const endpoint = new McpEndpoint({
    calls,
    initialize: (context) => role.initialize(context),
    sessions,
    streams,
    keepAlive,
    bodies,
    drain,
    room: descriptors,
    addresses,
    limits,
    events,
    metrics,
    log,
  });
  const front = { endpoint, authenticator, guards, drain, addresses, probes: readiness };
  const endSessions = (owner: string) => sessions.endOwned(owner);
  const mcp = buildMcpServer({ ...shared, ...front, connections: descriptors, endSessions });

  if (settings.metricsOnMcpPort) addMetrics(mcp, metrics);

  // What operators and the other processes reach.
  const status = new StatusReport({
    settings,
    readiness,
    store,
    sessions,
    streams,
    descriptors,
    role,
    ...(live && { live }),
  });
  // Who takes over what of a changed configuration.
  live?.hand([
    { section: "backends", apply: (changed) => backends.apply(changed.backends) },
    { section: "aggregation", apply: (changed) => role.applyAggregation?.(changed.aggregation) },
    ...(authorizer === undefined ? [] : [applierOf(authorizer, role)]),
  ]);
  const endAll = async (issuer: string, subject: string) => {
    const ended = await sessions.endOwned(ownerOf(issuer, subject, given.ownerKey));
    auditor?.administered("end_sessions", { issuer, subject, ended: String(ended) });
    return ended;
  };
  const admin = buildAdminServer({
    probes: readiness,
    metrics,
    status,
    pods: drains,
    onPod: (action, pod) => auditor?.administered(action, { pod }),
    endSessions: endAll,
    peers: new PeerCalls(credential, backends),
    streams: sessionStreams,
    bodies,
    messageLimits,
    token: given.adminToken,
    settings,
    log,
  });
  const metricsServer =
    settings.metricsPort === undefined ? undefined : buildMetricsServer({ metrics, settings, log });
  metrics.onScrape(() => status.measure(metrics));
  metrics.onScrape(() => {
    const { state, secondsLeft } = drain;
    metrics.drainState.set(DRAIN_STATES.indexOf(state));
    metrics.drainSecondsLeft.reset();
    if (secondsLeft !== undefined) metrics.drainSecondsLeft.set({ state }, secondsLeft);
    metrics.changeLag.set(bus.silentMs / 1000);
  });
  showLimits(settings, metrics);
  metrics.onScrape(() => podReport.measureAll(backends.all, metrics));

  return new Server({
    settings,
    log,
    admin,
    metricsServer,
    mcp,
    authenticator,
    drain,
    readiness,
    streams,
    sessionStreams,
    role,
    upstreams,
    drains,
    backends,
    live,
    credentials,
    telemetry,
    rates,
    auditor,
    peers,
    reaper,
    follower,
    sessions,
    keepAlive,
    keys,
    store,
    status,
    metrics,
  });
}

function applierOf(authorizer: Authorizer, role: Role): Applier {
  return {
    section: "authorization",
    apply: async ({ authorization }) => {
      await authorizer.apply(authorization);
      role.permissionsChanged?.();
    },
  };
}
