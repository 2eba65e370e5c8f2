# One image for every function, trial and pipeline step; the command chooses (knative/base/services.yaml).
# `npm run image` follows these instructions without a container engine, and starts what comes of them.

# The one that package-lock.json has for machines with an older Node.
ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The base has Node; TensorFlow's library is asked for or not there at all.
RUN npm pkg delete dependencies.node "optionalDependencies[@tensorflow/tfjs-node]" \
 && npm ci --omit=dev --no-audit --no-fund
COPY . .

# A wheel of tensorflow_cpu in this folder: TensorFlow's native library for engine tensorflow (some 0.9 GB more).
ARG TENSORFLOW_WHEEL=""
RUN if [ -n "$TENSORFLOW_WHEEL" ]; then \
      apt-get update \
      && apt-get install -y --no-install-recommends g++ make python3 \
      && npm ci --include=dev --ignore-scripts --no-audit --no-fund \
      && node scripts/setup-tensorflow.ts --wheel "$TENSORFLOW_WHEEL"; \
    else npm pkg delete "optionalDependencies[@tensorflow/tfjs-node]"; fi

# The kernel is compiled here; its compiler, source maps and type declarations stay behind.
RUN node functions/train/engines/fused/build.ts \
 && npm pkg delete dependencies.assemblyscript dependencies.node \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && find node_modules -type f \( -name "*.map" -o -name "*.d.ts" -o -name "*.d.mts" -o -name "*.d.cts" \) -delete

# Starts everything once: an image in which something does not start is not built, and Node keeps what it has compiled.
# It looks there by the user's id and the kind of processor: elsewhere a start takes half as long again, no more.
ENV NODE_COMPILE_CACHE=/app/.compile-cache
RUN mkdir -m 777 .compile-cache
USER 65532:65532
RUN node scripts/image/starts.ts
USER 0:0
RUN rm -rf scripts package-lock.json *.whl \
 && chmod -R a+rX,a-w .

FROM node:${NODE_VERSION}-bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=""
LABEL org.opencontainers.image.title="xorflow" \
      org.opencontainers.image.description="An event-driven machine-learning experiment on Knative and Kubeflow" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
# In a container, who may connect is for the cluster to say.
ENV NODE_ENV=production HOST=0.0.0.0 NODE_COMPILE_CACHE=/app/.compile-cache
COPY --from=build /app /app
USER 65532:65532
EXPOSE 8080
# Node itself is process 1 and gets SIGTERM.
ENTRYPOINT ["node"]
CMD ["functions/gateway/index.ts"]
