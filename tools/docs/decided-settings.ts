import { code, markdown } from "./generated-table.ts";

/** A setting that no argument is for, with all that is below it, and what decides it. */
type Decided = readonly [setting: string, by: string];

const BY_THE_PLAN = "the plan";
const ADDRESS = "the component, as its Services and probes have it";
const VERIFIED = "the component: certificates are always verified";

/** Of what gives a secret, pods have the file. */
const strategySecrets = (strategy: string): readonly Decided[] =>
  [
    ["headerInjection", "headerValue"],
    ["bearerToken", "token"],
    ["clientCredentials", "clientSecret"],
    ["tokenExchange", "clientSecret"],
  ].map(([section, field = ""]) => [
    `${strategy}.${section}.${field}Env`,
    `${field} and ${field}Ref, which pods have as a file`,
  ]);

const OF_PROCESSES: readonly Decided[] = [
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
  ["groupRef", "nothing: there are the backends of the component's arguments"],
  ["discovery", "nothing: there are the backends of the component's arguments"],
  [
    "configuration",
    "nothing: pods have no configuration file, and a rollout changes what they read",
  ],
];

const SECRET_FILE = "clientSecret and clientSecretRef, which pods have as a file";
const FIRST_INTROSPECTS = "nothing: the first issuer introspects";

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
  VirtualMcpServer: [...OF_PROCESSES, ...OF_LOGIN],
  McpServer: [
    ...OF_PROCESSES,
    ["name", "name of the component"],
    ["session.maxSessions", "sessions of the server"],
    [
      "allowedHosts",
      "the component: proxies accept every name, from the clients that networkPolicy admits",
    ],
    ["allowedOrigins", "the component: proxies are for gateways, not for browsers"],
    ["backends[].discoveryAuth", "the gateways: proxies read lists for them"],
    ["backends[].passthroughHeaders", "the gateways, which choose the headers that they pass on"],
    ["incomingAuth", "the gateways, which authenticate clients"],
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
