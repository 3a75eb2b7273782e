import type { Fault } from "../fleet.ts";
import type { Part } from "../pods.ts";

const LIMIT = "--timeout=300s";

/** Every pod of a part is replaced, one after the other. */
export function rollingUpdate(part: Part, title: string): Fault {
  const kind = part === "gateway" || part === "proxy" ? "deployment" : "statefulset";
  const which = [kind, "--selector", `app.kubernetes.io/component=${part}`];
  return {
    title,
    isPlanned: true,
    async bring({ kubectl }) {
      await kubectl.run(["rollout", "restart", ...which]);
      await kubectl.run(["rollout", "status", ...which, LIMIT]);
      return [];
    },
  };
}
