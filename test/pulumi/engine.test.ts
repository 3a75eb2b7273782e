import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, it } from "vitest";
import { parse } from "yaml";

import { Engine, hasEngine, type Preview } from "../../testkit/pulumi/engine.ts";

const PROGRAM = `
import { Config } from "@pulumi/pulumi";
import * as k8s from "@pulumi/kubernetes";
import { RandomPassword } from "@pulumi/random";

const config = new Config();
const opts = { provider: new k8s.Provider("files", { renderYamlToDirectory: "manifests" }) };
const labels = { app: config.get("label") ?? "web" };
const settings = new k8s.core.v1.ConfigMap("settings", { data: { mode: "on" } }, opts);
const password = new RandomPassword("password", { length: 24, special: false });
new k8s.core.v1.Secret("login", { stringData: { password: password.result } }, opts);
new k8s.apps.v1.Deployment("web", {
  spec: {
    replicas: config.getNumber("replicas") ?? 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels, annotations: { settings: settings.metadata.name } },
      spec: { containers: [{ name: "web", image: "web:1" }] },
    },
  },
}, opts);
export const secret = password.result;
`;

const PATIENCE = { concurrent: true, timeout: 300_000 };

async function started(starting: Promise<Engine>, forget: (end: () => void) => void) {
  const engine = await starting;
  forget(() => engine.remove());
  return engine;
}

function manifests(engine: Engine): string[] {
  const folder = join(engine.folder, "manifests/1-manifest");
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function manifest(engine: Engine, prefix: string) {
  const file = manifests(engine).find((name) => name.startsWith(prefix)) ?? prefix;
  return parse(readFileSync(join(engine.folder, "manifests/1-manifest", file), "utf8"));
}

function changed(preview: Preview): string[] {
  return preview.steps
    .filter(({ op }) => op !== "same")
    .map(({ op, urn }) => `${op} ${urn.slice(urn.lastIndexOf(":") + 1)}`)
    .sort();
}

describe.skipIf(!hasEngine)("a real Pulumi engine", PATIENCE, () => {
  it("previews, writes 3 manifests, sees no change the second time, updates 1 in place, replaces it, and takes them away", async ({
    expect,
    onTestFinished,
  }) => {
    const engine = await started(Engine.checked(PROGRAM), onTestFinished);

    expect(changed(await engine.plan())).toEqual([
      "create files",
      "create login",
      "create password",
      "create settings",
      "create test-test",
      "create web",
    ]);
    expect(manifests(engine)).toEqual([]);

    await engine.up();
    expect(manifests(engine)).toEqual([
      expect.stringMatching(/^apps_v1-deployment-default-web-[0-9a-f]{8}\.yaml$/),
      expect.stringMatching(/^v1-configmap-default-settings-[0-9a-f]{8}\.yaml$/),
      expect.stringMatching(/^v1-secret-default-login-[0-9a-f]{8}\.yaml$/),
    ]);
    const { password } = manifest(engine, "v1-secret").stringData;
    expect(password).toMatch(/^[A-Za-z0-9]{24}$/);
    expect(await engine.outputs()).toEqual({ secret: password });
    expect(JSON.stringify(await engine.resources())).not.toContain(password);
    const name = manifest(engine, "v1-configmap").metadata.name;
    const template = manifest(engine, "apps_v1").spec.template;
    expect(template.metadata.annotations.settings).toBe(name);

    expect((await engine.up("--expect-no-changes")).stdout).toMatch(/6 unchanged/);
    expect(manifest(engine, "v1-secret").stringData.password).toBe(password);

    engine.configure({ "test:replicas": 5 });
    const scaled = await engine.plan("--expect-no-changes");
    expect(scaled.code).not.toBe(0);
    expect(changed(scaled)).toEqual(["update web"]);
    const update = scaled.steps.find(({ op }) => op === "update");
    expect(Object.keys(update?.detailedDiff ?? {})).toEqual(["spec.replicas"]);

    engine.configure({ "test:label": "other" });
    const moved = await engine.plan();
    const replace = moved.steps.find(({ op }) => op === "replace");
    expect(replace?.replaceReasons).toEqual(["spec.selector.matchLabels.app"]);

    await engine.destroy();
    expect(manifests(engine)).toEqual([]);
  });

  it("runs a program in Pulumi YAML", async ({ expect, onTestFinished }) => {
    const engine = await started(
      Engine.yaml({
        resources: {
          files: {
            type: "pulumi:providers:kubernetes",
            properties: { renderYamlToDirectory: "manifests" },
          },
          key: { type: "random:RandomBytes", properties: { length: 32 } },
          settings: {
            type: "kubernetes:core/v1:ConfigMap",
            properties: { metadata: { name: "fixed" }, data: { mode: "on" } },
            // biome-ignore lint/suspicious/noTemplateCurlyInString: this is Pulumi's own syntax
            options: { provider: "${files}" },
          },
        },
      }),
      onTestFinished,
    );
    await engine.up();
    expect(manifest(engine, "v1-configmap-default-fixed").data).toEqual({ mode: "on" });
  });
});
