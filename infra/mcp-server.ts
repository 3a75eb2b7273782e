import {
  ComponentResource,
  type ComponentResourceOptions,
  type Output,
  output,
} from "@pulumi/pulumi";
import type { BackendArgs } from "./arguments/backend-args.ts";
import { SessionAffinity } from "./arguments/choices.ts";
import type { McpServerArgs } from "./mcp-server-args.ts";
import { processWorkload } from "./process/process-workload.ts";
import { reportPlan } from "./process/report-plan.ts";
import { checkedServer } from "./server/checked-server.ts";
import { directBackend, proxiedBackend, SERVER_PORT, serverUrl } from "./server/server-address.ts";
import { serverCapacity } from "./server/server-capacity.ts";
import { serverWorkload } from "./server/server-workload.ts";

const backends = new WeakMap<McpServer, BackendArgs>();

/**
 * An MCP server on Kubernetes, or one that runs elsewhere, with proxies before it that keep each session on its pod.
 */
export class McpServer extends ComponentResource {
  /** @internal */
  static readonly __pulumiType = "mcp-fleet:index:McpServer";

  /** Where clients and gateways find it: its proxies, or the server itself. */
  readonly url: Output<string>;

  /** Every figure of the plan by its name, with the arithmetic; those of the proxies begin with proxy. */
  readonly capacity: Output<Record<string, string>>;

  /**
   * @param name what children and pods are called by; at most 40 small letters, digits and dashes.
   * @throws {InputPropertiesError} with everything that is wrong with the arguments, before anything is registered.
   */
  constructor(name: string, args: McpServerArgs, opts?: ComponentResourceOptions) {
    const { __pulumiType: token } = McpServer;
    const checked = checkedServer(token, name, args);
    super(token, name, checked.facts, opts);
    const { pods, proxy, facts } = checked;
    const { namespace = "default", acceptRisk, transform } = args;
    if (pods) {
      const port = args.port ?? SERVER_PORT;
      const { proxy: _, ...own } = facts;
      const spec = { parent: this, instance: name, namespace, ...pods, facts: own, port, args };
      serverWorkload(spec, proxy !== undefined, acceptRisk);
    }
    if (proxy) {
      reportPlan(`proxies of ${name}`, proxy.sized, acceptRisk, this);
      processWorkload({
        parent: this,
        instance: name,
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
      });
    }
    const backend = proxy ? proxiedBackend(name, args) : directBackend(name, args);
    backends.set(this, backend);
    this.url = serverUrl(name, args, backend);
    this.capacity = output(serverCapacity(pods?.plan, proxy?.sized.plan));
    const { url, capacity } = this;
    // A policy that judges the whole stack sees of a component only its outputs.
    this.registerOutputs({ url, capacity, facts });
  }

  /** The server as an entry of a gateway's backends. */
  get backend(): BackendArgs {
    const backend = backends.get(this);
    if (backend === undefined) throw new Error("the server is not constructed yet");
    return backend;
  }
}
