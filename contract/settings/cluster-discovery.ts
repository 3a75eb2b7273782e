import * as z from "zod";
import { matching, text } from "./fields.ts";

const namespace = (description: string) =>
  matching(
    description,
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    "must be the name of a namespace",
    "write it in lowercase letters, digits and dashes",
  );

const services = z.strictObject({
  labelSelector: text(
    "The label selector of Services and StatefulSets that are backends, such as mcp-fleet.dev/backend=true.",
  ),
  namespaces: z
    .array(namespace("A namespace."))
    .min(1)
    .max(100)
    .optional()
    .describe("The namespaces where they are looked for. Absent: discovery.namespaces."),
});

/** The part of the section `discovery` that `mcp-fleet discover` reads. */
export const clusterDiscovery = {
  services: services
    .optional()
    .describe(
      "Which Services and StatefulSets of the cluster are backends, for mcp-fleet discover (docs/discovery.md). Absent: none.",
    ),
  namespaces: z
    .array(namespace("A namespace."))
    .min(1)
    .max(100)
    .optional()
    .describe(
      "The namespaces where mcp-fleet discover looks for the members of groupRef. Absent: its own.",
    ),
  configMap: matching(
    "The ConfigMap that mcp-fleet discover writes the backends to, which exists already. Absent: the gateway's name and -backends.",
    /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/,
    "must be the name of a ConfigMap",
    "write it in lowercase letters, digits, dashes and dots",
  ).optional(),
  clusterDomain: matching(
    "The DNS domain of the cluster, in the URLs of discovered Services.",
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/,
    "must be a domain name",
    "write it as cluster.local",
  ).default("cluster.local"),
};
