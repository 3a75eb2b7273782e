import { describe, expect, test } from "vitest";
import {
  edited,
  type FactValues,
  type Json,
  withFacts,
  without,
} from "../../policies/examples/edit.ts";
import { gatewayStack, proxyStack } from "../../policies/examples/gateway.ts";
import { manifest } from "../../policies/examples/manifest.ts";
import { closedMetadata } from "../../policies/exposure/closed-metadata.ts";
import { closedPorts } from "../../policies/exposure/closed-ports.ts";
import { openGateway } from "../../policies/exposure/open-gateway.ts";
import type { ResourceDescription } from "../../policies/index.ts";
import { judged, UNKNOWN } from "../../testkit/pulumi/judged-stack.ts";

const GATEWAY = "Deployment eng-gateway";
const OPEN = withFacts(gatewayStack(), GATEWAY, { incomingAuth: "anonymous" });

const ingress = (to: string, spec: Readonly<Record<string, string>> = {}) =>
  manifest("networking.k8s.io/v1:Ingress", "eng", {
    spec: { ...spec, rules: [{ http: { paths: [{ backend: { service: { name: to } } }] } }] },
  });
const httpRoute = (to: string, ...gateways: string[]) =>
  manifest("gateway.networking.k8s.io/v1:HTTPRoute", "eng", {
    spec: {
      parentRefs: gateways.map((name) => ({ name })),
      rules: [{ backendRefs: [{ name: to }] }],
    },
  });
const balanced = (spec: Readonly<Record<string, string>>) =>
  edited(OPEN, "Service eng-gateway", {
    ...Object.fromEntries(Object.entries(spec).map(([name, value]) => [`spec.${name}`, value])),
  });
const count = (stack: readonly ResourceDescription[], ...internalEntrances: string[]) =>
  judged(openGateway, stack, { internalEntrances }).length;

describe("open-gateway", () => {
  test("passes an anonymous gateway that is inside of the cluster alone", () => {
    expect(count(OPEN)).toBe(0);
    expect(count(balanced({ type: "ClusterIP" }))).toBe(0);
    expect(count([...OPEN, ingress("wiki"), httpRoute("wiki")])).toBe(0);
  });

  test("finds each way that leads to it from outside", () => {
    expect(count(balanced({ type: "LoadBalancer" }))).toBe(1);
    expect(count(balanced({ type: "NodePort" }))).toBe(1);
    expect(count([...OPEN, ingress("eng-gateway")])).toBe(1);
    expect(count([...OPEN, httpRoute("eng-gateway")])).toBe(1);
    const both = [...balanced({ type: "NodePort" }), ingress("eng-gateway")];
    expect(judged(openGateway, both)).toEqual([
      expect.stringContaining(
        "Service eng-gateway of type NodePort exposes it outside the cluster",
      ),
      expect.stringContaining("Ingress eng exposes it outside the cluster"),
    ]);
    const fallback = { "spec.rules": [], "spec.defaultBackend.service.name": "eng-gateway" };
    expect(count(edited([...OPEN, ingress("")], "Ingress eng", fallback))).toBe(1);
  });

  test("passes all of them where clients prove who they are", () => {
    const stack = [...balanced({ type: "LoadBalancer" }), ingress("eng-gateway")];
    expect(count(withFacts(stack, GATEWAY, { incomingAuth: "jwt", exposed: true }))).toBe(0);
  });

  test("takes the word of a gateway that is exposed by another stack, and asks for it", () => {
    const of = (facts: FactValues) => judged(openGateway, withFacts(OPEN, GATEWAY, facts)).join();
    expect(of({ exposed: true })).toContain(
      "the annotation mcp-fleet.dev/exposed says that another route exposes it",
    );
    expect(of({ exposed: undefined })).toContain("mcp-fleet.dev/exposed is missing");
    expect(of({ exposed: false })).toBe("");
  });

  test("passes classes and Gateways that are declared to lead in from inside alone", () => {
    const route = [...OPEN, ingress("eng-gateway", { ingressClassName: "private" })];
    expect(count(route, "public")).toBe(1);
    expect(count(route, "private")).toBe(0);
    expect(count([...OPEN, ingress("eng-gateway")], "private")).toBe(1);
    const old = { "metadata.annotations[kubernetes.io/ingress.class]": "private" };
    const annotated = edited([...OPEN, ingress("eng-gateway")], "Ingress eng", old);
    expect(count(annotated, "public")).toBe(1);
    expect(count(annotated, "private")).toBe(0);
    const balancer = balanced({ type: "LoadBalancer", loadBalancerClass: "private" });
    expect(count(balancer)).toBe(1);
    expect(count(balancer, "private")).toBe(0);
    expect(count([...OPEN, httpRoute("eng-gateway", "private")], "private")).toBe(0);
    expect(count([...OPEN, httpRoute("eng-gateway", "private", "public")], "private")).toBe(1);
    // The component says exposed of any route.
    expect(count(withFacts(route, GATEWAY, { exposed: true }), "private")).toBe(0);
  });

  test("finds proxies, who ask nobody, unless they say otherwise", () => {
    const stack = [...proxyStack(), ingress("github-proxy")];
    expect(count(proxyStack())).toBe(0);
    expect(count(stack)).toBe(1);
    expect(count(withFacts(stack, "Deployment github-proxy", { incomingAuth: "jwt" }))).toBe(0);
  });

  test("judges ToolHive's gateway by its type of Service and routes to vmcp- and its name", () => {
    const server = (type: string | undefined, serviceType?: string) =>
      manifest("toolhive.stacklok.dev/v1beta1:VirtualMCPServer", "eng", {
        spec: {
          incomingAuth: type === undefined ? {} : { type },
          ...(serviceType !== undefined && { serviceType }),
        },
      });
    expect(count([server("anonymous")])).toBe(0);
    expect(count([server("anonymous", "ClusterIP")])).toBe(0);
    expect(count([server("anonymous", "LoadBalancer")])).toBe(1);
    expect(count([server("anonymous", "NodePort")])).toBe(1);
    expect(count([server("oidc", "LoadBalancer")])).toBe(0);
    expect(count([server("anonymous"), ingress("vmcp-eng")])).toBe(1);
    expect(count([server("anonymous"), ingress("eng")])).toBe(0);
    expect(count([server("oidc"), httpRoute("vmcp-eng")])).toBe(0);
    expect(judged(openGateway, [server(undefined)]).join()).toContain(
      "spec.incomingAuth.type is missing",
    );
    expect(judged(openGateway, [server("anonymous", UNKNOWN)]).join()).toContain(
      "spec.serviceType is not known",
    );
  });

  test("fails closed where the way in is not known, or nobody says who may call", () => {
    expect(judged(openGateway, balanced({ type: UNKNOWN })).join()).toContain(
      "spec.type is not known",
    );
    expect(judged(openGateway, [...OPEN, ingress(UNKNOWN)]).join()).toContain("is not known");
    const silent = withFacts(OPEN, GATEWAY, { incomingAuth: undefined });
    expect(judged(openGateway, silent).join()).toContain("mcp-fleet.dev/incoming-auth");
  });
});

describe("closed-ports", () => {
  const POLICY = "NetworkPolicy github-proxy";
  const stack = [...gatewayStack(), ...proxyStack()];
  const changed = (changes: Readonly<Record<string, Json | undefined>>) =>
    judged(closedPorts, edited(stack, POLICY, changes));

  test("finds proxies and gateways that no policy guards: 1 each", () => {
    expect(judged(closedPorts, without(stack, POLICY))).toEqual([
      expect.stringContaining("no NetworkPolicy restricts who may connect"),
    ]);
    const egressAlone = { "spec.policyTypes": ["Egress"] };
    expect(changed(egressAlone)).toHaveLength(1);
  });

  test.each([
    ["no peers", [{ from: [] }], 2],
    ["every namespace", [{ from: [{ namespaceSelector: {} }] }], 2],
    ["every address", [{ from: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }], 2],
    ["every namespace at one port", [{ ports: [{ port: 4483 }], from: [] }], 1],
    ["every namespace at the admin port by name", [{ ports: [{ port: "admin" }], from: [] }], 1],
    ["every namespace at a port of nobody", [{ ports: [{ port: 80 }], from: [] }], 0],
    [
      "Prometheus",
      [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { a: "b" } } }] }],
      0,
    ],
  ])("finds in the policy of a proxy, for %s: %j, so many faults: %i", (_, ingress, faults) => {
    expect(changed({ "spec.ingress": ingress })).toHaveLength(faults);
  });

  test("lets everyone call a gateway, which asks for tokens, and nobody its admin port", () => {
    const open = { "spec.ingress": [{ ports: [{ port: 4483 }] }] };
    expect(judged(closedPorts, edited(stack, "NetworkPolicy eng-gateway", open))).toEqual([]);
    const admin = { "spec.ingress": [{ ports: [{ port: 9090 }] }] };
    expect(judged(closedPorts, edited(stack, "NetworkPolicy eng-gateway", admin))).toHaveLength(1);
  });
});

describe("closed-metadata", () => {
  const to = (...egress: Json[]) =>
    judged(
      closedMetadata,
      edited(gatewayStack(), "NetworkPolicy eng-gateway", { "spec.egress": egress }),
    ).length;
  const block = (cidr: string, ...except: string[]) => ({ to: [{ ipBlock: { cidr, except } }] });

  test.each([
    ["everything", {}, 1],
    ["every address", block("0.0.0.0/0"), 1],
    ["half of all addresses", block("128.0.0.0/1"), 1],
    ["every address but others", block("0.0.0.0/0", "10.0.0.0/8"), 1],
    ["every address but link-local ones", block("0.0.0.0/0", "169.254.0.0/16"), 0],
    ["a private network", block("10.0.0.0/8"), 0],
    ["the service by its name", block("169.254.169.254/32"), 0],
    ["every pod", { to: [{ namespaceSelector: {} }] }, 0],
    ["DNS anywhere", { ports: [{ port: 53, protocol: "UDP" }] }, 0],
  ])("finds in a rule for %s: %j, so many faults: %i", (_, rule, faults) => {
    expect(to(rule)).toBe(faults);
  });

  test("finds a gateway whose egress nobody restricts", () => {
    const stack = without(gatewayStack(), "NetworkPolicy eng-gateway");
    expect(judged(closedMetadata, stack)).toHaveLength(1);
  });
});
