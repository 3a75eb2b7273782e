import type { Risk } from "@mcp-fleet/contract";
import { log, type Resource } from "@pulumi/pulumi";
import type { ProcessRisksArgs, WorkloadArgs } from "./arguments/pod-args.ts";
import { present } from "./facts.ts";
import type { ArgumentFault } from "./faults/argument-faults.ts";

/** What says which risks are taken. */
export type Accepting = Pick<WorkloadArgs, "acceptRisk"> & {
  readonly acceptRisks?: ProcessRisksArgs;
};

/** The reason of each risk that is taken, by the name of the risk. */
export const acceptedRisks = ({
  acceptRisk: belowPlan,
  acceptRisks,
}: Accepting): Partial<Record<Risk, string>> => present({ belowPlan, ...acceptRisks });

/** The risks that are taken as a fact; none where there are none. */
export function riskFacts(args: Accepting): { readonly acceptRisks?: Record<string, string> } {
  const risks = acceptedRisks(args);
  return Object.keys(risks).length > 0 ? { acceptRisks: present(risks) } : {};
}

/** Those that the configuration of a process has to name: about all others, only policies care. */
export function riskSettings(args: Accepting): { readonly acceptRisks?: object } {
  const { authorizationPassthrough } = acceptedRisks(args);
  return authorizationPassthrough === undefined
    ? {}
    : { acceptRisks: { authorizationPassthrough } };
}

/** A risk is taken for a reason, and said once. */
export function riskFaults(args: Accepting): ArgumentFault[] {
  const { acceptRisk, acceptRisks } = args;
  const entries = [
    ["acceptRisk", acceptRisk] as const,
    ...Object.entries<string | undefined>({ ...acceptRisks }).map(
      ([name, reason]) => [`acceptRisks.${name}`, reason] as const,
    ),
  ];
  const faults = entries
    .filter(([, reason]) => reason?.trim() === "")
    .map(([path]) => ({
      ...{ path, rule: "must not be empty", fix: "write the reason, or remove it" },
    }));
  if (acceptRisk === undefined || acceptRisks?.belowPlan === undefined) return faults;
  const rule = "must be absent if acceptRisks.belowPlan is set";
  return [...faults, { path: "acceptRisk", rule, fix: "remove it" }];
}

/** Warns of the old name. */
export function reportOldName({ acceptRisk }: Accepting, resource: Resource): void {
  if (acceptRisk === undefined) return;
  const line = "acceptRisk is deprecated: write its reason as acceptRisks.belowPlan";
  void log.warn(line, resource);
}
