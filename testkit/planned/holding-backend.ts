import { type BackendAnswer, CountingBackend } from "../servers/counting-backend.ts";

/** What a call of `echo` says first to be kept waiting, and to let all go that wait. */
export const HOLD = "hold";
export const RELEASE = "release";

if (import.meta.main) {
  let gate = Promise.withResolvers<undefined>();
  const answer = ({ body }: { readonly body: string }): Promise<BackendAnswer | undefined> => {
    if (body.includes(`"${HOLD}`)) return gate.promise;
    if (body.includes(`"${RELEASE}"`)) {
      gate.resolve(undefined);
      gate = Promise.withResolvers();
    }
    return Promise.resolve(undefined);
  };
  const { url } = await CountingBackend.start({ answer, keepAliveSeconds: 600 });
  process.stdout.write(`${url}\n`);
}
