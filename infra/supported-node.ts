// Imported first, for what it does: a program on an older Node ends with a line and not with a trace of what is missing there.
import { oldNode } from "@mcp-fleet/contract/node-version";
import { RunError } from "@pulumi/pulumi";

const reason = oldNode(process.versions.node);
if (reason !== undefined) throw new RunError(reason);
