import { type Found, transportOf } from "../backend-entry.ts";
import type { KubeObject } from "../kube-object.ts";
import { LeftOut } from "../left-out.ts";
import { hostKind } from "../private-host.ts";

/** What a gateway would have to add to each request, or trust, and what to do meanwhile. */
const NOT_CARRIED_OVER = [
  ["externalAuthConfigRef", "it needs credentials"],
  ["headerForward", "it needs headers"],
  ["caBundleRef", "it needs a CA certificate"],
] as const;

/** A server elsewhere, which gateways call themselves. */
export function mcpServerEntry(object: KubeObject): Found {
  for (const [field, need] of NOT_CARRIED_OVER) {
    if (!object.has("spec", field)) continue;
    throw new LeftOut(
      `${need} (spec.${field}), which discovery does not carry over: list it under backends with its own settings`,
    );
  }
  const url = object.text("spec", "remoteUrl");
  if (url === undefined || !URL.canParse(url)) throw new LeftOut("spec.remoteUrl must be a URL");
  const mayBeInside = object.flag("spec", "allowPrivateEndpoint");
  if (hostKind(url) === "private" && !mayBeInside) {
    throw new LeftOut(
      "spec.remoteUrl is within the private network: set spec.allowPrivateEndpoint: true to allow that",
    );
  }
  const transport = transportOf(object, object.text("spec", "transport") ?? "streamable-http");
  return { url, type: "entry", ...(transport && { transport }) };
}
