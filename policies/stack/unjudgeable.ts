/**
 * What a policy needs cannot be read: it is not known before the update, or it is not there. A policy that lets this
 * pass would fail open, so each resource of which it happens is a violation, with what to write.
 */
export class Unjudgeable extends Error {
  override readonly name = "Unjudgeable";

  /** A property that depends on what the update makes: `spec.replicas`. */
  static unknown(path: string): Unjudgeable {
    return new Unjudgeable(
      `${path} is not known before the update, so it cannot be judged: write a plain value`,
    );
  }

  /** A property that is not there, with what to write. */
  static missing(path: string, fix: string): Unjudgeable {
    return new Unjudgeable(`${path} is not there, so this cannot be judged: ${fix}`);
  }
}
