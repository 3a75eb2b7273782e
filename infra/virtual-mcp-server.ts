import {
  ComponentResource,
  type ComponentResourceOptions,
  type Output,
  output,
} from "@pulumi/pulumi";
import { reportOldName } from "./accepted-risks.ts";
import { SessionAffinity } from "./arguments/choices.ts";
import { discoveryWorkload } from "./discovery/discovery-workload.ts";
import { checkedGateway } from "./gateway/checked-gateway.ts";
import { type GatewayArgs, gatewayArgs } from "./gateway/gateway-args.ts";
import { withMetadata } from "./metadata.ts";
import { callerLabels, namesOf } from "./naming.ts";
import { addressesOf } from "./process/egress.ts";
import { loginAddresses } from "./process/login-settings.ts";
import { figureTexts, figureValues, processFigures } from "./process/plan-figures.ts";
import { processWorkload } from "./process/process-workload.ts";
import { reportPlan } from "./process/report-plan.ts";
import { gatewayUrl } from "./routes/gateway-url.ts";
import { httpRoute } from "./routes/http-route.ts";
import { ingress } from "./routes/ingress.ts";
import type { VirtualMcpServerArgs } from "./virtual-mcp-server-args.ts";

/**
 * One MCP endpoint for many MCP servers: gateways whose number, size, limits and grace period follow from the
 * declared number of sessions.
 */
export class VirtualMcpServer extends ComponentResource {
  /** @internal */
  static readonly __pulumiType = "mcp-fleet:index:VirtualMcpServer";

  /** The URL of the MCP endpoint for clients. */
  readonly url: Output<string>;

  /** The name of the Service. */
  readonly serviceName: Output<string>;

  /** The name of the Deployment. */
  readonly workloadName: Output<string>;

  /** The bearer token for requests to the admin port that change something, such as draining a pod. */
  readonly adminToken: Output<string>;

  /** Every figure of the capacity plan by name, with its arithmetic. */
  readonly capacity: Output<Record<string, string>>;

  /** The figures of the capacity plan as numbers, in the units that capacity names. */
  readonly plan: Output<Record<string, number>>;

  /**
   * @param name the prefix of all resource names in Pulumi, and without `args.name` in Kubernetes: at most 40 lowercase
   *   letters, digits and dashes.
   * @throws {InputPropertiesError} with every fault of the arguments, before any resource is registered.
   */
  constructor(name: string, args: VirtualMcpServerArgs, opts?: ComponentResourceOptions) {
    const { __pulumiType: token } = VirtualMcpServer;
    const own = gatewayArgs(args);
    const checked = checkedGateway(token, name, own);
    super(token, name, checked.facts, withMetadata(opts, args));
    const { sized, configuration, facts } = checked;
    const { namespace = "default", sessionAffinity = SessionAffinity.None } = args;
    const names = namesOf(name, args);
    reportPlan(`gateway ${name}`, sized, args, this);
    reportOldName(args, this);
    const found =
      own.discovery &&
      discoveryWorkload({
        parent: this,
        ...names,
        namespace,
        discovery: own.discovery,
        listed: own.backends.length,
        process: args,
        workload: args,
      });
    const { deployment, service, adminToken } = processWorkload({
      parent: this,
      ...names,
      role: "gateway",
      namespace,
      ...sized,
      facts,
      configuration,
      storage: own.sessionStorage,
      sessionAffinity,
      process: args,
      scaling: args.autoscaling?.scaling,
      workload: args,
      transform: args.transform,
      podLabels: callerLabels(own.backends.map((backend) => backend.name)),
      destinations: destinations(own),
      backends: own.backends,
      found,
      login: own.incomingAuth?.oidc,
      callees: [],
    });
    if (args.ingress) ingress(this, names, namespace, args.ingress);
    if (args.httpRoute) httpRoute(this, names, namespace, args.httpRoute);
    this.url = gatewayUrl(names.instance, own);
    this.serviceName = service.metadata.name;
    this.workloadName = deployment.metadata.name;
    this.adminToken = adminToken;
    const figures = processFigures(sized.plan);
    this.capacity = output(figureTexts(figures));
    this.plan = output(figureValues(figures));
    const { url, serviceName, workloadName, capacity, plan } = this;
    // Stack policies see only the outputs of a component.
    this.registerOutputs({ url, serviceName, workloadName, adminToken, capacity, plan, facts });
  }
}

/** The backends, and who says which tokens are good. */
function destinations({ backends, incomingAuth }: GatewayArgs): Output<string[]> {
  const issuers = incomingAuth === undefined ? [] : loginAddresses(incomingAuth);
  return output({ addresses: addressesOf(backends), issuers }).apply((known) => [
    ...known.addresses,
    ...known.issuers,
  ]);
}
