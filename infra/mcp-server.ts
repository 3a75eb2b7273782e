import {
  ComponentResource,
  type ComponentResourceOptions,
  type Output,
  output,
} from "@pulumi/pulumi";
import { reportOldName } from "./accepted-risks.ts";
import type { ServerBackend } from "./arguments/backend-args.ts";
import { SessionAffinity } from "./arguments/choices.ts";
import type { McpServerArgs } from "./mcp-server-args.ts";
import { withMetadata } from "./metadata.ts";
import { callersOf, namesOf, selectorLabels } from "./naming.ts";
import { judgesTokens, loginAddresses } from "./process/login-settings.ts";
import { figureTexts, figureValues } from "./process/plan-figures.ts";
import { processWorkload } from "./process/process-workload.ts";
import { reportPlan } from "./process/report-plan.ts";
import { checkedServer } from "./server/checked-server.ts";
import {
  backendNameOf,
  directBackend,
  gatewayBackend,
  SERVER_PORT,
  serverUrl,
} from "./server/server-address.ts";
import { serverArgs } from "./server/server-args.ts";
import { serverFigures } from "./server/server-figures.ts";
import { serverWorkload } from "./server/server-workload.ts";

const backends = new WeakMap<McpServer, ServerBackend>();

/**
 * An MCP server on Kubernetes, or one that runs elsewhere, behind proxies that keep each session on its pod.
 */
export class McpServer extends ComponentResource {
  /** @internal */
  static readonly __pulumiType = "mcp-fleet:index:McpServer";

  /** The URL for clients: of the proxies, or of the server itself. */
  readonly url: Output<string>;

  /** The name of the Service that leads to its proxies, or to its pods; empty where it runs elsewhere and has no proxies. */
  readonly serviceName: Output<string>;

  /** The name of the StatefulSet or Deployment; empty where the server runs elsewhere. */
  readonly workloadName: Output<string>;

  /** The name of the Deployment of its proxies; empty without proxies. */
  readonly proxyWorkloadName: Output<string>;

  /** The bearer token for requests to the admin port of its proxies that change something; empty without proxies. */
  readonly adminToken: Output<string>;

  /** Every figure of the capacity plan by name, with its arithmetic. Names of the proxies' figures start with proxy. */
  readonly capacity: Output<Record<string, string>>;

  /** The figures of the capacity plan as numbers, in the units that capacity names and under the same names. */
  readonly plan: Output<Record<string, number>>;

  /**
   * @param name the prefix of all resource names in Pulumi, and without `args.name` in Kubernetes: at most 40 lowercase
   *   letters, digits and dashes.
   * @throws {InputPropertiesError} with every fault of the arguments, before any resource is registered.
   */
  constructor(name: string, args: McpServerArgs, opts?: ComponentResourceOptions) {
    const { __pulumiType: token } = McpServer;
    const own = serverArgs(args);
    const checked = checkedServer(token, name, own);
    super(token, name, checked.facts, withMetadata(opts, args));
    const { pods, proxy, facts } = checked;
    const { namespace = "default", transform } = args;
    const names = namesOf(name, args);
    const { instance } = names;
    const none = output("");
    this.workloadName = none;
    this.proxyWorkloadName = none;
    this.serviceName = none;
    this.adminToken = none;
    reportOldName(args, this);
    if (pods) {
      const port = args.port ?? SERVER_PORT;
      const { proxy: _, ...podFacts } = facts;
      const spec = { parent: this, ...names, namespace, ...pods, facts: podFacts, port, args: own };
      const workload = serverWorkload(spec, proxy !== undefined);
      this.workloadName = workload.pods.metadata.name;
      this.serviceName = workload.service.metadata.name;
    }
    if (proxy) {
      reportPlan(`proxies of ${name}`, proxy.sized, args, this);
      const { deployment, service, adminToken } = processWorkload({
        parent: this,
        ...names,
        role: "proxy",
        namespace,
        ...proxy.sized,
        facts: proxy.facts,
        configuration: proxy.configuration,
        storage: own.sessionStorage,
        sessionAffinity: args.sessionAffinity ?? SessionAffinity.None,
        process: args.proxy ?? {},
        workload: args,
        transform: transform?.proxy,
        podLabels: {},
        // Who has a token may be anybody; who needs none may be a gateway only.
        ...(judgesTokens(args.incomingAuth)
          ? {}
          : { callers: callersOf(backendNameOf(instance, args)) }),
        destinations: [
          ...(args.url === undefined ? [] : [args.url]),
          ...(args.incomingAuth === undefined ? [] : loginAddresses(args.incomingAuth)),
        ],
        login: args.incomingAuth?.oidc,
        backends: [directBackend(instance, own)],
        scaling: args.autoscaling?.scaling,
        callees: pods ? [selectorLabels(instance, "server")] : [],
      });
      this.proxyWorkloadName = deployment.metadata.name;
      this.serviceName = service.metadata.name;
      this.adminToken = adminToken;
    }
    const backend = gatewayBackend(instance, own, proxy !== undefined);
    backends.set(this, backend);
    this.url = serverUrl(instance, own, backend);
    const figures = serverFigures(pods?.plan, proxy?.sized.plan);
    this.capacity = output(figureTexts(figures));
    this.plan = output(figureValues(figures));
    const { url, serviceName, workloadName, proxyWorkloadName, adminToken, capacity, plan } = this;
    // Stack policies see only the outputs of a component.
    this.registerOutputs({
      url,
      serviceName,
      workloadName,
      proxyWorkloadName,
      adminToken,
      capacity,
      plan,
      backend,
      facts,
    });
  }

  /** The server as an entry for the backends of a VirtualMcpServer. In TypeScript it is plain, with outputs in it. */
  get backend(): ServerBackend {
    const backend = backends.get(this);
    if (backend === undefined) throw new Error("the server is not constructed yet");
    return backend;
  }
}
