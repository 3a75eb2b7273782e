import type { Section } from "@mcp-fleet/contract";
import type { Given } from "../given.ts";
import { ownValue } from "../own-value.ts";
import type { Reading } from "../reading.ts";
import { type SecretVariable, withVariables } from "./external-auth-config.ts";

/** Names that differ between an MCPOIDCConfig and `incomingAuth.oidc` of a vmcp.yaml. */
const NAMES: Readonly<Record<string, string>> = {
  jwksAllowPrivateIP: "jwksAllowPrivateIp",
  protectedResourceAllowPrivateIP: "protectedResourceAllowPrivateIp",
  insecureAllowHTTP: "insecureAllowHttp",
  thvCABundlePath: "caBundlePath",
  caBundleRef: "caBundlePath",
};

/** Where the gateway finds the CA of an issuer that a ConfigMap has. */
const ISSUER_CA = "/etc/mcp-fleet/issuer-ca";

export interface Login {
  /** `incomingAuth.oidc`. */
  readonly oidc: Section;
  readonly secrets: readonly SecretVariable[];
}

/** The login of a VirtualMCPServer's clients, which an MCPOIDCConfig and the reference to it say together. */
export function loginOf(given: Given, from: Reading): Login | undefined {
  const field = "spec.incomingAuth.oidcConfigRef";
  const inline = from.section("spec.incomingAuth.oidcConfig.inline");
  if (inline) return sharedLogin(from, inline, {});
  const config = given.follow(
    from,
    field,
    "MCPOIDCConfig",
    { topic: "identity", why: "who may call is unknown", fix: "" },
    "incomingAuth",
  );
  if (config === undefined) return undefined;
  const { name: _, resourceUrl, ...own } = from.section(field) ?? {};
  const reference = { ...own, ...(resourceUrl !== undefined && { resource: resourceUrl }) };
  const type = config.text("spec.type") ?? "inline";
  config.taken("spec.type");
  const shared = config.section(["spec", type]) ?? {};
  config.taken(["spec", type]);
  if (type === "kubernetesServiceAccount") {
    const {
      serviceAccount: _account,
      namespace: _namespace,
      useClusterAuth: _auth,
      ...rest
    } = shared;
    const why =
      "who the subject of a token is, and how the cluster's keys are read, is not checked";
    for (const key of ["serviceAccount", "namespace", "useClusterAuth"]) {
      config.left(
        ["spec", type, key],
        { topic: "identity", why, fix: "use an issuer that clients log in at" },
        "incomingAuth",
      );
    }
    return sharedLogin(config, { issuer: "https://kubernetes.default.svc", ...rest }, reference);
  }
  return sharedLogin(config, shared, reference);
}

function sharedLogin(config: Reading, shared: Section, reference: Section): Login {
  const secrets: SecretVariable[] = [];
  const plain = Object.entries(withVariables(shared, config.name, secrets)).filter(
    // Relaxations that are off say nothing.
    ([, value]) => value !== false,
  );
  const oidc = Object.fromEntries(
    plain.map(([key, value]) => [
      ownValue(NAMES, key) ?? key,
      key === "caBundleRef" ? `${ISSUER_CA}/ca.crt` : value,
    ]),
  );
  return { oidc: { ...oidc, ...reference }, secrets };
}
