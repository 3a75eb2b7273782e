import type { Principal } from "../../sessions/principal.ts";
import type { Interceptor } from "../call.ts";

/** Who exchanges clients' tokens for those of backends. */
export interface Subjects {
  /** A principal has called with this `Authorization`. */
  note(principal: Principal, authorization: string | undefined): void;
}

/** Has the token at hand that came with each call, for the requests to backends that it causes. */
export function noteSubjects(subjects: Subjects): Interceptor {
  return (call, next) => {
    subjects.note(call.context.principal, call.context.authorization);
    return next(call);
  };
}
