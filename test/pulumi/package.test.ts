import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine, hasEngine, parts } from "../../testkit/pulumi/engine.ts";

const ROOT = join(import.meta.dirname, "../..");
const LIMIT_MS = 300_000;

const ENVIRONMENT = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  npm_config_prefer_offline: "true",
  npm_config_loglevel: "error",
};

/** A property of another resource, as Pulumi YAML writes it. */
const of = (property: string) => `\${${property}}`;

/** What a program in another language writes: a store, and a gateway that is told of it by outputs. */
const PROGRAM = {
  resources: {
    manifests: {
      type: "pulumi:providers:kubernetes",
      properties: { renderYamlToDirectory: "manifests" },
    },
    store: {
      type: "mcp-fleet:RedisSentinel",
      properties: { sessions: 500 },
      options: { providers: [of("manifests")] },
    },
    gateway: {
      type: "mcp-fleet:VirtualMcpServer",
      properties: {
        sessions: 500,
        backends: [{ name: "wiki", url: "https://wiki.example.com/mcp" }],
        sessionStorage: {
          sentinel: {
            masterName: of("store.masterName"),
            addresses: of("store.sentinelAddresses"),
            username: of("store.username"),
          },
          username: of("store.username"),
          password: of("store.password"),
        },
      },
      options: { providers: [of("manifests")] },
    },
  },
  outputs: { url: of("gateway.url"), replicas: of("gateway.capacity.replicas") },
};

/** A gateway without a store, with manifests in the place of a cluster. */
const PYTHON_PROGRAM = `
import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_mcp_fleet as mcp_fleet

manifests = kubernetes.Provider("manifests", render_yaml_to_directory="manifests")
gateway = mcp_fleet.VirtualMcpServer(
    "gateway",
    sessions=100,
    backends=[{"name": "wiki", "url": "https://wiki.example.com/mcp"}],
    opts=pulumi.ResourceOptions(providers=[manifests]),
)
pulumi.export("url", gateway.url)
`;

describe("the package of npm, installed alone into an empty project", () => {
  let project: string;

  const npm = (args: readonly string[], cwd: string) =>
    execFileSync("npm", args, { cwd, env: ENVIRONMENT, encoding: "utf8" });
  const node = (...args: string[]) =>
    execFileSync(process.execPath, args, { cwd: project, encoding: "utf8" }).trim();

  beforeAll(() => {
    if (!existsSync(join(ROOT, "infra/dist/plugin.cjs"))) {
      throw new Error("there is no package to test: run make build");
    }
    project = mkdtempSync(join(tmpdir(), "mcp-fleet-package-"));
    writeFileSync(join(project, "package.json"), '{ "name": "empty", "private": true }');
    npm(["pack", "--silent", "--pack-destination", project], join(ROOT, "infra"));
    npm(["install", "--no-audit", "--no-fund", "./mcp-fleet-0.1.0.tgz"], project);
  }, LIMIT_MS);
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  test("asks for Pulumi's SDKs and the libraries of settings and dashboards, and for nothing of this repository", () => {
    const manifest = JSON.parse(
      readFileSync(join(project, "node_modules/mcp-fleet/package.json"), "utf8"),
    );
    expect(Object.keys(manifest.dependencies)).toEqual([
      "@grafana/grafana-foundation-sdk",
      "@pulumi/kubernetes",
      "@pulumi/pulumi",
      "@pulumi/random",
      "zod",
    ]);
    expect(readdirSync(join(project, "node_modules"))).not.toContain("@mcp-fleet");
  });

  const SHOWN = "console.log(typeof VirtualMcpServer, Transport.Sse)";

  test("is required by a CommonJS program and imported by name by a module", () => {
    expect(
      node("-e", `const { VirtualMcpServer, Transport } = require("mcp-fleet"); ${SHOWN}`),
    ).toBe("function sse");
    expect(
      node(
        "--input-type=module",
        "-e",
        `import { VirtualMcpServer, Transport } from "mcp-fleet"; ${SHOWN}`,
      ),
    ).toBe("function sse");
  });

  test("has types for CommonJS and for modules, which refuse sessions that are a text", () => {
    const program = (sessions: string) =>
      `import { VirtualMcpServer } from "mcp-fleet";\nnew VirtualMcpServer("eng", { sessions: ${sessions}, backends: [] });\n`;
    const check = (file: string, text: string): string => {
      writeFileSync(join(project, file), text);
      const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
      const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", file];
      try {
        return node(tsc, ...flags);
      } catch (error) {
        return error instanceof Error && "stdout" in error ? String(error.stdout) : String(error);
      }
    };
    expect(check("common.cts", program("500"))).toBe("");
    expect(check("module.mts", program("500"))).toBe("");
    expect(check("wrong.mts", program('"many"'))).toContain("not assignable to type 'number'");
  });

  test.skipIf(!hasEngine || parts["yaml host"] === "missing")(
    "serves a program in Pulumi YAML by package add: refused with 1 word mistyped, then made, unchanged, destroyed",
    async () => {
      const engine = await Engine.yaml(PROGRAM);
      await engine.succeed(["package", "add", join(project, "node_modules/mcp-fleet")]);

      const program = engine.read("Pulumi.yaml");
      const mistyped = "sessions: 500\n      clientPod: 3";
      engine.write("Pulumi.yaml", program.replace(/sessions: 500$/m, mistyped));
      const { code, stdout, stderr } = await engine.preview();
      expect(code).not.toBe(0);
      expect(stdout + stderr).toMatch(/clientPod\b/);

      engine.write("Pulumi.yaml", program);
      await engine.up();
      expect(await engine.outputs()).toEqual({
        url: "http://gateway-gateway.default.svc.cluster.local:4483/mcp",
        replicas: "2 pods = holding 1 + spareReplicas 1",
      });
      const again = await engine.preview("--expect-no-changes");
      expect(again.code, again.stdout).toBe(0);
      await engine.destroy();
      expect(await engine.resources()).toEqual([]);
      engine.remove();
    },
    LIMIT_MS,
  );

  test.skipIf(!hasEngine || parts["python host"] === "missing")(
    "serves a program in Python the same way",
    async () => {
      const engine = await Engine.start({
        settings: { runtime: { name: "python", options: { virtualenv: "venv" } } },
        files: {
          "__main__.py": PYTHON_PROGRAM,
          "requirements.txt": "pulumi>=3,<4\npulumi-kubernetes>=4,<5\n",
        },
      });
      await engine.succeed(["package", "add", join(project, "node_modules/mcp-fleet")]);
      await engine.succeed(["install"]);
      await engine.up();
      expect(await engine.outputs()).toEqual({
        url: "http://gateway-gateway.default.svc.cluster.local:4483/mcp",
      });
      const again = await engine.preview("--expect-no-changes");
      expect(again.code, again.stdout).toBe(0);
      await engine.destroy();
      engine.remove();
    },
    LIMIT_MS,
  );
});
