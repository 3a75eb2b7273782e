import { riskFaults } from "../accepted-risks.ts";
import type { AutoscalingArgs } from "../arguments/load-args.ts";
import type { WorkloadArgs } from "../arguments/pod-args.ts";
import type { ProcessArgs } from "../arguments/process-args.ts";
import type { SessionStorageArgs } from "../arguments/session-storage-args.ts";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import { imageFaults, labelFaults, serviceAccountFaults } from "../faults/kubernetes-faults.ts";
import { podTemplateFaults } from "../faults/pod-template-faults.ts";
import { cpuFaults, durationFaults, sizeFaults, wholeFaults } from "../faults/unit-faults.ts";
import { processVariableFaults } from "../faults/variable-faults.ts";
import { networkPolicyFaults, peerFaults } from "../pods/network-peers.ts";
import { limitFaults } from "./planned-limits.ts";

/** The faults in the arguments of a process that neither the schema nor the configuration reports. */
export function processFaults(
  args: ProcessArgs,
  pathOf: (argument: string) => string,
): ArgumentFault[] {
  const { load = {}, session = {}, limits = {}, ceilings = {}, resources = {} } = args;
  const at = (argument: string, value: string | undefined) => [pathOf(argument), value] as const;
  return [
    ...[at("load.callTime", load.callTime), at("session.idleTtl", session.idleTtl)].flatMap(
      durationFaults,
    ),
    ...[at("ceilings.memory", ceilings.memory), at("resources.memory", resources.memory)].flatMap(
      sizeFaults,
    ),
    ...[at("resources.cpu", resources.cpu), at("resources.cpuLimit", resources.cpuLimit)].flatMap(
      cpuFaults,
    ),
    ...limitFaults(limits, pathOf),
    ...processVariableFaults(args, pathOf),
    ...imageFaults([pathOf("image"), args.image]),
    ...labelFaults(pathOf("monitoring.labels"), args.monitoring?.labels),
    ...wholeFaults([pathOf("terminationGracePeriodSeconds"), args.terminationGracePeriodSeconds]),
    ...peerFaults(pathOf("monitoring.from"), args.monitoring?.from),
    ...serviceAccountFaults(pathOf("serviceAccount"), args.serviceAccount),
    ...keyFaults(args, pathOf),
  ];
}

const KEY_ID = /^[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

function keyFaults(args: ProcessArgs, pathOf: (argument: string) => string): ArgumentFault[] {
  const { sessionKeys = [] } = args;
  const faults: ArgumentFault[] = [];
  const ids = sessionKeys.map(({ id }) => id);
  if (args.sessionKeys?.length === 0) {
    const rule = "must have at least 1 key";
    faults.push({ path: pathOf("sessionKeys"), rule, fix: "add a key, or remove it" });
  }
  if (sessionKeys.length > 0 && sessionKeys.every(({ signAfter }) => signAfter !== undefined)) {
    const fix = "remove signAfter from the oldest key";
    faults.push({
      path: pathOf("sessionKeys"),
      rule: "must have a key without signAfter, which signs now",
      fix,
    });
  }
  for (const [index, { id, signAfter }] of sessionKeys.entries()) {
    const path = pathOf(`sessionKeys[${index}]`);
    if (!KEY_ID.test(id) || id.includes("-key-")) {
      const rule = "must be 1 to 20 lowercase letters, digits and dashes, without -key-";
      faults.push({ path: `${path}.id`, value: id, rule, fix: "write it as 2026-12" });
    }
    if (ids.indexOf(id) < index) {
      faults.push({
        path: `${path}.id`,
        value: id,
        rule: "must be unique",
        fix: "rename one of the two",
      });
    }
    if (
      signAfter !== undefined &&
      !(TIME.test(signAfter) && !Number.isNaN(Date.parse(signAfter)))
    ) {
      const rule = "must be a time with a UTC offset";
      faults.push({
        path: `${path}.signAfter`,
        value: signAfter,
        rule,
        fix: "write it as 2026-12-01T12:00:00Z",
      });
    }
  }
  return faults;
}

const STORE_NAME = /^[\w.-]{1,63}$/;

/** The faults of a store: it has one kind of address, one password and one source of CA certificates. */
export function storageFaults(storage: SessionStorageArgs | undefined): ArgumentFault[] {
  if (storage === undefined) return [];
  const { address, sentinel, cluster, password, passwordRef, tls = {} } = storage;
  const faults: ArgumentFault[] = [];
  const ways = [address, sentinel, cluster].filter((way) => way !== undefined).length;
  if (ways !== 1) {
    const rule = "exactly one of address, sentinel and cluster is required";
    const fix = ways === 0 ? "set one of them" : "remove all but one of them";
    faults.push({ path: "sessionStorage", rule, fix });
  }
  if (password !== undefined && passwordRef !== undefined) {
    const rule = "must be absent if password is set";
    faults.push({ path: "sessionStorage.passwordRef", rule, fix: "remove it, or remove password" });
  }
  if (tls.ca !== undefined && tls.caRef !== undefined) {
    const rule = "must be absent if ca is set";
    faults.push({ path: "sessionStorage.tls.caRef", rule, fix: "remove it, or remove ca" });
  }
  if (tls.caConfigMapRef !== undefined && (tls.ca ?? tls.caRef) !== undefined) {
    const other = tls.ca === undefined ? "caRef" : "ca";
    const rule = `must be absent if ${other} is set`;
    const fix = `remove it, or remove ${other}`;
    faults.push({ path: "sessionStorage.tls.caConfigMapRef", rule, fix });
  }
  if ((tls.certRef === undefined) !== (tls.keyRef === undefined)) {
    const [path, other] = tls.certRef === undefined ? ["certRef", "keyRef"] : ["keyRef", "certRef"];
    const rule = `is required with ${other}`;
    faults.push({ path: `sessionStorage.tls.${path}`, rule, fix: `add it, or remove ${other}` });
  }
  if (storage.name !== undefined && !STORE_NAME.test(storage.name)) {
    const rule = "must be 1 to 63 letters, digits, dots, dashes and underscores";
    const fix = "write it as sessions";
    faults.push({ path: "sessionStorage.name", value: storage.name, rule, fix });
  }
  return faults;
}

/** An autoscaler and the user cannot both set the number of pods. */
export function scalingFaults({
  replicas,
  autoscaling,
}: {
  readonly replicas?: number;
  readonly autoscaling?: AutoscalingArgs;
}): ArgumentFault[] {
  if (replicas === undefined || autoscaling === undefined) return [];
  const rule = "must be absent with autoscaling, which sets the number of pods";
  return [{ path: "replicas", value: replicas, rule, fix: "remove it, or remove autoscaling" }];
}

/** The faults in the arguments that all workloads share. */
export function workloadFaults({
  podTemplate,
  networkPolicy = {},
  labels,
  ...risks
}: WorkloadArgs): ArgumentFault[] {
  return [
    ...labelFaults("labels", labels),
    ...podTemplateFaults(podTemplate),
    ...labelFaults("networkPolicy.clientNamespaces", networkPolicy.clientNamespaces),
    ...networkPolicyFaults(networkPolicy),
    ...riskFaults(risks),
  ];
}
