import type { PodStore } from "../../fleet/pod-store.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import type { Backend } from "../backend.ts";
import type { Requester } from "../transports/transport.ts";
import { circuitOpen, unreachable } from "./backend-error.ts";
import { handshake, type InitializeOutcome } from "./handshake.ts";

/**
 * Opens a backend session: at the pod that the store chooses of those that answer, where it does not take it after
 * all at the next one, until none is left.
 *
 * @throws those of the handshake, STORE_UNAVAILABLE.
 */
export async function openAtPod(
  { pods, metrics }: { readonly pods: PodStore; readonly metrics: Metrics },
  { record }: LiveSession,
  backend: Backend,
  epoch: number,
  signal: AbortSignal,
  requester?: Requester,
): Promise<InitializeOutcome> {
  const { name, hasPods, settings } = backend;
  if (!hasPods || settings.routing === "spread") {
    return await handshake(backend, record, epoch, signal, { requester });
  }
  const silent = new Set<string>();
  let reason: unknown = "no pod of the backend takes a session";
  for (;;) {
    const able = backend.available.filter((pod) => !silent.has(pod));
    const pod = able.length === 0 ? undefined : await pods.pin(record, name, able);
    if (pod === undefined) {
      const open = backend.circuitOpen();
      throw open === undefined ? unreachable(backend, reason) : circuitOpen(backend, open);
    }
    try {
      const outcome = await handshake(backend, record, epoch, signal, { requester, pod });
      metrics.podPins.inc({ backend: name, pod });
      return outcome;
    } catch (error) {
      if (!isOfPod(error)) throw error;
      silent.add(pod);
      reason = error;
    }
  }
}

const OF_POD: ReadonlySet<string> = new Set([
  "BACKEND_BUSY",
  "BACKEND_CIRCUIT_OPEN",
  "BACKEND_UNREACHABLE",
]);

/** Another pod may do better: this one is away, or cannot now. */
function isOfPod(error: unknown): boolean {
  if (!(error instanceof FleetError)) return false;
  const { httpStatus } = error.data ?? {};
  const cannot = error.code === "BACKEND_REFUSED" && Number(httpStatus) >= 500;
  return cannot || OF_POD.has(error.code);
}
