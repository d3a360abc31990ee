# One file, two images: `distributed` (collector, aggregator, alerter, api; no embedded engine) and `standalone` (everything).
# glibc is needed: the embedded engine and LMDB come as glibc binaries.
ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-audit --no-fund --include=dev --include=optional
COPY . .
RUN node scripts/build.mjs && rm -rf dist/test dist/bench

# What the distributed apps need: no build tools, no Node of its own, and no @chdb (566 MB).
FROM node:${NODE_VERSION}-trixie-slim AS distributed-modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm pkg delete dependencies.chdb dependencies.node \
    && npm install --omit=dev --ignore-scripts --no-audit --no-fund \
    && npm cache clean --force

FROM node:${NODE_VERSION}-trixie-slim AS standalone-modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm pkg delete dependencies.node \
    && npm install --omit=dev --include=optional --no-audit --no-fund \
    && npm cache clean --force

FROM node:${NODE_VERSION}-trixie-slim AS runtime
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
WORKDIR /app
COPY --from=build --chown=root:root /app/package.json ./
COPY --from=build --chown=root:root /app/scripts/healthcheck.mjs ./scripts/
COPY --from=build --chown=root:root /app/dist ./dist

FROM runtime AS standalone
COPY --from=standalone-modules --chown=root:root /app/node_modules ./node_modules
RUN mkdir /data && chown node:node /data
# Loopback of a container is reached by nobody. It refuses to start without keys: docs/operations.md, One container.
ENV ALPERF_BIND=0.0.0.0 ALPERF_DATA_DIR=/data
VOLUME /data
USER node
EXPOSE 8080 8123
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s CMD ["node", "scripts/healthcheck.mjs", "http://127.0.0.1:8080/health"]
ENTRYPOINT ["node"]
CMD ["dist/apps/standalone/src/main.js"]

# The last stage is what `docker build .` makes. Which app it is, the command says.
FROM runtime AS distributed
COPY --from=distributed-modules --chown=root:root /app/node_modules ./node_modules
USER node
EXPOSE 8080 8081 9093 9464
ENTRYPOINT ["node"]
CMD ["dist/apps/collector/src/main.js"]
