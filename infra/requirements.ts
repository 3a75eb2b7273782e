// Imported first, for what it does: a program on an older Node or Pulumi ends with a line and not with what is missing there.
import { oldNode } from "@mcp-fleet/contract/node-version";
import { RunError, requirePulumiVersion } from "@pulumi/pulumi";

/** The oldest Pulumi CLI, which is the one that the tests run. */
export const PULUMI_RANGE = ">=3.259.0";

const reason = oldNode(process.versions.node);
if (reason !== undefined) throw new RunError(reason);

requirePulumiVersion(PULUMI_RANGE).catch((error: unknown) => {
  const { message = error }: { message?: unknown } = Object(error);
  throw new RunError(`mcp-fleet needs Pulumi ${PULUMI_RANGE.slice(2)} or newer: ${message}`);
});
