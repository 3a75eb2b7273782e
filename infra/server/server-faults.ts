import { isPort, MAX_PORT } from "@mcp-fleet/contract/settings";
import { WorkloadKind } from "../arguments/choices.ts";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import { imageFaults, serviceAccountFaults } from "../faults/kubernetes-faults.ts";
import { cpuFaults, durationFaults, sizeFaults, wholeFaults } from "../faults/unit-faults.ts";
import { variableFaults } from "../faults/variable-faults.ts";
import { backendNameFaults } from "../naming.ts";
import { backendAuthFaults } from "../process/backend-auth-faults.ts";
import { caFaults } from "../process/backend-ca.ts";
import { loginFaults } from "../process/login-settings.ts";
import {
  processFaults,
  scalingFaults,
  storageFaults,
  workloadFaults,
} from "../process/process-faults.ts";
import type { ServerArgs } from "./server-args.ts";

/** The faults in the arguments of a server that neither the schema nor the configuration reports. */
export function serverFaults(args: ServerArgs): ArgumentFault[] {
  const { image, url, cost = {}, resources = {}, proxy = {} } = args;
  const faults = [
    ...durationFaults(["callTimeout", args.callTimeout]),
    ...durationFaults(["callTimeoutMax", args.callTimeoutMax]),
    ...backendNameFaults(args.backendName),
    ...wholeFaults(["replicas", args.replicas], 0),
    ...wholeFaults(["backendReplicas", args.backendReplicas]),
    ...workloadKindFaults(args),
    ...wholeFaults(["podSessions", args.podSessions]),
    ...portFaults(args.port),
    ...wholeFaults(["terminationGracePeriodSeconds", args.terminationGracePeriodSeconds]),
    ...sizeFaults(["cost.processBytes", cost.processBytes]),
    ...sizeFaults(["cost.sessionBytes", cost.sessionBytes]),
    ...sizeFaults(["cost.memory", cost.memory]),
    ...sizeFaults(["resources.memory", resources.memory]),
    ...cpuFaults(["resources.cpu", resources.cpu]),
    ...cpuFaults(["resources.cpuLimit", resources.cpuLimit]),
    ...processFaults(proxy, (argument) => `proxy.${argument}`),
    ...backendAuthFaults(proxy.outgoingAuth, [], (argument) => `proxy.${argument}`),
    ...serviceAccountFaults("serviceAccount", args.serviceAccount),
    ...storageFaults(args.sessionStorage),
    ...workloadFaults(args),
    ...scalingFaults(args),
    ...proxylessFaults(args),
    ...unguardedFaults(args),
    ...loginFaults(args.incomingAuth ?? {}),
    ...caFaults("", { scheme: "http", ...args }),
  ];
  if (url !== undefined) faults.push(...podlessFaults(args));
  faults.push(...imageFaults(["image", image]), ...variableFaults(args));
  if ((image === undefined) === (url === undefined)) {
    const rule = "exactly one of image and url is required";
    const fix = image === undefined ? "set one of them" : "remove one of them";
    faults.push({ path: "image", rule, fix });
  }
  return faults;
}

function portFaults(value: number | undefined): ArgumentFault[] {
  if (value === undefined || isPort(value)) return [];
  const rule = `must be a port from 1 to ${MAX_PORT}`;
  return [{ path: "port", value, rule, fix: "set it to the port of the server" }];
}

/** Without a store there is at most one proxy, and none that is not asked for. */
function proxylessFaults({ autoscaling, sessionStorage }: ServerArgs): ArgumentFault[] {
  if (autoscaling === undefined || sessionStorage !== undefined) return [];
  const rule = "needs sessionStorage, which all proxies share";
  return [{ path: "autoscaling", rule, fix: "add sessionStorage, or remove autoscaling" }];
}

/** Its proxies ask for tokens; its pods do not. */
function unguardedFaults({ incomingAuth, replicas, sessionStorage }: ServerArgs): ArgumentFault[] {
  const hasProxies = replicas === undefined ? sessionStorage !== undefined : replicas > 0;
  if (incomingAuth === undefined || hasProxies) return [];
  const rule = "needs proxies, which ask for tokens";
  return [{ path: "incomingAuth", rule, fix: "add sessionStorage, or set replicas: 1" }];
}

/** Pods of a Deployment have no names that sessions could stay with. */
function workloadKindFaults({ stateful, workload }: ServerArgs): ArgumentFault[] {
  if (stateful !== true || workload !== WorkloadKind.Deployment) return [];
  const rule =
    "must be StatefulSet with stateful, because sessions stay with the name of their pod";
  return [{ path: "workload", value: workload, rule, fix: "remove it, or remove stateful" }];
}

/** Arguments of pods, which a server that runs elsewhere does not have. */
const OF_PODS = [
  "port",
  "path",
  "scheme",
  "backendReplicas",
  "backendAutoscaling",
  "workload",
  "podSessions",
  "args",
  "env",
  "secrets",
  "imagePullPolicy",
  "cost",
  "resources",
  "serviceAccount",
  "terminationGracePeriodSeconds",
] as const satisfies readonly (keyof ServerArgs)[];

function podlessFaults(args: ServerArgs): ArgumentFault[] {
  const rule = "must be absent with url, because the server runs elsewhere";
  const fix = "remove it, or set image instead of url";
  return OF_PODS.filter((name) => args[name] !== undefined).map((path) => ({ path, rule, fix }));
}
