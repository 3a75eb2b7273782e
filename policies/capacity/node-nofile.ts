import { INPUTS } from "@mcp-fleet/contract/capacity";

/** The setting of the policies that compare open files with what nodes allow. */
export const NODE_NOFILE = {
  type: "integer",
  default: INPUTS.nofile.default,
  description:
    "The hard limit of open files of a container on these nodes; the default is that of containerd 2 under systemd",
} as const;
