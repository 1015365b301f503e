# Two images: `app`, and `sidecar`, which reads the pins. And `mock`, which stands in for the sidecar on a laptop.
#
#   docker build --target app .        docker build --target sidecar .
#
# On a 32-bit Raspberry Pi OS: --build-arg NODE_VERSION=22 --build-arg DEBIAN=bookworm
# For other machines than this one: docker-bake.hcl
ARG NODE_VERSION=24
ARG DEBIAN=trixie

# ---- What runs, compiled from TypeScript. Nothing here needs a compiler for C, so a laptop that only wants the app and
# the mock never fetches the full image below. What comes out is the same for every processor, so it is made on the builder's
# own ($BUILDPLATFORM): emulated, it would take many times as long. ----
FROM --platform=$BUILDPLATFORM node:${NODE_VERSION}-${DEBIAN}-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without install scripts: the only ones are epoll's, which belongs to the sidecar, and esbuild's, which is not used here.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts/build.mjs scripts/steps.mjs scripts/
COPY src src
RUN npm run build

# ---- The app's dependencies: production only, and without onoff, which it never loads. Nothing but scripts: as above ----
FROM --platform=$BUILDPLATFORM node:${NODE_VERSION}-${DEBIAN}-slim AS app-dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional --ignore-scripts

# ---- The sidecar's: with onoff, whose epoll is compiled for the processor that it will run on. The only stage with a compiler ----
FROM node:${NODE_VERSION}-${DEBIAN} AS sidecar-dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# node-gyp would fetch Node's headers from the net, although the image has them.
ENV npm_package_config_node_gyp_nodedir=/usr/local
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev
# An optional dependency that fails to compile vanishes without an error, and so it does if npm skips its install script.
RUN node -e "require('onoff')"

# ---- What both images share ----
FROM node:${NODE_VERSION}-${DEBIAN}-slim AS base
WORKDIR /app
ENV NODE_ENV=production
# The command, as in `docker compose exec app pinstream tail '*'`.
RUN printf '#!/bin/sh\nexec node /app/dist/cli.js "$@"\n' >/usr/local/bin/pinstream && chmod 755 /usr/local/bin/pinstream
COPY package.json LICENSE ./
STOPSIGNAL SIGTERM
LABEL org.opencontainers.image.title="Pinstream" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"

# ---- What reads pins, or plays them. It has no port that could be asked, but a file that it renews every 3 s while its event
# loop turns. Healthy is who lives: a pin that fails or a Redis that is away is no reason to restart the sidecar, which would
# mend neither and end the presses that wait in it. They stand in the line that the check prints, for `docker inspect`, and
# on the channel `device`. By find and cat: to start Node for each check would be most of what an idle Pi does. ----
FROM base AS watcher
ENV HEALTH_FILE=/tmp/health
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "if [ -n \"$(find \"$HEALTH_FILE\" -newermt '-15 seconds' 2>/dev/null)\" ]; then cat \"$HEALTH_FILE\"; \
        else echo 'The sidecar has not said for 15 s that it lives.'; exit 1; fi"]
# See docs/decisions/0017-idle.md for the flag.
CMD ["node", "--optimize-for-size", "dist/cli.js", "sidecar"]

FROM watcher AS sidecar
# For GPIO_DRIVER=gpiomon. Debian has libgpiod 2 from trixie on; before, gpiomon speaks another language, which the sidecar
# would only refuse.
RUN apt-get update \
 && if dpkg --compare-versions "$(apt-cache policy gpiod | sed -n 's/ *Candidate: //p')" ge 2; \
    then apt-get install -y --no-install-recommends gpiod && gpiomon --version; fi \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY --from=build /app/dist dist
COPY --from=sidecar-dependencies /app/node_modules node_modules
LABEL org.opencontainers.image.description="Reads the pins of a Raspberry Pi for Pinstream."
# It loads here, too, on the slim image, not only where it was compiled.
RUN node -e "require('onoff')"
# As root: the files in /sys/class/gpio belong to root, and in a container no group of the host changes that.
USER root

# ---- What runs without pins and without rights ----
FROM watcher AS mock
COPY --from=build /app/dist dist
COPY --from=app-dependencies /app/node_modules node_modules
USER node
LABEL org.opencontainers.image.description="Plays the pins of a Raspberry Pi for Pinstream, on a machine without any."
ENV GPIO_DRIVER=mock

# ---- Makes or checks the certificates for docker-compose.tls.yml, and ends. nginx's image has no command openssl ----
FROM node:${NODE_VERSION}-${DEBIAN}-slim AS certificates
# 101 is nginx's number in its images. A new volume takes over whom this folder belongs to.
RUN apt-get update && apt-get install -y --no-install-recommends openssl && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && install -d -o 101 -g 101 /certificates
USER 101:101
LABEL org.opencontainers.image.description="Makes or checks the certificates of Pinstream's nginx."

FROM base AS app
COPY --from=build /app/dist dist
COPY --from=app-dependencies /app/node_modules node_modules
USER node
LABEL org.opencontainers.image.description="Carries events from pins, Redis or any backend to browsers."
ENV HOST=0.0.0.0 PORT=8080
EXPOSE 8080
# By bash alone: to start Node for each check would be most of what an idle Pi does. /healthz says that the app is alive,
# whether or not it reaches its Redis: to restart it would not help there.
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT \
        && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 \
        && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
CMD ["node", "--max-semi-space-size=2", "dist/cli.js", "serve"]
