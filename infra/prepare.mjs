// Builds a package that was cloned, as Pulumi does for a tag of the repository; what npm has packed is built already. It does not
// look for its builder on PATH: a folder that is named after a host with a port has a colon in it, which PATH cannot have.
import { existsSync, readFileSync } from "node:fs";

const { engines } = JSON.parse(readFileSync("package.json", "utf8"));
const numbers = (version) => version.split(".").map((part) => Number(part.replace(/\D/g, "")));
const [oldestMajor, oldestMinor] = numbers(engines.node);
const [major, minor] = numbers(process.versions.node);

if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
  const oldest = engines.node.replace(">=", "");
  process.stderr.write(
    `mcp-fleet needs Node ${oldest} or newer, and this is ${process.versions.node}\n`,
  );
  process.exitCode = 1;
} else if (!existsSync("dist")) {
  const { build } = await import("tsdown");
  await build();
}
