import { seconds } from "@mcp-fleet/contract";
import { type CompleteServerLoad, SERVER_INPUT_NAMES } from "@mcp-fleet/contract/capacity";
import { CALL_TIMEOUT, type Settings, validate } from "@mcp-fleet/contract/settings";
import { acceptedRisks, riskFacts, riskSettings } from "../accepted-risks.ts";
import type { BackendArgs } from "../arguments/backend-args.ts";
import { Scaling, SessionAffinity } from "../arguments/choices.ts";
import type { ProcessArgs } from "../arguments/process-args.ts";
import { type Facts, present } from "../facts.ts";
import { ArgumentFaults } from "../faults/argument-faults.ts";
import { componentNameFaults, namesOf } from "../naming.ts";
import { authArgument } from "../process/backend-auth-faults.ts";
import { loginSettings } from "../process/login-settings.ts";
import { withPlaceholders } from "../process/placeholders.ts";
import { argumentOf, argumentOfSetting } from "../process/plan-arguments.ts";
import { processFacts } from "../process/process-facts.ts";
import {
  backendSettings,
  type Configuration,
  PRIVATE_NETWORKS,
  processSettings,
} from "../process/process-settings.ts";
import { type SizedProcess, sizeProcess } from "../process/process-size.ts";
import { storageSettings } from "../process/storage.ts";
import { schemaFaults } from "../schema-faults.ts";
import { directBackend } from "./server-address.ts";
import type { ServerArgs } from "./server-args.ts";
import { serverFaults } from "./server-faults.ts";
import { proxyLoad, serverInputs } from "./server-inputs.ts";
import { type SizedServer, sizeServer } from "./server-size.ts";

/** The proxies of a server, and all that follows from its arguments. */
export interface CheckedProxy {
  readonly sized: SizedProcess;
  readonly configuration: Configuration;
  readonly facts: Facts;
}

/** A server with valid arguments. */
export interface CheckedServer {
  /** Absent where it runs elsewhere. */
  readonly pods?: SizedServer;
  /** Absent where it has no proxies. */
  readonly proxy?: CheckedProxy;
  readonly facts: Facts;
}

/**
 * Validates the arguments before any resource is registered.
 *
 * @throws {InputPropertiesError} with every fault at once.
 */
export function checkedServer(token: string, logicalName: string, args: ServerArgs): CheckedServer {
  const faults = new ArgumentFaults(`McpServer "${logicalName}"`);
  faults.add(...componentNameFaults(logicalName, args), ...schemaFaults(token, args));
  faults.add(...serverFaults(faults.sound(args)));
  const { instance: name } = namesOf(logicalName, faults.sound(args));
  const load = faults.judge(args, {}, (valid) => serverInputs(name, valid), serverArgument);
  const sized = faults.sound(args);
  const pods =
    load && load.replicas > 0
      ? faults.try(() => sizeServer(load, sized), serverArgument)
      : undefined;
  faults.try(() => load && ownEntry(name, sized, load), entryArgument);
  const sound = faults.sound(args);
  const proxy = load && hasProxies(sound) ? checkedProxy(name, sound, load, faults) : undefined;
  const risks = [...(pods?.risks ?? []), ...(proxy?.sized.risks ?? [])];
  if (acceptedRisks(sound).belowPlan === undefined) faults.add(...risks);
  faults.throwAny();
  if (load === undefined) throw new Error(`${name}: no load and no fault`);
  return {
    ...(pods && { pods }),
    ...(proxy && { proxy }),
    facts: { ...factsOf(args, load, pods), ...(proxy && { proxy: proxy.facts }) },
  };
}

/** Validates the server as an entry in the configuration of its proxies, or of gateways. */
function ownEntry(name: string, args: ServerArgs, load: CompleteServerLoad): Settings {
  const max = `${load.callTimeoutMaxSeconds}s`;
  const limits = { callTimeout: max, callTimeoutMax: max };
  const backends = [backendSettings(withoutNotifications(directBackend(name, args)))];
  return validate(withPlaceholders({ limits, backends }), [], "proxy");
}

function entryArgument(path: string): string {
  const own = path.replace(/^backends\[0\]\.(?:statefulSet\.)?/, "");
  return own === "replicas" ? "backendReplicas" : own;
}

/** There are proxies where the user sets their number, or a store that they can share. */
function hasProxies({ replicas, sessionStorage }: ServerArgs): boolean {
  return replicas === undefined ? sessionStorage !== undefined : replicas > 0;
}

function checkedProxy(
  name: string,
  args: ServerArgs,
  load: CompleteServerLoad,
  faults: ArgumentFaults,
): CheckedProxy | undefined {
  const { proxy = {}, sessionStorage: storage } = args;
  const { sessionAffinity = SessionAffinity.None } = args;
  return faults.try(
    () => {
      const inputs = proxyLoad(args, load);
      const overrides = { ...proxy, replicas: args.replicas };
      const sized = sizeProcess(inputs, overrides, proxyArgument);
      const backend = directBackend(name, args);
      const configuration = {
        ...processSettings(
          name,
          sized.inputs.sessions,
          sized.plan,
          withCallTimeout(proxy, args),
          PRIVATE_NETWORKS,
        ),
        ...riskSettings(args),
        backends: [backendSettings(withoutNotifications(backend))],
        ...(args.incomingAuth && { incomingAuth: loginSettings(args.incomingAuth) }),
      };
      const section = storage && { sessionStorage: storageSettings(storage, name) };
      validate(withPlaceholders({ ...configuration, ...section }), [], "proxy");
      const backends = [backend];
      const scaling = args.autoscaling?.scaling;
      const accepted = riskFacts(args);
      const of = { instance: name, sized, storage, backends, sessionAffinity, accepted, scaling };
      return {
        sized,
        configuration,
        facts: processFacts({ ...of, role: "proxy", telemetry: proxy.telemetry }),
      };
    },
    (input) => proxyArgument(authArgument(argumentOfSetting(argumentOf(input)))),
  );
}

/** The call timeout of a server applies to all calls of its proxies. */
function withCallTimeout(proxy: ProcessArgs, args: ServerArgs): ProcessArgs {
  const callTimeout = args.callTimeout ?? shorterMax(args);
  if (callTimeout === undefined) return proxy;
  return { ...proxy, limits: { callTimeout, ...proxy.limits } };
}

/** The maximum duration of a call, where that is below the default call timeout. */
function shorterMax({ callTimeoutMax }: ServerArgs): string | undefined {
  if (callTimeoutMax === undefined) return undefined;
  return seconds(callTimeoutMax) < seconds(CALL_TIMEOUT) ? callTimeoutMax : undefined;
}

/** A proxy forwards all messages of its server; the gateway decides which of them its clients receive. */
function withoutNotifications({ notifications: _, ...backend }: BackendArgs): BackendArgs {
  return backend;
}

const OF_THE_SERVER: ReadonlySet<string> = new Set([
  "replicas",
  "sessionStorage",
  "sessions",
  "autoscaling",
  "incomingAuth",
]);

function proxyArgument(argument: string): string {
  const [section = ""] = argument.split(".");
  if (OF_THE_SERVER.has(section)) return argument;
  return argument === "limits.callTimeoutMax" ? "callTimeoutMax" : `proxy.${argument}`;
}

const SERVER_ARGUMENTS: Readonly<Record<string, string>> = {
  replicas: "backendReplicas",
  maxReplicas: "backendAutoscaling.maxReplicas",
  callTimeoutMaxSeconds: "callTimeoutMax",
  sessionBytes: "cost.sessionBytes",
  processBytes: "cost.processBytes",
  memoryBytes: "cost.memory",
};

function serverArgument(input: string): string {
  const own = input.replace(/^servers\.[^.]*\./, "");
  return SERVER_ARGUMENTS[own] ?? own;
}

function factsOf(args: ServerArgs, load: CompleteServerLoad, pods: SizedServer | undefined): Facts {
  return {
    role: "server",
    sessions: load.sessions,
    stateful: load.stateful,
    transport: args.transport ?? "streamable-http",
    backendReplicas: load.replicas,
    ...(pods?.plan.maxReplicas && {
      maxReplicas: pods.plan.maxReplicas.value,
      scaling: args.backendAutoscaling?.scaling ?? Scaling.HorizontalPodAutoscaler,
    }),
    callTimeoutMaxSeconds: load.callTimeoutMaxSeconds,
    ...(pods && {
      sessionsPerPod: pods.plan.sessionsPerPod.value,
      memoryBytes: pods.size.memoryBytes,
      preStopSeconds: pods.plan.grace.preStop.value,
      drainSeconds: pods.plan.grace.drain.value,
      graceSeconds: pods.size.graceSeconds,
      planInputs: planInputs(load),
    }),
    ...riskFacts(args),
  };
}

/** The inputs of the pods' plan, from which policies compute it again. */
function planInputs(load: CompleteServerLoad): Readonly<Record<string, number>> {
  const { maxReplicas: _, ...rest } = present<number>(
    Object.fromEntries(SERVER_INPUT_NAMES.map((name) => [name, load[name]])),
  );
  return { ...rest, ...(load.maxReplicas > 0 && { maxReplicas: load.maxReplicas }) };
}
