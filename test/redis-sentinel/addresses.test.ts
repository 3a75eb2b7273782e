import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const LIB = join(import.meta.dirname, "../../infra/redis/scripts/lib.sh");
const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-addresses-"));
writeFileSync(join(folder, "operator-password"), "secret");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shell = (command: string, environment: Record<string, string> = {}) =>
  execFileSync("sh", ["-c", `. ${LIB}; ${command}`], {
    encoding: "utf8",
    env: {
      PATH: process.env.PATH,
      SECRETS: folder,
      RUN: folder,
      ENGINE: "Redis",
      TLS: "",
      ...environment,
    },
  }).trim();

test("an address of IPv4 or IPv6 is taken as it is, and nothing is asked for it", () => {
  expect(shell("getent() { exit 1; }; addresses 10.96.0.7 fd00::7")).toBe("10.96.0.7\nfd00::7");
});

test("the name of a Service is asked for until it is known: here at the third time", () => {
  const getent = `getent() { echo x >>${folder}/asked; [ $(wc -l <${folder}/asked) -lt 3 ] || echo "10.96.0.8 $2"; }`;
  expect(
    shell(`${getent}; sleep() { :; }; addresses sessions-redis-0`, {
      POD_NAME: "sessions-redis-0",
    }),
  ).toBe("10.96.0.8");
});

test("a group is found once and kept for the hand-over: 3 servers and 1 Sentinel", () => {
  shell("getent() { echo 10.96.0.9; }; find_group", {
    NODES: "10.96.0.1 10.96.0.2 sessions-redis-2",
    SENTINELS: "10.96.0.4",
  });
  expect(readFileSync(join(folder, "group"), "utf8")).toBe(
    'NODES="10.96.0.1 10.96.0.2 10.96.0.9"\nSENTINELS="10.96.0.4"\n',
  );
});
