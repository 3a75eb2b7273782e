import { bytes, seconds } from "@mcp-fleet/contract";
import {
  type CompleteInputs,
  type CompleteServerLoad,
  completed,
  completedServer,
  proxyInputs,
  pushes,
  SESSION_CATALOG_BYTES,
} from "@mcp-fleet/contract/capacity";
import { AuthorizationType } from "../arguments/choices.ts";
import { loginInputs } from "../process/login-inputs.ts";
import { credentialInputs, processInputs, storeInputs } from "../process/process-inputs.ts";
import type { ServerArgs } from "./server-args.ts";

/** The default number of a server's sessions: what a pod of ToolHive holds. */
export const SERVER_SESSIONS = 1000;

/** Concurrent sessions of a server. */
export const sessionsOf = ({ sessions = SERVER_SESSIONS }: ServerArgs): number => sessions;

/**
 * The load of a server's pods as inputs of the plan.
 *
 * @throws {CapacityError} if an input is out of its range.
 */
export function serverInputs(name: string, args: ServerArgs): CompleteServerLoad {
  const { backendReplicas = 1, backendAutoscaling, cost = {}, podSessions } = args;
  const { stateful = false } = args;
  const sessions = sessionsOf(args);
  const { processBytes, sessionBytes, memory } = cost;
  return {
    ...completedServer(
      {
        name,
        stateful,
        sessions,
        replicas: args.url === undefined ? backendReplicas : 0,
        ...(backendAutoscaling && { maxReplicas: backendAutoscaling.maxReplicas }),
        ...(args.callTimeoutMax !== undefined && {
          callTimeoutMaxSeconds: seconds(args.callTimeoutMax),
        }),
        ...(podSessions !== undefined && { podSessions }),
        ...(processBytes !== undefined && { processBytes: bytes(processBytes) }),
        ...(sessionBytes !== undefined && { sessionBytes: bytes(sessionBytes) }),
        ...(memory !== undefined && { memoryBytes: bytes(memory) }),
      },
      completed({ sessions, backends: 1 }),
    ),
    pushes: pushes(args),
  };
}

/**
 * The load of a server's proxies as inputs of the plan.
 *
 * @throws {CapacityError} if an input is out of its range.
 */
export function proxyLoad(args: ServerArgs, load: CompleteServerLoad): CompleteInputs {
  const { proxy = {}, sessionStorage } = args;
  const sessions = sessionsOf(args);
  const given = completed({
    ...credentialInputs(proxy, []),
    ...processInputs(proxy),
    sessions,
    backends: 1,
    ...storeInputs(sessionStorage),
    callTimeoutMaxSeconds: load.callTimeoutMaxSeconds,
  });
  const { idleTtlSeconds, cacheEntries, sessionCatalogBytes } = processInputs(proxy);
  const authorizes = args.incomingAuth?.authz?.type === AuthorizationType.Cedar;
  // A proxy forwards all messages of its server, so each listening session keeps a stream open there.
  return {
    ...proxyInputs({ ...load, sessions, pushes: true }, given),
    ...(idleTtlSeconds !== undefined && { idleTtlSeconds }),
    ...(cacheEntries !== undefined && { cacheEntries }),
    ...loginInputs(args.incomingAuth),
    // Lists, while it is decided what is left of them, and what tools say of themselves.
    ...(authorizes && { sessionCatalogBytes: sessionCatalogBytes ?? SESSION_CATALOG_BYTES }),
    ...(args.autoscaling && { maxReplicas: args.autoscaling.maxReplicas }),
  };
}
