import { isPort, MAX_PORT } from "@mcp-fleet/contract/settings";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import { imageFaults, serviceAccountFaults } from "../faults/kubernetes-faults.ts";
import { backendNameFaults } from "../naming.ts";
import {
  cpuFaults,
  durationFaults,
  processFaults,
  sizeFaults,
  storageFaults,
  wholeFaults,
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
    ...serviceAccountFaults("serviceAccount", args.serviceAccount),
    ...storageFaults(args.sessionStorage),
    ...workloadFaults(args),
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

/** Arguments of pods, which a server that runs elsewhere does not have. */
const OF_PODS = [
  "port",
  "path",
  "backendReplicas",
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

/** A variable that is set twice would have one of its values, or be refused by Kubernetes. */
function variableFaults({
  env = [],
  secrets = [],
}: Pick<ServerArgs, "env" | "secrets">): ArgumentFault[] {
  const names = [
    ...env.map(({ name }, index) => ({ path: `env[${index}].name`, name })),
    ...secrets.map(({ targetEnvName: name }, index) => ({
      path: `secrets[${index}].targetEnvName`,
      name,
    })),
  ];
  const known = new Set<string>();
  return names.flatMap(({ path, name }) => {
    const isTwice = known.has(name);
    known.add(name);
    if (name !== undefined && !VARIABLE.test(name)) {
      const rule = "must be the name of a variable: letters, digits, dots, dashes and underscores";
      return [{ path, value: name, rule, fix: "write it as API_TOKEN" }];
    }
    if (!isTwice || name === undefined) return [];
    const rule = "must be unique among env and secrets";
    return [{ path, value: name, rule, fix: "rename or remove one of the two" }];
  });
}

const VARIABLE = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
