import type { Input } from "@pulumi/pulumi";
import type { TokenType } from "./choices.ts";
import type { SecretKeyArgs } from "./session-storage-args.ts";

/** A further issuer whose tokens are accepted. */
export interface OidcIssuerArgs {
  /** The issuer: the iss claim of its tokens, and where its metadata is found. */
  issuer: Input<string>;
  /** The audience of its tokens. Default: the audience of the first issuer. */
  audience?: Input<string>;
  /** The client id of the gateway at the issuer, for back-channel logout. Default: none. */
  clientId?: Input<string>;
  /** The URL of the issuer's public keys. Default: the jwks_uri of its metadata. */
  jwksUrl?: Input<string>;
  /** Whether the issuer's metadata and keys may be at private addresses, such as those of a cluster. Default: false. */
  jwksAllowPrivateIp?: boolean;
  /** Whether the issuer's URLs may be http. For development. Default: false. */
  insecureAllowHttp?: boolean;
}

/** Which tokens are accepted, with type oidc. */
export interface OidcArgs {
  /** The issuer: the iss claim of its tokens, and where its metadata is found. */
  issuer: Input<string>;
  /** The audience of accepted tokens, which their aud claim must contain. */
  audience: Input<string>;
  /** The URL of the MCP endpoint as clients use it. Default: audience, if that is a URL. */
  resource?: Input<string>;
  /** The scopes that clients are told to request. A token must have each of them, except those about the user, such as openid. Default: none. */
  scopes?: string[];
  /** The client id of the gateway at the issuer, for introspection and back-channel logout. Default: none. */
  clientId?: Input<string>;
  /** The client secret, for the introspection of tokens that are no JWT. It is kept in a Secret. Default: none. */
  clientSecret?: Input<string>;
  /** An existing Secret with the client secret, instead of clientSecret. Default: none. */
  clientSecretRef?: SecretKeyArgs;
  /** The URL of the issuer's public keys. Default: the jwks_uri of its metadata. */
  jwksUrl?: Input<string>;
  /** The URL where tokens that are no JWT are introspected. Default: the introspection_endpoint of the issuer's metadata, with a client secret. */
  introspectionUrl?: Input<string>;
  /** The CA certificates for requests to issuers, as PEM. Default: those of the image. */
  caBundle?: Input<string>;
  /** Whether the issuer's metadata and keys may be at private addresses, such as those of a cluster. Default: false. */
  jwksAllowPrivateIp?: boolean;
  /** The same for every request to the issuer, introspection included. Default: false. */
  protectedResourceAllowPrivateIp?: boolean;
  /** Whether the issuer's URLs may be http. For development. Default: false. */
  insecureAllowHttp?: boolean;
  /** The maximum clock difference to the issuer. Default: 30s. */
  clockTolerance?: string;
  /** Which typ header of a JWT is accepted. Default: any. */
  tokenType?: TokenType;
  /** Whether every token must be bound to a key that its client proves to have (DPoP). Default: false. */
  dpopRequired?: boolean;
  /** Whether issuers may end a user's sessions by OpenID Connect Back-Channel Logout. Default: false. */
  backchannelLogout?: boolean;
  /** The maximum size of the verified tokens that a pod remembers, and of as many bytes of proofs. Default: 16Mi. */
  cacheBytes?: string;
  /** Further issuers whose tokens are accepted. Default: none. */
  moreIssuers?: OidcIssuerArgs[];
}
