import type { Fields } from "../stack/fields.ts";

type Value = string | number | boolean | undefined;

/** What one field of a pod or of a container may be. */
export interface FieldRule {
  readonly path: string;
  allows(value: Value): boolean;
  /** What to write. */
  readonly fix: string;
}

/** The field may be one of these, or be absent. */
function oneOf(path: string, values: readonly Value[], fix = `leave it out`): FieldRule {
  return { path, allows: (value) => value === undefined || values.includes(value), fix };
}

const isFalse = (path: string): FieldRule => oneOf(path, [false]);

const PROFILES = ["RuntimeDefault", "Localhost"];

/** Of the pod and of each container alike. */
const SECURITY_CONTEXT: readonly FieldRule[] = [
  oneOf("securityContext.runAsNonRoot", [true], "write runAsNonRoot: true"),
  {
    path: "securityContext.runAsUser",
    allows: (value) => value !== 0,
    fix: "write another user than 0",
  },
  oneOf("securityContext.seccompProfile.type", PROFILES, "write RuntimeDefault"),
  oneOf("securityContext.appArmorProfile.type", PROFILES, "write RuntimeDefault"),
  oneOf("securityContext.seLinuxOptions.type", [
    "",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_engine_t",
  ]),
  oneOf("securityContext.seLinuxOptions.user", [""]),
  oneOf("securityContext.seLinuxOptions.role", [""]),
  isFalse("securityContext.windowsOptions.hostProcess"),
];

/** Of the pod as a whole. */
export const POD_RULES: readonly FieldRule[] = [
  isFalse("hostNetwork"),
  isFalse("hostPID"),
  isFalse("hostIPC"),
  ...SECURITY_CONTEXT,
];

const HANDLERS = [
  "startupProbe",
  "livenessProbe",
  "readinessProbe",
  "lifecycle.postStart",
  "lifecycle.preStop",
];

/** Of each container. */
export const CONTAINER_RULES: readonly FieldRule[] = [
  ...SECURITY_CONTEXT,
  {
    path: "securityContext.allowPrivilegeEscalation",
    allows: (value) => value === false,
    fix: "write allowPrivilegeEscalation: false",
  },
  isFalse("securityContext.privileged"),
  oneOf("securityContext.procMount", ["Default"]),
  ...HANDLERS.flatMap((handler) => [
    oneOf(`${handler}.httpGet.host`, [""]),
    oneOf(`${handler}.tcpSocket.host`, [""]),
  ]),
];

/** What pod or container has to say, if not the other one. */
export const EITHER: readonly FieldRule[] = [
  {
    path: "securityContext.runAsNonRoot",
    allows: (value) => value !== undefined,
    fix: "write runAsNonRoot: true in the pod's securityContext",
  },
  {
    path: "securityContext.seccompProfile.type",
    allows: (value) => value !== undefined,
    fix: "write seccompProfile: { type: RuntimeDefault } in the pod's securityContext",
  },
];

export const VOLUMES: ReadonlySet<string> = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

export const SYSCTLS: ReadonlySet<string | undefined> = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
]);

/** Whether a field is what a rule allows. */
export function isAllowed(fields: Fields, { path, allows }: FieldRule): boolean {
  const field = fields.at(path);
  return allows(field.text() ?? field.number() ?? field.flag());
}
