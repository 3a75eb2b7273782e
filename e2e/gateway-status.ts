import type { Fleet } from "./fleet.ts";
import type { PodState } from "./pods.ts";
import { untilSeen } from "./until-seen.ts";

/** What the faults look for in the `/status` of a gateway. */
export interface GatewayStatus {
  readonly backends: readonly { readonly name: string; readonly state: string }[];
  readonly configuration: {
    readonly generation: number;
    readonly state: string;
    readonly needsRollout: readonly string[];
  };
}

/** Run within a gateway, whose admin port nobody else reaches. */
const READ = `fetch("http://localhost:9090/status").then(async (answer) => console.log(await answer.text()));`;

const WITHIN_MS = 150_000;
const POLL_MS = 1_000;

/** What every gateway says of itself. */
export async function statuses({ kubectl, pods }: Fleet): Promise<GatewayStatus[]> {
  const gateways = await pods.of("gateway");
  const read = ({ name }: PodState) => kubectl.run(["exec", name, "--", "node", "-e", READ]);
  return (await Promise.all(gateways.map(read))).map((text) => JSON.parse(text));
}

/** Until every gateway says so. @throws it takes too long; says what they say. */
export function untilAll(
  fleet: Fleet,
  what: string,
  holds: (status: GatewayStatus) => boolean,
): Promise<void> {
  return untilSeen({
    look: () => statuses(fleet),
    holds: (said) => said.length > 0 && said.every(holds),
    withinMs: WITHIN_MS,
    pollMs: POLL_MS,
    failure: (said) => `no ${what} in time: ${JSON.stringify(said.map(brief))}`,
  });
}

/**
 * Has the kubelet look at the gateways' ConfigMaps now: it brings a changed one to a pod when it looks at the pod again, which is
 * within a minute, and at once where an annotation changes.
 */
export async function lookAgain({ kubectl, pods }: Fleet): Promise<void> {
  const names = (await pods.of("gateway")).map(({ name }) => name);
  const annotation = `mcp-fleet-e2e/looked=${Date.now()}`;
  await kubectl.run(["annotate", "pod", "--overwrite", ...names, annotation]);
}

/** Of all that a gateway says, what faults look for. */
function brief({ backends, configuration }: GatewayStatus): object {
  return { backends: backends.map(({ name, state }) => `${name} ${state}`), configuration };
}
