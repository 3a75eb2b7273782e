import type { Fields } from "../stack/fields.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import { goDuration } from "./go-duration.ts";

/** ToolHive's `defaultStepTimeout`: for a step with its retries, and for a forEach with all of its items. */
export const STEP_SECONDS = 300;
/** ToolHive's `maxElicitationTimeout`: the longest wait for a user's answer. */
export const ELICITATION_SECONDS = 600;
/** ToolHive's `defaultMaxParallelSteps`: for the steps of a level, and for the items of a forEach. */
export const PARALLEL = 10;
/** ToolHive's `runtimeMaxParallel`. */
const MAX_PARALLEL = 50;
/** ToolHive's `defaultMaxIterations` and `MaxForEachIterations`. */
const ITERATIONS = 100;
const MAX_ITERATIONS = 1000;
/** ToolHive's `maxRetryCount`, and its delay before the first retry. */
const MAX_RETRIES = 10;
const RETRY_SECONDS = 1;

/** A forEach: the items of a collection, some of them concurrently. */
export interface Loop {
  readonly items: number;
  readonly parallel: number;
  /** How many rounds of parallel items there are. */
  readonly rounds: number;
  /** The timeout of one call; undefined where the stack does not set it. */
  readonly callSeconds: number | undefined;
  /** Attempts after the first one. */
  readonly retries: number;
  readonly retrySeconds: number;
}

/** A step of a ToolHive workflow: a call, an elicitation, or a call for each item of a collection. */
export class WorkflowStep {
  readonly #fields: Fields;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  get path(): string {
    return this.#fields.path;
  }

  get id(): string {
    const id = this.#fields.at("id").text();
    if (id !== undefined) return id;
    throw Unjudgeable.missing(this.#fields.at("id").path, "add it");
  }

  get dependsOn(): string[] {
    return this.#fields
      .at("dependsOn")
      .items()
      .flatMap((id) => id.text() ?? []);
  }

  /** The timeout after which ToolHive cancels the step with its retries and items. */
  get timeoutSeconds(): number {
    const seconds = goDuration(this.#fields.at("timeout")) ?? STEP_SECONDS;
    return this.#type === "elicitation" ? Math.min(seconds, ELICITATION_SECONDS) : seconds;
  }

  /** Undefined where the step is not a forEach. */
  get loop(): Loop | undefined {
    if (this.#type !== "forEach") return undefined;
    const inner = this.#fields.at("step");
    const items = limited(this.#fields.at("maxIterations"), ITERATIONS, MAX_ITERATIONS);
    const parallel = limited(this.#fields.at("maxParallel"), PARALLEL, MAX_PARALLEL);
    const onError = inner.at("onError");
    const isRetried = onError.at("action").text() === "retry";
    return {
      items,
      parallel,
      rounds: Math.ceil(items / parallel),
      callSeconds: goDuration(inner.at("timeout")),
      retries: isRetried ? Math.min(onError.at("retryCount").number() ?? 0, MAX_RETRIES) : 0,
      retrySeconds: goDuration(onError.at("retryDelay")) ?? RETRY_SECONDS,
    };
  }

  /** The tool that it calls, by its name at the gateway; undefined for an elicitation. */
  get tool(): string | undefined {
    if (this.#type === "elicitation") return undefined;
    return this.#fields.at(this.#type === "forEach" ? "step.tool" : "tool").text();
  }

  get #type(): string {
    return this.#fields.at("type").text() ?? "tool";
  }
}

/** A number with ToolHive's default where it is 0, limited to ToolHive's maximum. */
function limited(field: Fields, fallback: number, max: number): number {
  const number = field.number() ?? 0;
  return Math.min(number > 0 ? number : fallback, max);
}
