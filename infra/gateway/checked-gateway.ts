import { valueAt } from "@mcp-fleet/contract";
import { validate } from "@mcp-fleet/contract/settings";
import { acceptedRisks, riskFacts } from "../accepted-risks.ts";
import { SessionAffinity } from "../arguments/choices.ts";
import { discoveryFaults, lookedFor } from "../discovery/discovery-settings.ts";
import type { Facts } from "../facts.ts";
import { type ArgumentFault, ArgumentFaults } from "../faults/argument-faults.ts";
import { durationFaults, wholeFaults } from "../faults/unit-faults.ts";
import { componentNameFaults, namesOf } from "../naming.ts";
import { authArgument, backendAuthFaults } from "../process/backend-auth-faults.ts";
import { caFaults, caFiles } from "../process/backend-ca.ts";
import { CONFIGURATION_FILE, fileText, tooLong } from "../process/configuration-text.ts";
import { loginFaults } from "../process/login-settings.ts";
import { withPlaceholders } from "../process/placeholders.ts";
import { argumentOf, argumentOfSetting } from "../process/plan-arguments.ts";
import { processFacts } from "../process/process-facts.ts";
import {
  processFaults,
  scalingFaults,
  storageFaults,
  workloadFaults,
} from "../process/process-faults.ts";
import type { Configuration } from "../process/process-settings.ts";
import { type SizedProcess, sizeProcess } from "../process/process-size.ts";
import { storageSettings } from "../process/storage.ts";
import { schemaFaults } from "../schema-faults.ts";
import type { GatewayArgs } from "./gateway-args.ts";
import { gatewayInputs } from "./gateway-inputs.ts";
import { gatewaySettings, outsideHosts } from "./gateway-settings.ts";

/** A gateway with valid arguments, and all that follows from them. */
export interface CheckedGateway {
  readonly sized: SizedProcess;
  readonly configuration: Configuration;
  readonly facts: Facts;
}

/**
 * Validates the arguments before any resource is registered. Pure, so invalid arguments leave no trace in a stack.
 *
 * @throws {InputPropertiesError} with every fault at once.
 */
export function checkedGateway(
  token: string,
  logicalName: string,
  args: GatewayArgs,
): CheckedGateway {
  const faults = new ArgumentFaults(`VirtualMcpServer "${logicalName}"`);
  faults.add(...componentNameFaults(logicalName, args), ...schemaFaults(token, args));
  faults.add(...ownFaults(faults.sound(args, LEAST)));
  const size = (valid: GatewayArgs) =>
    sizeProcess(gatewayInputs(valid), valid, (argument) => argument);
  const sized = faults.judge(args, LEAST, size, argumentOf);
  const sound = faults.sound(args, LEAST);
  if (sized && acceptedRisks(sound).belowPlan === undefined) faults.add(...sized.risks);
  const { instance: name } = namesOf(logicalName, sound);
  const configuration = sized && gatewaySettings(name, sound, sized.plan);
  faults.try(
    () => configuration && validate(whole(name, sound, configuration)),
    (path) => gatewayArgument(path, sound),
  );
  if (configuration) faults.add(...lengthFaults(sound, configuration));
  faults.throwAny();
  if (!sized || !configuration) throw new Error(`${name}: no plan and no fault`);
  return { sized, configuration, facts: factsOf(name, args, sized) };
}

/** Stands for required arguments that are missing or invalid while the others are judged. */
const LEAST = { sessions: 1, backends: [] };

/** The faults of a configuration that no ConfigMap has room for: its longest argument is to be shortened. */
function lengthFaults({ backends }: GatewayArgs, settings: Configuration): ArgumentFault[] {
  const known = withPlaceholders({ settings, files: caFiles(backends) });
  const { settings: text, files } = Object(known);
  const rule = tooLong({ [CONFIGURATION_FILE]: fileText(text), ...files });
  if (rule === undefined) return [];
  const lengths = LONG.map((path) => {
    const value = valueAt(path === "backends" ? { backends } : text, path.split("."));
    return { path, length: fileText(withPlaceholders(value ?? null)).length };
  });
  const [longest] = lengths.toSorted((one, other) => other.length - one.length);
  return [{ path: longest?.path ?? "backends", rule, fix: "shorten it" }];
}

/** The arguments that may be long. */
const LONG = ["backends", "aggregation", "incomingAuth.authz"];

/** With what only pods, or the process that looks for backends, have of it. */
function whole(name: string, args: GatewayArgs, settings: Configuration) {
  const { sessionStorage, discovery } = args;
  const { discovery: own } = settings;
  return withPlaceholders({
    ...settings,
    ...(discovery && { discovery: { ...Object(own), ...lookedFor(discovery) } }),
    ...(sessionStorage && { sessionStorage: storageSettings(sessionStorage, name) }),
  });
}

/** Host names come from several arguments. */
function gatewayArgument(path: string, args: GatewayArgs): string {
  const [, index] = /^allowedHosts\[(\d+)\]$/.exec(path) ?? [];
  return [...outsideHosts(args).values()][Number(index)] ?? authArgument(argumentOfSetting(path));
}

function ownFaults(args: GatewayArgs): ArgumentFault[] {
  const faults = [
    ...processFaults(args, (argument) => argument),
    ...args.backends.flatMap(({ callTimeoutMax }, index) =>
      durationFaults([`backends[${index}].callTimeoutMax`, callTimeoutMax]),
    ),
    ...wholeFaults(["replicas", args.replicas]),
    ...storageFaults(args.sessionStorage),
    ...workloadFaults(args),
    ...scalingFaults(args),
    ...args.backends.flatMap((backend, index) => caFaults(`backends[${index}].`, backend)),
    ...loginFaults(args.incomingAuth ?? {}),
    ...discoveryFaults(args.discovery, args.backends.length),
    ...backendAuthFaults(args.outgoingAuth, args.backends, (argument) => argument),
  ];
  if (args.httpRoute?.parentRefs?.length === 0) {
    const rule = "must have at least 1 Gateway";
    faults.push({
      path: "httpRoute.parentRefs",
      rule,
      fix: "add the Gateway, or remove httpRoute",
    });
  }
  return faults;
}

function factsOf(instance: string, args: GatewayArgs, sized: SizedProcess): Facts {
  const { sessionStorage: storage, sessionAffinity = SessionAffinity.None } = args;
  return {
    ...processFacts({
      instance,
      role: "gateway",
      sized,
      storage,
      backends: args.backends,
      sessionAffinity,
      accepted: riskFacts(args),
      scaling: args.autoscaling?.scaling,
      telemetry: args.telemetry,
    }),
    backendNames: args.backends.map(({ name }) => name),
    incomingAuth: args.incomingAuth?.type ?? "anonymous",
    exposed: args.ingress !== undefined || args.httpRoute !== undefined,
  };
}
