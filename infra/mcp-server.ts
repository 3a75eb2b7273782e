import {
  ComponentResource,
  type ComponentResourceOptions,
  type Output,
  output,
} from "@pulumi/pulumi";
import type { BackendArgs } from "./arguments/backend-args.ts";
import { SessionAffinity } from "./arguments/choices.ts";
import type { McpServerArgs } from "./mcp-server-args.ts";
import { withMetadata } from "./metadata.ts";
import { callersOf, namesOf, selectorLabels } from "./naming.ts";
import { processWorkload } from "./process/process-workload.ts";
import { reportPlan } from "./process/report-plan.ts";
import { checkedServer } from "./server/checked-server.ts";
import {
  backendNameOf,
  gatewayBackend,
  SERVER_PORT,
  serverUrl,
} from "./server/server-address.ts";
import { serverCapacity } from "./server/server-capacity.ts";
import { serverWorkload } from "./server/server-workload.ts";

const backends = new WeakMap<McpServer, BackendArgs>();

/**
 * An MCP server on Kubernetes, or one that runs elsewhere, behind proxies that keep each session on its pod.
 */
export class McpServer extends ComponentResource {
  /** @internal */
  static readonly __pulumiType = "mcp-fleet:index:McpServer";

  /** The URL for clients: of the proxies, or of the server itself. */
  readonly url: Output<string>;

  /** The bearer token for requests to the admin port of its proxies that change something; empty without proxies. */
  readonly adminToken: Output<string>;

  /** Every figure of the capacity plan by name, with its arithmetic. Names of the proxies' figures start with proxy. */
  readonly capacity: Output<Record<string, string>>;

  /**
   * @param name the prefix of all resource names in Pulumi, and without `args.name` in Kubernetes: at most 40 lowercase
   *   letters, digits and dashes.
   * @throws {InputPropertiesError} with every fault of the arguments, before any resource is registered.
   */
  constructor(name: string, args: McpServerArgs, opts?: ComponentResourceOptions) {
    const { __pulumiType: token } = McpServer;
    const checked = checkedServer(token, name, args);
    super(token, name, checked.facts, withMetadata(opts, args));
    const { pods, proxy, facts } = checked;
    const { namespace = "default", acceptRisk, transform } = args;
    const names = namesOf(name, args);
    const { instance } = names;
    let adminToken = output("");
    if (pods) {
      const port = args.port ?? SERVER_PORT;
      const { proxy: _, ...own } = facts;
      const spec = { parent: this, ...names, namespace, ...pods, facts: own, port, args };
      serverWorkload(spec, proxy !== undefined, acceptRisk);
    }
    if (proxy) {
      reportPlan(`proxies of ${name}`, proxy.sized, acceptRisk, this);
      ({ adminToken } = processWorkload({
        parent: this,
        ...names,
        role: "proxy",
        namespace,
        ...proxy.sized,
        facts: proxy.facts,
        configuration: proxy.configuration,
        storage: args.sessionStorage,
        sessionAffinity: args.sessionAffinity ?? SessionAffinity.None,
        process: args.proxy ?? {},
        workload: args,
        transform: transform?.proxy,
        podLabels: {},
        callers: callersOf(backendNameOf(instance, args)),
        destinations: args.url === undefined ? [] : [args.url],
        callees: pods ? [selectorLabels(instance, "server")] : [],
      }));
    }
    const backend = gatewayBackend(instance, args, proxy !== undefined);
    backends.set(this, backend);
    this.url = serverUrl(instance, args, backend);
    this.capacity = output(serverCapacity(pods?.plan, proxy?.sized.plan));
    this.adminToken = adminToken;
    const { url, capacity } = this;
    // Stack policies see only the outputs of a component.
    this.registerOutputs({ url, adminToken, capacity, facts });
  }

  /** The server as an entry for the backends of a VirtualMcpServer. */
  get backend(): BackendArgs {
    const backend = backends.get(this);
    if (backend === undefined) throw new Error("the server is not constructed yet");
    return backend;
  }
}
