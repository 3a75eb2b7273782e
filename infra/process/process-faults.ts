import { DURATION, SIZE } from "@mcp-fleet/contract";
import type { ArgumentFault } from "../argument-faults.ts";
import type { WorkloadArgs } from "../arguments/pod-args.ts";
import type { ProcessArgs } from "../arguments/process-args.ts";
import type { SessionStorageArgs } from "../arguments/session-storage-args.ts";
import { isCpu } from "./quantity.ts";

/** The arguments of a process that are faulty by themselves, beside what schema and configuration know. */
export function processFaults(
  args: ProcessArgs,
  pathOf: (argument: string) => string,
): ArgumentFault[] {
  const { load = {}, session = {}, limits = {}, ceilings = {}, resources = {} } = args;
  const at = (argument: string, value: string | undefined) => [pathOf(argument), value] as const;
  return [
    ...[
      at("load.callTime", load.callTime),
      at("session.idleTtl", session.idleTtl),
      at("limits.callTimeoutMax", limits.callTimeoutMax),
    ].flatMap(durationFaults),
    ...[
      at("limits.clientBytes", limits.clientBytes),
      at("ceilings.memory", ceilings.memory),
      at("resources.memory", resources.memory),
    ].flatMap(sizeFaults),
    ...[at("resources.cpu", resources.cpu), at("resources.cpuLimit", resources.cpuLimit)].flatMap(
      cpuFaults,
    ),
    ...wholeFaults([pathOf("terminationGracePeriodSeconds"), args.terminationGracePeriodSeconds]),
    ...keyFaults(args, pathOf),
  ];
}

type Place = readonly [path: string, value: string | undefined];

export function durationFaults([path, value]: Place): ArgumentFault[] {
  if (value === undefined || DURATION.test(value)) return [];
  return [{ path, value, rule: "it is a duration", fix: "write it as 30s, 5m or 1h30m" }];
}

export function sizeFaults([path, value]: Place): ArgumentFault[] {
  if (value === undefined || SIZE.test(value)) return [];
  return [{ path, value, rule: "it is a size", fix: "write it as 512Mi or 2Gi" }];
}

export function cpuFaults([path, value]: Place): ArgumentFault[] {
  if (value === undefined || isCpu(value)) return [];
  return [{ path, value, rule: "it is an amount of CPU", fix: "write it as 250m or 2" }];
}

type Count = readonly [path: string, value: number | undefined];

/** What Kubernetes counts. */
export function wholeFaults([path, value]: Count, least = 1): ArgumentFault[] {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return [];
  return [{ path, value, rule: "it is a whole number", fix: `write ${least} or more` }];
}

const KEY_ID = /^[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

function keyFaults(args: ProcessArgs, pathOf: (argument: string) => string): ArgumentFault[] {
  const { sessionKeys = [] } = args;
  const faults: ArgumentFault[] = [];
  const ids = sessionKeys.map(({ id }) => id);
  if (args.sessionKeys?.length === 0) {
    const rule = "a key has to sign";
    faults.push({ path: pathOf("sessionKeys"), rule, fix: "write one, or leave it out" });
  }
  if (sessionKeys.length > 0 && sessionKeys.every(({ signAfter }) => signAfter !== undefined)) {
    const fix = "leave signAfter out of the oldest";
    faults.push({ path: pathOf("sessionKeys"), rule: "one key signs at once", fix });
  }
  for (const [index, { id, signAfter }] of sessionKeys.entries()) {
    const path = pathOf(`sessionKeys[${index}]`);
    if (!KEY_ID.test(id) || id.includes("-key-")) {
      const rule = "it is 1 to 20 small letters, digits and dashes, without -key-";
      faults.push({ path: `${path}.id`, value: id, rule, fix: "write it as 2026-12" });
    }
    if (ids.indexOf(id) < index) {
      faults.push({
        path: `${path}.id`,
        value: id,
        rule: "each key has an id of its own",
        fix: "rename it",
      });
    }
    if (
      signAfter !== undefined &&
      !(TIME.test(signAfter) && !Number.isNaN(Date.parse(signAfter)))
    ) {
      const rule = "it is a point in time with its offset";
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

/** A store is one Redis or the Sentinels of one, with one password. */
export function storageFaults(storage: SessionStorageArgs | undefined): ArgumentFault[] {
  if (storage === undefined) return [];
  const { address, sentinel, password, passwordRef, tls = {} } = storage;
  const faults: ArgumentFault[] = [];
  if ((address === undefined) === (sentinel === undefined)) {
    const rule = "one of address and sentinel says where Redis is";
    const fix = sentinel === undefined ? "write one of them" : "remove one of them";
    faults.push({ path: "sessionStorage", rule, fix });
  }
  if (password !== undefined && passwordRef !== undefined) {
    const rule = "the password comes from one place";
    faults.push({ path: "sessionStorage.passwordRef", rule, fix: "remove it, or password" });
  }
  if (tls.ca !== undefined && tls.caRef !== undefined) {
    const rule = "the authorities come from one place";
    faults.push({ path: "sessionStorage.tls.caRef", rule, fix: "remove it, or ca" });
  }
  return faults;
}

const OURS = /^(?:app\.kubernetes\.io\/(?:name|instance|component|managed-by)|mcp-fleet\.dev\/)/;

/** What every workload may be told wrongly. */
export function workloadFaults({ podTemplate = {}, acceptRisk }: WorkloadArgs): ArgumentFault[] {
  const { labels = {}, annotations = {}, runAsUser } = podTemplate;
  const faults: ArgumentFault[] = [];
  for (const [where, entries] of Object.entries({ labels, annotations })) {
    for (const key of Object.keys(entries).filter((name) => OURS.test(name))) {
      const path = `podTemplate.${where}["${key}"]`;
      faults.push({ path, rule: "the component writes it", fix: "choose another key" });
    }
  }
  if (runAsUser !== undefined && !(Number.isInteger(runAsUser) && runAsUser > 0)) {
    const rule = "containers run as a user that is not root";
    faults.push({ path: "podTemplate.runAsUser", value: runAsUser, rule, fix: "write 1 or more" });
  }
  if (acceptRisk !== undefined && acceptRisk.trim() === "") {
    faults.push({ path: "acceptRisk", rule: "it says why", fix: "write the reason, or remove it" });
  }
  return faults;
}
