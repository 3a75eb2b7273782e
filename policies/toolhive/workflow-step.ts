import type { Fields } from "../stack/fields.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import { goDuration } from "./go-duration.ts";

/** ToolHive's `defaultStepTimeout`: of a step with its retries, and of a forEach with all of its items. */
export const STEP_SECONDS = 300;
/** ToolHive's `maxElicitationTimeout`: nobody is waited for any longer. */
export const ELICITATION_SECONDS = 600;
/** ToolHive's `defaultMaxParallelSteps`: of the steps of a level, and of the items of a forEach. */
export const PARALLEL = 10;
/** ToolHive's `runtimeMaxParallel`. */
const MOST_PARALLEL = 50;
/** ToolHive's `defaultMaxIterations` and `MaxForEachIterations`. */
const ITERATIONS = 100;
const MOST_ITERATIONS = 1000;
/** ToolHive's `maxRetryCount`, and its delay before the first retry. */
const MOST_RETRIES = 10;
const RETRY_SECONDS = 1;

/** The items of a collection, some of them at a time. */
export interface Loop {
  readonly items: number;
  readonly parallel: number;
  /** How often the parallel ones have to take turns. */
  readonly rounds: number;
  /** The longest that the stack says of one call; undefined where it does not. */
  readonly callSeconds: number | undefined;
  /** Attempts after the first one. */
  readonly retries: number;
  readonly retrySeconds: number;
}

/** A step of a workflow of ToolHive's: a call, a question to the user, or calls for each item of a collection. */
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
    throw Unjudgeable.missing(this.#fields.at("id").path, "write one");
  }

  get dependsOn(): string[] {
    return this.#fields
      .at("dependsOn")
      .items()
      .flatMap((id) => id.text() ?? []);
  }

  /** After this long ToolHive cuts the step, its retries and its items. */
  get timeoutSeconds(): number {
    const seconds = goDuration(this.#fields.at("timeout")) ?? STEP_SECONDS;
    return this.#type === "elicitation" ? Math.min(seconds, ELICITATION_SECONDS) : seconds;
  }

  /** Undefined where it is no forEach. */
  get loop(): Loop | undefined {
    if (this.#type !== "forEach") return undefined;
    const inner = this.#fields.at("step");
    const items = limited(this.#fields.at("maxIterations"), ITERATIONS, MOST_ITERATIONS);
    const parallel = limited(this.#fields.at("maxParallel"), PARALLEL, MOST_PARALLEL);
    const onError = inner.at("onError");
    const isRetried = onError.at("action").text() === "retry";
    return {
      items,
      parallel,
      rounds: Math.ceil(items / parallel),
      callSeconds: goDuration(inner.at("timeout")),
      retries: isRetried ? Math.min(onError.at("retryCount").number() ?? 0, MOST_RETRIES) : 0,
      retrySeconds: goDuration(onError.at("retryDelay")) ?? RETRY_SECONDS,
    };
  }

  /** The tool that it calls, by the name that the gateway gives it; undefined where it asks the user. */
  get tool(): string | undefined {
    if (this.#type === "elicitation") return undefined;
    return this.#fields.at(this.#type === "forEach" ? "step.tool" : "tool").text();
  }

  get #type(): string {
    return this.#fields.at("type").text() ?? "tool";
  }
}

/** ToolHive takes 0 for its default, and never more than the most. */
function limited(field: Fields, fallback: number, most: number): number {
  const number = field.number() ?? 0;
  return Math.min(number > 0 ? number : fallback, most);
}
