import { Engine, REPOSITORY } from "../testkit/pulumi/engine.ts";
import type { Kubectl } from "./kubectl.ts";

/** Above this no gateway can be planned for the whole limit: there is nothing to see. */
const MAX = 200_000;

/** How long the `pulumi up` waits for a pod that cannot start. */
const WAIT = "15s";

/** What a node's limit of open files does to a gateway that was planned with more. */
interface BootCheck {
  /** The hard limit that containers have here. */
  readonly limit: number;
  /** Lines that say why the pod does not start, where they are seen. Absent: the limit is out of reach. */
  readonly seen?: { readonly up: string; readonly describe: string };
}

/** Two descriptors for each of the sessions are more than there are. */
const program = (namespace: string, image: string, sessions: number) => `
import * as k8s from "@pulumi/kubernetes";
import { VirtualMcpServer } from "${REPOSITORY}/infra/index.ts";

function impatient(args, opts) {
  opts.customTimeouts = { create: "${WAIT}" };
  return args;
}
const metadata = {
  name: "${namespace}",
  labels: { "pod-security.kubernetes.io/enforce": "restricted" },
};
const namespace = new k8s.core.v1.Namespace("namespace", { metadata }).metadata.name;
new VirtualMcpServer("tall", {
  namespace,
  image: "${image}",
  sessions: ${sessions},
  spareReplicas: 0,
  ceilings: { sessionsPerReplica: ${sessions}, memory: "16Gi" },
  load: { callsPerSessionSecond: 0.001 },
  backends: [{ name: "nobody", url: "http://nobody.invalid/mcp" }],
  transform: { deployment: impatient, service: impatient },
});
`;

/** Deploys a gateway that is planned with more open files than containers have here, and looks at what is said of it. */
export async function bootCheck(
  kubectl: Kubectl,
  image: string,
  limit: number,
): Promise<BootCheck> {
  if (limit > MAX) return { limit };
  const sessions = Math.ceil(limit / 2);
  const options = { typescript: false };
  const engine = await Engine.typescript(program(kubectl.namespace, image, sessions), {
    settings: { runtime: { name: "nodejs", options } },
    kubeconfig: kubectl.kubeconfig,
  });
  try {
    const up = await engine.run(["up", "--yes", "--skip-preview"]);
    const describe = await kubectl.run(["describe", "pods"]);
    if (up.code === 0) throw new Error(`a gateway for ${sessions} sessions runs on ${limit} files`);
    return { limit, seen: { up: reason(up.stdout), describe: reason(describe) } };
  } finally {
    await engine.destroy();
    engine.remove();
  }
}

/** The hard limit of open files of the first process of a container with Node. */
export async function openFilesLimit(kubectl: Kubectl, pod: string): Promise<number> {
  const read = `process.stdout.write(require("node:fs").readFileSync("/proc/1/limits", "utf8"))`;
  const limits = await kubectl.run(["exec", pod, "--", "node", "-e", read]);
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1]);
}

/** The line that names the limit; empty where none does. */
function reason(text: string): string {
  const line = text.split("\n").find((one) => one.includes("nofile: "));
  return line?.slice(line.indexOf("nofile: ")).replace(/\]?\s*$/, "") ?? "";
}
