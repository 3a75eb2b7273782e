import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import {
  allowInsecureRequests,
  ClientSecretBasic,
  clientCredentialsGrantRequest,
  type DPoPHandle,
  discoveryRequest,
  processClientCredentialsResponse,
  processDiscoveryResponse,
} from "oauth4webapi";
import Provider from "oidc-provider";

export interface GrantOptions {
  /** Default: the one of `OidcProvider`. */
  readonly audience?: string;
  readonly scope?: string;
  /** Binds the token to a key. */
  readonly dpop?: DPoPHandle;
}

/** A certified OpenID provider on a free port, with a client for machines and one for the gateway. */
export class OidcProvider {
  static readonly AUDIENCE = "https://gateway.example.com/mcp";
  /** Tokens for this audience say nothing to whoever reads them. */
  static readonly OPAQUE_AUDIENCE = "https://gateway.example.com/opaque";
  static readonly GATEWAY = { id: "gateway", secret: "secret-of-the-gateway" } as const;
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(): Promise<OidcProvider> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port to listen on");
    const url = `http://127.0.0.1:${address.port}`;
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const key = { ...(await exportJWK(privateKey)), alg: "ES256", use: "sig", kid: "one" };
    server.on("request", new Provider(url, configurationWith(key)).callback());
    return new OidcProvider(server, url);
  }

  /** An access token of the machine's client, by the client credentials grant. */
  async token({ audience, scope = "mcp:tools", dpop }: GrantOptions = {}): Promise<string> {
    const insecure = { [allowInsecureRequests]: true };
    const issuer = new URL(this.url);
    const found = await discoveryRequest(issuer, insecure);
    const server = await processDiscoveryResponse(issuer, found);
    const client = { client_id: MACHINE.id };
    const parameters = { scope, resource: audience ?? OidcProvider.AUDIENCE };
    const ask = () =>
      clientCredentialsGrantRequest(server, client, ClientSecretBasic(MACHINE.secret), parameters, {
        ...insecure,
        ...(dpop && { DPoP: dpop }),
      });
    const granted = await processClientCredentialsResponse(server, client, await ask());
    return granted.access_token;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

const MACHINE = { id: "machine", secret: "secret-of-the-machine" } as const;

function configurationWith(key: object): Readonly<Record<string, unknown>> {
  const client = ({ id, secret }: { readonly id: string; readonly secret: string }) => ({
    client_id: id,
    client_secret: secret,
    grant_types: ["client_credentials"],
    response_types: [],
    redirect_uris: [],
  });
  return {
    jwks: { keys: [key] },
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    clients: [client(MACHINE), client(OidcProvider.GATEWAY)],
    scopes: ["mcp:tools", "mcp:admin"],
    ttl: { ClientCredentials: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: unknown, audience: string) => ({
          scope: "mcp:tools mcp:admin",
          audience,
          accessTokenTTL: 600,
          accessTokenFormat: audience === OidcProvider.OPAQUE_AUDIENCE ? "opaque" : "jwt",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  };
}
