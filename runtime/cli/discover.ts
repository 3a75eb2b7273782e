import { validateClusterDiscovery } from "@mcp-fleet/contract/settings";
import type { Command } from "commander";
import { type Flags, readConfiguration } from "../server/configuration.ts";
import { configOption } from "./config-option.ts";

interface Options {
  readonly config?: string;
  readonly namespace?: string;
  readonly configMap?: string;
  readonly kubeconfig?: string;
  readonly once?: true;
  readonly host?: string;
  readonly adminPort?: string;
  readonly logLevel?: string;
}

/** `mcp-fleet discover`: the only process with rights in the cluster. */
export function addDiscover(program: Command): void {
  program
    .command("discover")
    .description(
      "keep a ConfigMap at the backends that the cluster has, for gateways that mount it",
    )
    .addOption(configOption())
    .option("--namespace <name>", "the ConfigMap's namespace (default: that of the pod or context)")
    .option("--config-map <name>", "the ConfigMap (default: discovery.configMap)")
    .option(
      "--kubeconfig <file>",
      "the cluster (default: the pod's service account, or KUBECONFIG)",
    )
    .option("--once", "print what would be published, as a manifest, and end")
    .option("--host <address>", "the address that the listener binds")
    .option("--admin-port <number>", "the port of health, metrics and status; 0 is any free one")
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .action(discover);
}

async function discover(options: Options): Promise<void> {
  const { config, configMap, namespace, kubeconfig, host, adminPort, logLevel } = options;
  const flags: Flags = {
    ...(host !== undefined && { "--host": host }),
    ...(adminPort !== undefined && { "--admin-port": adminPort }),
    ...(logLevel !== undefined && { "--log-level": logLevel }),
    ...(configMap !== undefined && { "--config-map": configMap }),
  };
  const sources = { file: config, environment: process.env, flags };
  const settings = readConfiguration(sources, validateClusterDiscovery);
  const { printDiscovered, runDiscover } = await import("../discover/run-discover.ts");
  if (options.once !== true) return await runDiscover(settings, { namespace, kubeconfig });
  try {
    await printDiscovered(settings, { namespace, kubeconfig });
  } catch (error) {
    if (!(error instanceof Error && error.name === "ClusterError")) throw error;
    process.stderr.write(`mcp-fleet: ${error.message}\n`);
    process.exitCode = 1;
  }
}
