// The pack that `pulumi preview --policy-pack` runs.
import { PolicyPack } from "@pulumi/policy";
import { POLICIES, pulumiPolicy } from "./index.ts";

new PolicyPack("mcp-fleet", { policies: POLICIES.map(pulumiPolicy) });
