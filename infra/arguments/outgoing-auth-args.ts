import type { Input } from "@pulumi/pulumi";
import type { BackendAuthType, ClientAuthMethod } from "./choices.ts";
import type { SecretKeyArgs } from "./session-storage-args.ts";

/** A token of the pods' service account, which kubelet renews. */
export interface ServiceAccountTokenArgs {
  /** Whom the token is for: the name of the MCP server as an audience. */
  audience: Input<string>;
  /** How long a token is good, in seconds. Default: 3600. */
  expirationSeconds?: number;
}

/** A header with a fixed value, such as an API key. One of headerValue, headerValueRef and headerValueFile is required. */
export interface HeaderInjectionArgs {
  /** The name of the header, such as Authorization or X-API-Key. */
  headerName: string;
  /** The value of the header; it is stored in a Secret next to the pods. Default: none. */
  headerValue?: Input<string>;
  /** An existing Secret with the value, instead of headerValue. Pods follow its changes. Default: none. */
  headerValueRef?: SecretKeyArgs;
  /** A file of the pods with the value, which podTemplate mounts, instead of headerValue. Pods follow its changes. Default: none. */
  headerValueFile?: string;
}

/** A token as it is. One of token, tokenRef, tokenFile and serviceAccountToken is required. */
export interface BearerTokenArgs {
  /** The token; it is stored in a Secret next to the pods. Default: none. */
  token?: Input<string>;
  /** An existing Secret with the token, instead of token. Pods follow its changes. Default: none. */
  tokenRef?: SecretKeyArgs;
  /** A file of the pods with the token, which podTemplate mounts, instead of token. Pods follow its changes. Default: none. */
  tokenFile?: string;
  /** A token of the pods' service account, instead of token, for servers that take the cluster for an issuer. Default: none. */
  serviceAccountToken?: ServiceAccountTokenArgs;
}

/** How the process authenticates as a client of an authorization server, and what it asks for there. */
export interface ClientCredentialsArgs {
  /** The token endpoint of the authorization server. */
  tokenUrl: Input<string>;
  /** Whether tokenUrl may be http on another host. Secrets and tokens can then be read on the way. Default: false. */
  insecureAllowHttp?: boolean;
  /** The issuer identifier of the authorization server, for the JWTs of private_key_jwt. Default: tokenUrl. */
  issuer?: Input<string>;
  /** The client id of the process at the authorization server. Required with a client secret or private key. */
  clientId?: Input<string>;
  /** How it authenticates there. Default: client_secret_basic. */
  clientAuth?: ClientAuthMethod;
  /** The client secret; it is stored in a Secret next to the pods. Default: none. */
  clientSecret?: Input<string>;
  /** An existing Secret with the client secret, instead of clientSecret. Pods follow its changes. Default: none. */
  clientSecretRef?: SecretKeyArgs;
  /** A file of the pods with the client secret, which podTemplate mounts, instead of clientSecret. Pods follow its changes. Default: none. */
  clientSecretFile?: string;
  /** The private key for private_key_jwt, as PEM (PKCS #8); it is stored in a Secret next to the pods. Default: none. */
  privateKey?: Input<string>;
  /** An existing Secret with the private key, instead of privateKey. Pods follow its changes. Default: none. */
  privateKeyRef?: SecretKeyArgs;
  /** A file of the pods with the private key, which podTemplate mounts, instead of privateKey. Pods follow its changes. Default: none. */
  privateKeyFile?: string;
  /** The audience of the requested token. Default: none. */
  audience?: Input<string>;
  /** The resource of the requested token, such as the URL of the backend. Default: none. */
  resource?: Input<string>;
  /** The scopes of the requested token. Default: none. */
  scopes?: string[];
}

/** How a client's token is exchanged for one that the backend accepts. */
export interface TokenExchangeArgs extends ClientCredentialsArgs {
  /** The type of the client's token: access_token, id_token, jwt, or the URN of one of these. Default: access_token. */
  subjectTokenType?: string;
  /** A page where people log in or give their consent for the backend. Default: none. */
  loginUrl?: Input<string>;
}

/** Which clients a role of AWS is for. Either claim or matcher is required. */
export interface AwsRoleMappingArgs {
  /** The role is for clients whose roleClaim is this value, or a list with it. Default: matcher decides. */
  claim?: string;
  /** The role is for clients whose claims fit this expression in CEL. Default: claim decides. */
  matcher?: string;
  /** The role. */
  roleArn: Input<string>;
  /** Of the roles that a client fits, the one with the lowest number is assumed. Default: after those with one, in the order of the list. */
  priority?: number;
}

/** Which role of AWS a token is exchanged for, and what is signed with its credentials. */
export interface AwsStsArgs {
  /** The region of the AWS security token service and of the server. */
  region: string;
  /** The service that the signatures are for. Default: aws-mcp. */
  service?: string;
  /** The role of clients that no entry of roleMappings fits. Default: they get no credentials. */
  fallbackRoleArn?: Input<string>;
  /** Which role which clients get. Default: fallbackRoleArn. */
  roleMappings?: AwsRoleMappingArgs[];
  /** The claim of the token that roleMappings[].claim is looked for in. Default: groups. */
  roleClaim?: string;
  /** How long credentials are good, in seconds. Default: 3600. */
  sessionDuration?: number;
  /** The claim that names the session. Default: sub. */
  sessionNameClaim?: string;
  /** A file of the pods with a token of their own, which podTemplate mounts; credentials are then the same for all clients. Default: each client's token is exchanged. */
  webIdentityTokenFile?: string;
  /** A token of the pods' service account, instead of webIdentityTokenFile. Default: none. */
  serviceAccountToken?: ServiceAccountTokenArgs;
  /** The URL of the security token service, such as a VPC endpoint. Default: that of the region. */
  stsUrl?: Input<string>;
  /** Whether stsUrl may be http on another host. Tokens and credentials can then be read on the way. Default: false. */
  insecureAllowHttp?: boolean;
}

/** How the clients' identity provider vouches for them at the authorization server of a backend: cross-app access (ID-JAG). */
export interface XaaArgs {
  /** The token endpoint of the clients' identity provider. */
  idpTokenUrl: Input<string>;
  /** The client id of the process there. Default: none. */
  idpClientId?: Input<string>;
  /** Its client secret there; it is stored in a Secret next to the pods. Default: none. */
  idpClientSecret?: Input<string>;
  /** An existing Secret with it, instead of idpClientSecret. Pods follow its changes. Default: none. */
  idpClientSecretRef?: SecretKeyArgs;
  /** A file of the pods with it, which podTemplate mounts, instead of idpClientSecret. Pods follow its changes. Default: none. */
  idpClientSecretFile?: string;
  /** The token endpoint of the backend's authorization server. */
  targetTokenUrl: Input<string>;
  /** Whether targetTokenUrl may be http on another host. Secrets and tokens can then be read on the way. Default: false. */
  insecureTargetTokenUrl?: boolean;
  /** The client id of the process there. Default: none. */
  targetClientId?: Input<string>;
  /** Its client secret there; it is stored in a Secret next to the pods. Default: none. */
  targetClientSecret?: Input<string>;
  /** An existing Secret with it, instead of targetClientSecret. Pods follow its changes. Default: none. */
  targetClientSecretRef?: SecretKeyArgs;
  /** A file of the pods with it, which podTemplate mounts, instead of targetClientSecret. Pods follow its changes. Default: none. */
  targetClientSecretFile?: string;
  /** The issuer identifier of the backend's authorization server: the assertion is for it alone. */
  targetAudience: Input<string>;
  /** The resource of the requested token, such as the URL of the backend. Default: none. */
  targetResource?: Input<string>;
  /** The scopes of the requested token. Default: none. */
  scopes?: string[];
  /** The type of the client's token: access_token, id_token, jwt, or the URN of one of these. Default: access_token. */
  subjectTokenType?: string;
  /** A page where people log in or give their consent for the backend. Default: none. */
  loginUrl?: Input<string>;
}

/** How requests to a backend are authenticated. */
export interface BackendAuthArgs {
  /** As whom: nobody, by a header or token of the process, by a token that it gets for itself, by one that it gets for the client's, or by signatures of AWS. */
  type: BackendAuthType;
  /** The header. Required with type header_injection. */
  headerInjection?: HeaderInjectionArgs;
  /** The token. Required with type bearer_token. */
  bearerToken?: BearerTokenArgs;
  /** Where tokens of the process are got. Required with type client_credentials. */
  clientCredentials?: ClientCredentialsArgs;
  /** Where tokens of clients are exchanged. Required with type token_exchange. */
  tokenExchange?: TokenExchangeArgs;
  /** The role of AWS. Required with type aws_sts. */
  awsSts?: AwsStsArgs;
  /** The two authorization servers. Required with type xaa. */
  xaa?: XaaArgs;
}

/** How requests to backends are authenticated. */
export interface OutgoingAuthArgs {
  /** The strategy of backends without their own. Default: not at all. */
  default?: BackendAuthArgs;
  /** The strategy of each backend, by its name. Default: none. */
  backends?: Record<string, BackendAuthArgs>;
}
