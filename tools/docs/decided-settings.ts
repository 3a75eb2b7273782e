import { code, markdown } from "./generated-table.ts";

/** A setting that no argument is for, with all that is below it, and what decides it. */
type Decided = readonly [setting: string, by: string];

const BY_THE_PLAN = "the plan";
const ADDRESS = "the component, as its Services and probes have it";
const PROMETHEUS = "the component: metrics have a port of their own in any case";
const VERIFIED = "the component: certificates are always verified";

/** Of what gives a secret, pods have the file. */
const strategySecrets = (strategy: string): readonly Decided[] => [
  ...["awsSts", "xaa"].map(
    (section): Decided => [
      `${strategy}.${section}.subjectProviderName`,
      "nothing: there is no authorization server that keeps the tokens of a provider",
    ],
  ),
  ...[
    ["headerInjection", "headerValue"],
    ["bearerToken", "token"],
    ["clientCredentials", "clientSecret"],
    ["tokenExchange", "clientSecret"],
    ["xaa", "idpClientSecret"],
    ["xaa", "targetClientSecret"],
  ].map(
    ([section, field = ""]): Decided => [
      `${strategy}.${section}.${field}Env`,
      `${field} and ${field}Ref, which pods have as a file`,
    ],
  ),
];

const NO_PROGRAMS = "nothing: the image has no programs of servers over stdio";

const OF_PROCESSES: readonly Decided[] = [
  ...["command", "passEnv", "cwd", "process"].map(
    (field): Decided => [`backends[].${field}`, NO_PROGRAMS],
  ),
  ["host", ADDRESS],
  ["port", ADDRESS],
  ["adminPort", ADDRESS],
  ["metricsPort", ADDRESS],
  ["peerHost", "the pod: its own address"],
  ["drain.linger", BY_THE_PLAN],
  ["nofile.required", BY_THE_PLAN],
  ["sessionStorage.provider", "whether sessionStorage is given"],
  ["sessionStorage.sentinel.tls", "sessionStorage.tls, which is for Redis and Sentinels"],
  ["sessionStorage.tls.caCertFile", "nothing: it is ToolHive's name of caFile"],
  ["sessionStorage.tls.insecureSkipVerify", VERIFIED],
  ["sessionStorage.tls.acceptUnverified", VERIFIED],
  ["outgoingAuth.source", "nothing: there are the backends of the component's arguments"],
  ...["outgoingAuth.default", "outgoingAuth.backends.*", "backends[].discoveryAuth"].flatMap(
    strategySecrets,
  ),
  ["configuration", "nothing: gateways take changes over with the defaults"],
  ["backends[].clientCertificate", "nothing: write the configuration by hand"],
  ["telemetry.caCertPath", "telemetry.caBundle, which pods have as a file"],
  ["telemetry.enablePrometheusMetricsPath", PROMETHEUS],
  ["telemetry.prometheusPort", PROMETHEUS],
  ["telemetry.metricsOnTransportPort", PROMETHEUS],
];

const SECRET_FILE = "clientSecret and clientSecretRef, which pods have as a file";
const FIRST_INTROSPECTS = "nothing: the first issuer introspects";

const OF_DISCOVERY: readonly Decided[] = [
  ["groupRef", "discovery.groupRef"],
  ["discovery.directory", "the component: where pods have the ConfigMap"],
  ["discovery.configMap", "discovery.configMapName"],
  ["discovery.fileBytes", "nothing: an entry that is found has at most 16 KiB"],
];

const OF_LOGIN: readonly Decided[] = [
  ["incomingAuth.oidc.clientSecretEnv", SECRET_FILE],
  ["incomingAuth.oidc.clientSecretFile", SECRET_FILE],
  ["incomingAuth.oidc.caBundlePath", "caBundle, which pods have as a file"],
  ["incomingAuth.oidc.moreIssuers[].clientSecretEnv", FIRST_INTROSPECTS],
  ["incomingAuth.oidc.moreIssuers[].clientSecretFile", FIRST_INTROSPECTS],
  ["incomingAuth.oidc.moreIssuers[].introspectionUrl", FIRST_INTROSPECTS],
  ["incomingAuth.oidc.moreIssuers[].protectedResourceAllowPrivateIp", FIRST_INTROSPECTS],
  ["incomingAuth.oidc.moreIssuers[].caBundlePath", "caBundle, which is for all issuers"],
];

/** By component: settings of gateways and proxies that follow from something else. `test/infra/settings.test.ts` counts them. */
export const DECIDED: Readonly<Record<string, readonly Decided[]>> = {
  VirtualMcpServer: [
    ...OF_PROCESSES,
    ...OF_DISCOVERY,
    ...OF_LOGIN,
    ["backends[].args", NO_PROGRAMS],
    ["backends[].env", NO_PROGRAMS],
    ["audit.output", "whether audit.logFile is given"],
    ["rateLimiting.global", "nothing: it is ToolHive's name of shared"],
    ["rateLimiting.tools[].global", "nothing: it is ToolHive's name of shared"],
  ],
  McpServer: [
    ...OF_PROCESSES,
    ["name", "name of the component"],
    ["groupRef", "nothing: a proxy has one backend, which is its server"],
    ["discovery", "nothing: a proxy has one backend, which is its server"],
    ["session.maxSessions", "sessions of the server"],
    [
      "allowedHosts",
      "the component: proxies accept every name, from the clients that networkPolicy admits",
    ],
    ["allowedOrigins", "the component: proxies are for gateways, not for browsers"],
    ["backends[].discoveryAuth", "the gateways: proxies read lists for them"],
    ["backends[].passthroughHeaders", "the gateways, which choose the headers that they pass on"],
    ["incomingAuth", "the gateways, which authenticate clients"],
    ["audit", "nothing: the gateways write events, which name the backend"],
    ["rateLimiting", "the gateways, which know the principals"],
    ["aggregation", "nothing: a proxy has one backend, and changes nothing of its lists"],
    ["backends[].srv", "the component: the Service of its pods"],
    ["backends[].maxPods", "the component: as many as a server may have"],
    ["backends[].urls", "the component: its pods, which srv returns"],
    ["backends[].statefulSet", "the component: its pods, which srv returns"],
  ],
};

/** What decides a setting of a component's processes; undefined where an argument does. */
export function decidedBy(component: string, setting: string): string | undefined {
  const found = (DECIDED[component] ?? []).find(
    ([path]) => setting === path || [".", "["].some((next) => setting.startsWith(path + next)),
  );
  return found?.[1];
}

/** The table of a component's page. */
export function decidedTable(component: string): string {
  const rows = (DECIDED[component] ?? []).map(([setting, by]) => [code(setting), by]);
  return markdown(["Setting", "Decided by"], rows);
}
