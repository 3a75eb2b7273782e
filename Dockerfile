# The image of gateways and proxies: Node, the few libraries that it needs, and the command. Where no registry can be
# reached `make image` assembles it without this build, from the same parts: what the last stage says, it reads from here.

ARG NODE_VERSION=26.10.0

FROM docker.io/library/node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /source
COPY package.json package-lock.json .npmrc ./
COPY contract/package.json contract/
COPY runtime/package.json runtime/
COPY infra/package.json infra/
COPY policies/package.json policies/
RUN npm ci --ignore-scripts --include-workspace-root --workspace @mcp-fleet/runtime --workspace @mcp-fleet/contract
COPY LICENSE tsconfig.json ./
COPY image image
COPY tools/offline-image tools/offline-image
COPY contract contract
COPY runtime runtime
RUN node tools/offline-image/gateway-layers.ts /layers

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="mcp-fleet" \
      org.opencontainers.image.description="One MCP endpoint over many MCP servers, with sessions that outlive what they run on." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /layers/base/ /
COPY --from=build /layers/app/ /
USER 65532:65532
WORKDIR /app
EXPOSE 4483 9090
ENTRYPOINT ["/usr/bin/node", "/app/main.js"]
CMD ["gateway"]
