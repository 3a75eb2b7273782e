import type { Kubectl } from "./kubectl.ts";

/** The label of a namespace that takes no other pods. */
export const RESTRICTED_NAMESPACE = { "pod-security.kubernetes.io/enforce": "restricted" };

interface Volume {
  readonly name: string;
  readonly emptyDir: object;
}

/** A pod as the restricted pod security standard wants it, which runs one command; its volume is at /NAME. */
export function restricted(
  name: string,
  image: string,
  command: readonly string[],
  volume: Volume,
): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65_532,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name,
          image,
          command,
          // Without a share of its own it would wait for everybody else, and clients that wait see what is not there.
          resources: { requests: { cpu: "250m", memory: "256Mi" } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          volumeMounts: [{ name: volume.name, mountPath: `/${volume.name}` }],
        },
      ],
      volumes: [volume],
    },
  };
}

/** Whether the namespace enforces it: a pod that says nothing of what it may is refused. */
export async function refusesRoot(kubectl: Kubectl, image: string): Promise<boolean> {
  const container = { name: "root", image };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "root" } };
  const text = JSON.stringify({ ...pod, spec: { containers: [container] } });
  const { code, stderr } = await kubectl.try(["create", "--dry-run=server", "-f", "-"], text);
  return code !== 0 && stderr.includes('violates PodSecurity "restricted');
}
