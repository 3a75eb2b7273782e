import assert from "node:assert/strict";
import test from "node:test";
import { runtime } from "@pulumi/pulumi";

test("the gateways of 1,000 sessions run 2 pods", async () => {
  await runtime.setMocks({
    call: ({ inputs }) => inputs,
    // Passwords and keys are random resources: a mock has to say what they are.
    newResource: ({ name, inputs }) => ({
      id: name,
      state: { ...inputs, result: "mocked", base64: "bW9ja2Vk" },
    }),
  });
  const { plan } = await import("./index.ts");
  const replicas = await new Promise((done) => plan.apply((figures) => done(figures.replicas)));
  assert.equal(replicas, 2);
});
