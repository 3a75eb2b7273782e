import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { BackchannelLogout } from "../auth/backchannel-logout.ts";

/** Where issuers send logout tokens to. */
export const LOGOUT_PATH = "/oidc/backchannel-logout";

/** The longest form with a logout token. */
const FORM_BYTES = 16 * 2 ** 10;

interface LogoutParts {
  readonly endSessions: (owner: string) => Promise<number>;
  readonly log: Logger;
}

/** OpenID Connect Back-Channel Logout: an issuer says that a user has logged out, and its token is its credential. */
export function addLogout(
  mcp: FastifyInstance,
  logout: BackchannelLogout | undefined,
  { endSessions, log }: LogoutParts,
): void {
  if (logout === undefined) return;
  mcp.register((form, _options, done) => {
    form.removeAllContentTypeParsers();
    form.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit: FORM_BYTES },
      (_request, body, parsed) => parsed(null, new URLSearchParams(String(body))),
    );
    form.post<{ Body: unknown }>(LOGOUT_PATH, async ({ body }, reply) => {
      reply.header("cache-control", "no-store");
      const [token, ...more] = body instanceof URLSearchParams ? body.getAll("logout_token") : [];
      const refuse = (description: string) =>
        reply.code(400).send({ error: "invalid_request", error_description: description });
      if (token === undefined || more.length > 0)
        return await refuse("one logout_token is required");
      const outcome = await logout.logOut(token, endSessions);
      if (outcome.refused !== undefined) {
        log.info({ reason: outcome.refused }, "a logout token is refused");
        return await refuse(outcome.refused);
      }
      log.info({ audit: true, ...outcome }, "an issuer has logged out a user");
      return await reply.code(200).send();
    });
    done();
  });
}
