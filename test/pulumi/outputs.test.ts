import { describe, expect, test } from "vitest";
import { Engine, hasEngine } from "../../testkit/pulumi/engine.ts";
import { REFERENCED_PROGRAM } from "../../testkit/pulumi/programs.ts";

describe.skipIf(!hasEngine)("a gateway of another stack", () => {
  test("is planned by getOutputDetails: the sessions, the backend and the connection are plain, and the password secret", async () => {
    const engine = await Engine.checked(REFERENCED_PROGRAM);
    await engine.up();
    const { plan, backend } = await engine.outputs();
    expect(plan).toMatchObject({ replicas: 1, podSessions: 1000, proxyReplicas: 2 });
    expect(backend).toEqual({
      name: "github",
      url: "http://github-proxy.default.svc.cluster.local:4483/mcp",
    });

    engine.configure({ "test:reads": true });
    const { code, stdout, stderr } = await engine.preview();
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("gateway eng for 1,000 sessions: 2 pods");
    await engine.up();
    const storage = (await engine.resources()).find(({ urn }) =>
      urn.endsWith("::eng-gateway-storage"),
    );
    expect(storage?.inputs?.stringData).toHaveProperty("ciphertext");
    engine.remove();
  }, 300_000);
});
