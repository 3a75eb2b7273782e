import type { Fields } from "../stack/fields.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Resource } from "../stack/resource.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import { goDuration } from "./go-duration.ts";
import { WorkflowStep } from "./workflow-step.ts";

/** ToolHive's `defaultWorkflowTimeout`. */
const WORKFLOW_SECONDS = 1800;

const DEFINITION = "VirtualMCPCompositeToolDefinition";

/** A ToolHive workflow, also called a composite tool. */
export class Workflow {
  readonly #fields: Fields;

  private constructor(fields: Fields) {
    this.#fields = fields;
  }

  /** The workflows of a resource: a VirtualMCPServer, or a definition of one workflow. */
  static in({ kind, fields }: Resource): Workflow[] {
    if (kind === DEFINITION) return [new Workflow(fields.at("spec"))];
    return fields
      .at("spec.config.compositeTools")
      .items()
      .map((tool) => new Workflow(tool));
  }

  /** The workflows that a VirtualMCPServer runs: its own, and the definitions of the stack that it references. */
  static runBy(server: Resource, fleet: Fleet): Workflow[] {
    const references = server.fields.at("spec.config.compositeToolRefs").items();
    const names = new Set(references.map((reference) => reference.at("name").text()));
    const named = definitions(fleet).filter(
      ({ name, namespace }) => namespace === server.namespace && names.has(name),
    );
    return [server, ...named].flatMap((resource) => Workflow.in(resource));
  }

  /** The resources of a stack that contain workflows. */
  static holders(fleet: Fleet): Resource[] {
    const servers = fleet.toolHiveServers.filter(({ kind }) => kind === "VirtualMCPServer");
    return [...servers.map(({ resource }) => resource), ...definitions(fleet)];
  }

  get name(): string {
    return this.#fields.at("name").text() ?? this.#fields.path;
  }

  get timeoutSeconds(): number {
    return goDuration(this.#fields.at("timeout")) ?? WORKFLOW_SECONDS;
  }

  /** The steps by level: those of a level run concurrently, after all steps of the previous level. */
  get levels(): WorkflowStep[][] {
    const done = new Set<string>();
    const levels: WorkflowStep[][] = [];
    let rest = this.steps;
    while (rest.length > 0) {
      const level = rest.filter(({ dependsOn }) => dependsOn.every((id) => done.has(id)));
      if (level.length === 0) {
        const ids = rest.map(({ id }) => id).join(", ");
        throw new Unjudgeable(
          `workflow ${this.name}: the steps ${ids} depend on each other, or on steps that do not exist`,
        );
      }
      for (const { id } of level) done.add(id);
      rest = rest.filter(({ id }) => !done.has(id));
      levels.push(level);
    }
    return levels;
  }

  get steps(): WorkflowStep[] {
    return this.#fields
      .at("steps")
      .items()
      .map((step) => new WorkflowStep(step));
  }
}

const definitions = (fleet: Fleet): Resource[] =>
  fleet.ofKind(DEFINITION).filter(({ group }) => group === "toolhive.stacklok.dev");
