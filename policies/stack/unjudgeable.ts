/**
 * A value that a policy needs cannot be read: it is missing, or not known before the update. A policy that let this
 * pass would fail open, so each such resource is a violation, with its fix.
 */
export class Unjudgeable extends Error {
  override readonly name = "Unjudgeable";

  /** A property that is not known before the update, such as `spec.replicas`. */
  static unknown(path: string): Unjudgeable {
    return new Unjudgeable(
      `${path} is not known before the update, so it cannot be checked; use a plain value`,
    );
  }

  /** A missing property, with its fix. */
  static missing(path: string, fix: string): Unjudgeable {
    return new Unjudgeable(`${path} is missing, so this cannot be checked; ${fix}`);
  }
}
