import { bytes } from "@mcp-fleet/contract";
import { InputPropertiesError } from "@pulumi/pulumi";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { millicores } from "../../infra/process/quantity.ts";
import {
  type Declared,
  declare,
  NAMESAKES,
  overridden,
  program,
} from "../../testkit/pulumi/component-arbitraries.ts";
import { POD } from "../../testkit/pulumi/components.ts";
import type { RecordedResource } from "../../testkit/pulumi/recorded-resource.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";
import { argumentTypes } from "../../tools/docs/component-arguments.ts";

/** A component of a stack, as it was declared and as it was registered. */
type Registered = Declared & {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly children: readonly RecordedResource[];
};

const isWorkload = ({ kind }: RecordedResource) => kind === "Deployment" || kind === "StatefulSet";
const isKubernetes = ({ type }: RecordedResource) => type.startsWith("kubernetes:");

/** The name in the cluster; where the provider completes it, what comes before that. */
const nameOf = (child: RecordedResource) => String(child.at("metadata.name") ?? child.name);

function registered(stack: RecordedStack, declared: readonly Declared[]): Registered[] {
  return declared.map((one) => ({
    ...one,
    facts: stack.one(one.component, one.name).inputs,
    children: stack.resources.filter(({ parent }) =>
      parent.endsWith(`mcp-fleet:index:${one.component}::${one.name}`),
    ),
  }));
}

/** Makes up programs and judges what each registers. */
function everyProgram(judge: (components: readonly Registered[], stack: RecordedStack) => void) {
  return fc.assert(
    fc.asyncProperty(program, async (declared) => {
      const stack = await RecordedStack.of(() => declared.forEach((one) => void declare(one)));
      judge(registered(stack, declared), stack);
    }),
    { numRuns: 10, examples: [[NAMESAKES]] },
  );
}

describe("in 10 made-up stacks of 1 to 3 components, each resource", () => {
  test("is a child of its component, in its namespace, with its 4 labels", () =>
    everyProgram((components, { resources }) => {
      const children = components.flatMap((component) => component.children);
      expect(children).toHaveLength(resources.length - components.length - 1);
      for (const { name, args, children: own } of components) {
        for (const child of own.filter(isKubernetes)) {
          const part = /^-(gateway|proxy|server|redis|sentinel)/.exec(
            child.name.slice(name.length),
          );
          expect(child.map("metadata")).toMatchObject({
            namespace: args.namespace ?? "default",
            labels: {
              "app.kubernetes.io/name": "mcp-fleet",
              "app.kubernetes.io/instance": args.name ?? name,
              "app.kubernetes.io/component": part?.[1],
              "app.kubernetes.io/managed-by": "pulumi",
            },
          });
        }
      }
    }));

  test("has a URN and a name of its own, which is a DNS name of at most 63 characters", () =>
    everyProgram((_, { resources }) => {
      const urns = resources.map(({ urn }) => urn);
      expect(urns).toEqual([...new Set(urns)]);
      const named = resources.filter(isKubernetes);
      for (const child of named) {
        expect(nameOf(child)).toMatch(/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
        // Kubernetes puts an ordinal or a revision of 10 characters behind the name, in a label.
        if (isWorkload(child)) expect(nameOf(child).length).toBeLessThanOrEqual(63 - 11);
      }
      const places = named.map(
        (child) => `${child.kind} ${child.at("metadata.namespace")}/${nameOf(child)}`,
      );
      expect(places).toEqual([...new Set(places)]);
    }));

  test("that selects pods selects those of one workload, by labels that no argument changes", () =>
    everyProgram((_, { resources }) => {
      const workloads = resources.filter(isWorkload);
      for (const resource of resources) {
        const selector = selectorOf(resource);
        if (selector === undefined) continue;
        const { "statefulset.kubernetes.io/pod-name": _pod, ...rest } = selector;
        expect(Object.keys(rest).sort()).toEqual([
          "app.kubernetes.io/component",
          "app.kubernetes.io/instance",
          "app.kubernetes.io/name",
        ]);
        const selected = workloads.filter((workload) => matches(podLabels(workload), rest));
        expect(selected.map(({ name }) => name)).toEqual([workloadOf(resource)]);
      }
    }));

  test("that runs pods says in its annotations, and not in theirs, what its component was planned with", () =>
    everyProgram((components) => {
      for (const component of components) {
        for (const workload of component.children.filter(isWorkload)) {
          expect(factAnnotations(workload, "metadata")).toEqual(factsOf(component, workload));
          const { configurationChecksum: _, ...ofPods } = factAnnotations(
            workload,
            "spec.template.metadata",
          );
          expect(ofPods).toEqual({});
        }
      }
    }));
});

describe("40 made-up components with sizes of the user's", () => {
  test("are refused by the names of their arguments, or have requests, limits and time to end", () =>
    fc.assert(
      fc.asyncProperty(overridden, async (declared) => {
        let refused: unknown;
        const stack = await RecordedStack.of(() => {
          try {
            declare(declared);
          } catch (error) {
            refused = error;
          }
        });
        if (refused !== undefined) {
          expect(stack.resources).toHaveLength(1);
          expectNamed(refused, declared);
          return;
        }
        for (const workload of stack.resources.filter(isWorkload)) {
          for (const index of workload.list(`${POD}.containers`).keys()) {
            expectSized(workload, `${POD}.containers.${index}`);
          }
          expectTimeToEnd(workload, declared);
        }
      }),
      { numRuns: 40 },
    ));
});

/** By which it finds pods; undefined where it looks for none. */
function selectorOf(resource: RecordedResource): Readonly<Record<string, unknown>> | undefined {
  switch (resource.kind) {
    case "Service":
      return resource.map("spec.selector");
    case "Deployment":
    case "StatefulSet":
    case "PodDisruptionBudget":
      return resource.map("spec.selector.matchLabels");
    case "NetworkPolicy":
      return resource.map("spec.podSelector.matchLabels");
    default:
      return undefined;
  }
}

const podLabels = (workload: RecordedResource) => workload.map("spec.template.metadata.labels");

/** Whose pods a resource is for, by its name: before `a-redis-0` and `a-gateway-admin` stand those of a workload. */
const workloadOf = ({ name }: RecordedResource) => name.replace(/-(?:\d|admin|metrics)$/, "");

function matches(
  labels: Readonly<Record<string, unknown>>,
  selector: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/**
 * The facts of a workload: of a server its own, those of its proxies stand in them under proxy; of Sentinels those of
 * their servers, but for their role and their grace.
 */
function factsOf({ component, facts }: Registered, workload: RecordedResource): unknown {
  const { proxy, ...own } = facts;
  if (component === "McpServer" && workload.name.endsWith("-proxy")) return proxy;
  if (!workload.name.endsWith("-sentinel")) return own;
  const graceSeconds = workload.at(`${POD}.terminationGracePeriodSeconds`);
  return { ...own, role: "sentinel", graceSeconds };
}

/** The annotations of ours, as the facts that they were: `mcp-fleet.dev/grace-seconds` is `graceSeconds`. */
function factAnnotations(workload: RecordedResource, where: string): Record<string, unknown> {
  const ours = Object.entries(workload.map(`${where}.annotations`)).filter(([key]) =>
    key.startsWith("mcp-fleet.dev/"),
  );
  return Object.fromEntries(
    ours.map(([key, text]) => {
      const [, name = ""] = key.split("/");
      const fact = name.replaceAll(/-[a-z]/g, (dashed) => dashed.slice(1).toUpperCase());
      return [fact, parsed(String(text))];
    }),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Every fault is of an argument that the component has, and stands in the message. */
function expectNamed(refused: unknown, { component, name }: Declared): void {
  if (!(refused instanceof InputPropertiesError)) throw refused;
  const known = argumentTypes(component).flatMap(({ paths, arguments: members }) =>
    [...paths.map((path) => `${path}.`), ...(paths.length === 0 ? [""] : [])].flatMap((path) =>
      members.map((member) => path + member.name),
    ),
  );
  expect(refused.message).toContain(`${component} "${name}"`);
  for (const { propertyPath, reason } of refused.errors) {
    expect(known).toContain(propertyPath);
    expect(refused.message).toContain(`  ${propertyPath}: ${reason}`);
  }
}

function expectSized(workload: RecordedResource, container: string): void {
  const { requests, limits } = Object(workload.at(`${container}.resources`));
  expect(bytes(requests.memory)).toBeGreaterThan(0);
  expect(bytes(limits.memory)).toBeGreaterThanOrEqual(bytes(requests.memory));
  expect(millicores(requests.cpu)).toBeGreaterThan(0);
  expect(millicores(limits.cpu ?? requests.cpu)).toBeGreaterThanOrEqual(millicores(requests.cpu));
}

/** Whoever accepts a risk may have less than the plan, and never less than what comes before SIGTERM. */
function expectTimeToEnd(workload: RecordedResource, { args }: Declared): void {
  const facts = factAnnotations(workload, "metadata");
  const { preStopSeconds = 0, lingerSeconds = 0, drainSeconds = 0, closeSeconds = 0 } = facts;
  const parts = [preStopSeconds, lingerSeconds, drainSeconds, closeSeconds].map(Number);
  const grace = workload.number(`${POD}.terminationGracePeriodSeconds`);
  expect(facts.graceSeconds).toBe(grace);
  expect(grace).toBeGreaterThan(Number(preStopSeconds));
  if (args.acceptRisks?.belowPlan !== undefined) return;
  expect(grace).toBeGreaterThanOrEqual(parts.reduce((sum, part) => sum + part));
}
