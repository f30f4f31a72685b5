# One image for all apps; the command names the one to run: `dist/apps/trainer/main.js`, `dist/apps/cli/main.js query --user 7`.
FROM node:22.13.1-bookworm-slim AS build
WORKDIR /src
ENV NX_DAEMON=false
COPY package.json package-lock.json ./
COPY libs ./libs
COPY apps ./apps
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
RUN npx nx run-many -t build -p trainer,embedder,retriever,cli \
  && npm prune --omit=dev --no-audit --no-fund \
  && rm -rf node_modules/@gatehouse

# No compiler, no package manager's cache, no sources: the bundles, and the packages that stay outside of them.
FROM node:22.13.1-bookworm-slim
ENV NODE_ENV=production GATEHOUSE_ROOT=/app NODE_OPTIONS=--enable-source-maps
WORKDIR /app
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/dist ./dist
COPY --from=build /src/config ./config
# Where the volumes are mounted: they take over this owner.
RUN mkdir -p /var/lib/gatehouse/artifacts /var/lib/gatehouse/index /var/lib/gatehouse/user-state \
  && chown -R node:node /var/lib/gatehouse \
  && rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn* /usr/local/bin/yarn*
USER node
ENTRYPOINT ["node"]
CMD ["dist/apps/cli/main.js", "--help"]
