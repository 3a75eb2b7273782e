import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import { ToolHiveServer } from "../stack/toolhive-server.ts";
import type { Workload } from "../stack/workload.ts";
import { allContainers } from "./all-containers.ts";

const DIGEST = /@sha256:[0-9a-f]{64}$/;

export const pinnedImages = policy<Workload | ToolHiveServer>({
  name: "pinned-images",
  level: "advisory",
  advisoryBecause:
    "with a registry whose tags are immutable, a tag is as good as a digest, and the stack does not show which kind it is",
  isLocal: true,
  rule: "Images are pinned by digest.",
  prevents:
    "A tag moves while pods are starting: half of the gateways run another version, and a rollback pulls the new one",
  source: "Kubernetes: each node resolves a tag when it pulls the image; a digest never changes",
  remediation:
    "Append @sha256: and the digest, which docker buildx imagetools inspect prints. The tag may stay in front of it.",
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.spec.containers[0].image": "registry.example.com/mcp-fleet:1.0.0",
    }),
    says: "spec.template.spec.containers[0].image is registry.example.com/mcp-fleet:1.0.0",
  },
  subjects: ({ workloads, toolHiveServers }) => [...workloads, ...toolHiveServers],
  *judge(subject) {
    for (const image of images(subject)) {
      const name = image.text();
      if (name === undefined || DIGEST.test(name)) continue;
      yield `${image.path} is ${name}, which may be another image tomorrow; append @sha256: and its digest`;
    }
  },
});

function images(subject: Workload | ToolHiveServer): Fields[] {
  if (!(subject instanceof ToolHiveServer)) return imagesOf(subject.podSpec);
  return [subject.spec.at("image"), ...imagesOf(subject.spec.at("podTemplateSpec.spec"))];
}

const imagesOf = (podSpec: Fields): Fields[] =>
  allContainers(podSpec).map((container) => container.at("image"));
