# One image: the daemon (default), the control plane (`docker run jitnode control`) and the command line
# (`docker run --rm jitnode --version`). Releases pass NODE_IMAGE with a digest, VERSION, REVISION and CREATED.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini
WORKDIR /src
# .dockerignore lets in only what is used below.
COPY . .
# What runs, and nothing else: no development dependency, no sources of the database, no binary of another platform. The
# dependencies are installed here and not in a layer of their own: of 700 MB, 20 stay.
RUN npm ci --ignore-scripts --no-audit --no-fund \
 && npx tsc -p tsconfig.json \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && npm pkg delete devDependencies scripts allowScripts \
 && npm sbom --sbom-format=cyclonedx > sbom.cdx.json \
 && node docker/keep-what-runs.js \
 && mkdir -p /image/usr/bin /image/usr/local/bin /image/opt/jitnode \
 && mv package.json README.md CHANGELOG.md SECURITY.md sbom.cdx.json bin dist schemas node_modules /image/opt/jitnode/ \
 && touch /image/opt/jitnode/container \
 && cp /usr/bin/tini /image/usr/bin/tini \
 && cp docker/jitnode-entrypoint docker/jitnode-healthcheck /image/usr/local/bin/ \
 && for program in jitnode jitnoded jitnode-control; do \
      ln -s /opt/jitnode/bin/$program.js /image/usr/local/bin/$program; \
    done \
 && chmod -R a+rX,go-w /image \
 && chmod 0755 /image/opt/jitnode/bin/jitnode*.js \
 && rm -rf /src/* /root/.npm

FROM ${NODE_IMAGE}
# The uid is part of the contract: volumes belong to it. Folders are made here so that a new volume takes their owner.
RUN groupadd --gid 7070 jitnode \
 && useradd --uid 7070 --gid 7070 --no-create-home --home-dir /var/lib/jitnode --shell /usr/sbin/nologin jitnode \
 && install -d -m 0700 -o 7070 -g 7070 /var/lib/jitnode /var/lib/jitnode-control \
 && install -d -m 0750 -o 7070 -g 7070 /run/jitnode
COPY --from=build /image/ /
ENV NODE_ENV=production \
    JITNODE_STATE_DIR=/var/lib/jitnode \
    JITNODE_CONTROL_DATA_DIR=/var/lib/jitnode-control \
    JITNODE_CONTROL_LISTEN=0.0.0.0:7070 \
    JITNODE_CONTROL_METRICS_LISTEN=0.0.0.0:7071 \
    JITNODE_CONTROL_PUBLIC_URL=http://localhost:7070
USER 7070:7070
WORKDIR /
EXPOSE 7070
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 CMD ["jitnode-healthcheck"]
ENTRYPOINT ["/usr/bin/tini", "--", "jitnode-entrypoint"]
CMD ["daemon"]

ARG NODE_IMAGE VERSION=0.1.0 REVISION=unknown CREATED=unknown
LABEL org.opencontainers.image.title="jitnode" \
      org.opencontainers.image.description="A headless node daemon, its command line, and a self-hostable control plane." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${NODE_IMAGE}"
