import type { Input } from "@pulumi/pulumi";
import type { ServiceType } from "./choices.ts";
import type { EnvArgs, SecretEnvArgs } from "./env-args.ts";
import type { MonitoringArgs, ServiceArgs } from "./exposure-args.ts";
import type { CeilingsArgs, LoadArgs } from "./load-args.ts";
import type { OutgoingAuthArgs } from "./outgoing-auth-args.ts";
import type { NofileArgs, ResourcesArgs, ServiceAccountArgs } from "./pod-args.ts";
import type {
  DnsArgs,
  LimitsArgs,
  OperationalArgs,
  SessionArgs,
  SessionKeyArgs,
} from "./settings-args.ts";
import type { TelemetryArgs } from "./telemetry-args.ts";

/** Arguments that gateways and proxies share: how the mcp-fleet image runs. */
export interface ProcessArgs {
  /** The mcp-fleet image; pin it by digest. Default: that of this package's version. */
  image?: Input<string>;
  /** When nodes pull the image. Default: IfNotPresent. */
  imagePullPolicy?: Input<string>;
  /** Pods that may be lost while the others still hold every session. Default: 1. */
  spareReplicas?: number;
  /** The load that clients cause. */
  load?: LoadArgs;
  /** The ceilings of a pod. */
  ceilings?: CeilingsArgs;
  /** The resources of a container, instead of the planned ones. */
  resources?: ResourcesArgs;
  /** How containers get their limit of open files. */
  nofile?: NofileArgs;
  /** The lifetime and number of sessions. */
  session?: SessionArgs;
  /** The limits of a process. */
  limits?: LimitsArgs;
  /** Logging, timeouts and health checks. */
  operational?: OperationalArgs;
  /** How requests to backends are authenticated. Default: not at all. */
  outgoingAuth?: OutgoingAuthArgs;
  /** The headers of a client's request that go to backends. Authorization requires acceptRisks.authorizationPassthrough. Default: none. */
  passthroughHeaders?: string[];
  /** The keys that sign session ids. To rotate, add a key with signAfter set to a time after the rollout, and remove the old key later. Default: one, with the id first. */
  sessionKeys?: SessionKeyArgs[];
  /** The key that principals are hashed with in the store: 32 random bytes in base64. Never change it: open sessions would no longer match their principals. Default: no key. */
  ownerKey?: Input<string>;
  /** Seconds between SIGTERM and SIGKILL, instead of the planned ones. Less is refused. Default: as planned. */
  terminationGracePeriodSeconds?: number;
  /** The type of the Service. Default: ClusterIP. */
  serviceType?: ServiceType;
  /** The IP addresses and networks, in CIDR notation, of load balancers in front of gateways, and of gateways in front of proxies. Their connections have no limit; the shares of clients go by the addresses that they report. Default: the private networks, for proxies and with an Ingress or HTTPRoute; otherwise none. */
  trustedProxies?: string[];
  /** The Service. */
  service?: ServiceArgs;
  /** The service account of the pods. */
  serviceAccount?: ServiceAccountArgs;
  /** Resources for Prometheus and Grafana. */
  monitoring?: MonitoringArgs;
  /** How the pods of backends are resolved. */
  dns?: DnsArgs;
  /** Traces and metrics that go to an OpenTelemetry collector. Default: none. */
  telemetry?: TelemetryArgs;
  /** Environment variables of the container, such as HTTPS_PROXY or NODE_EXTRA_CA_CERTS. Default: none but those of the component. */
  env?: EnvArgs[];
  /** Environment variables of the container with values from Secrets. Default: none. */
  secrets?: SecretEnvArgs[];
}
