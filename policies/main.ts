// The pack that `pulumi preview --policy-pack` runs.
import { oldNode } from "@mcp-fleet/contract/node-version";
import { PolicyPack } from "@pulumi/policy";
import { POLICIES, pulumiPolicy } from "./index.ts";

const reason = oldNode(process.versions.node, "the policy pack of mcp-fleet");
if (reason === undefined) {
  new PolicyPack("mcp-fleet", { policies: POLICIES.map(pulumiPolicy) });
} else {
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
