import type { Fields } from "../stack/fields.ts";

type Value = string | number | boolean | undefined;

/** The allowed values of one field of a pod or container. */
export interface FieldRule {
  readonly path: string;
  allows(value: Value): boolean;
  /** How to fix it. */
  readonly fix: string;
}

/** The field must be one of these values, or absent. */
function oneOf(path: string, values: readonly Value[], fix = "remove it"): FieldRule {
  return { path, allows: (value) => value === undefined || values.includes(value), fix };
}

const isFalse = (path: string): FieldRule => oneOf(path, [false]);

const PROFILES = ["RuntimeDefault", "Localhost"];

/** Rules for the pod and for each container. */
const SECURITY_CONTEXT: readonly FieldRule[] = [
  oneOf("securityContext.runAsNonRoot", [true], "set runAsNonRoot: true"),
  {
    path: "securityContext.runAsUser",
    allows: (value) => value !== 0,
    fix: "set a user other than 0",
  },
  oneOf("securityContext.seccompProfile.type", PROFILES, "set it to RuntimeDefault"),
  oneOf("securityContext.appArmorProfile.type", PROFILES, "set it to RuntimeDefault"),
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

/** Rules for the pod as a whole. */
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

/** Rules for each container. */
export const CONTAINER_RULES: readonly FieldRule[] = [
  ...SECURITY_CONTEXT,
  {
    path: "securityContext.allowPrivilegeEscalation",
    allows: (value) => value === false,
    fix: "set allowPrivilegeEscalation: false",
  },
  isFalse("securityContext.privileged"),
  oneOf("securityContext.procMount", ["Default"]),
  ...HANDLERS.flatMap((handler) => [
    oneOf(`${handler}.httpGet.host`, [""]),
    oneOf(`${handler}.tcpSocket.host`, [""]),
  ]),
];

/** Fields that must be set in the pod or in the container. */
export const EITHER: readonly FieldRule[] = [
  {
    path: "securityContext.runAsNonRoot",
    allows: (value) => value !== undefined,
    fix: "set runAsNonRoot: true in the pod's securityContext",
  },
  {
    path: "securityContext.seccompProfile.type",
    allows: (value) => value !== undefined,
    fix: "set seccompProfile: { type: RuntimeDefault } in the pod's securityContext",
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

/** Whether a rule allows the value of its field. */
export function isAllowed(fields: Fields, { path, allows }: FieldRule): boolean {
  const field = fields.at(path);
  return allows(field.text() ?? field.number() ?? field.flag());
}
