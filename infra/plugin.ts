// What Pulumi runs for programs in other languages: `main` of package.json, whose `exports` are for programs in TypeScript.
import { oldNode } from "@mcp-fleet/contract/node-version";
import { provider } from "@pulumi/pulumi";
import { ComponentProvider } from "./component-provider.ts";

const reason = oldNode(process.versions.node);
if (reason === undefined) {
  provider.main(new ComponentProvider(), process.argv.slice(2)).catch(end);
} else {
  end(reason);
}

function end(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
