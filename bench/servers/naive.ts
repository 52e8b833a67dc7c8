/** What people build by hand: Fastify, and one Prisma insert per request. */
import { createHash, randomUUID } from 'node:crypto';
import fastify from 'fastify';
import { createPrismaClient } from '#platform';
import { databaseUrl } from './announce.js';

const prisma = createPrismaClient({ url: databaseUrl(), applicationName: 'bench-naive', max: 10, acquireTimeoutMs: 10_000 });
const app = fastify();
app.post('/webhooks/leads', async (request) => {
  const text = JSON.stringify(request.body);
  const body = Buffer.from(text);
  const id = randomUUID();
  await prisma.inboundRequest.create({
    data: {
      id,
      tenantId: 'demo',
      sourceId: 'demo/webhook',
      route: '/webhooks/leads',
      verdict: 'accepted',
      statusCode: 200,
      contentType: 'application/json',
      headers: {},
      requestId: id,
      correlationId: id,
      body,
      bodyText: text,
      bodyBytes: body.length,
      bodySha256: createHash('sha256').update(body).digest(),
    },
  });
  return { status: 'accepted', lead_id: id, correlation_id: id };
});
const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${JSON.stringify({ url })}\n`);
