/** Express 5 as it comes, with a raw body parser, around the group commit. */
import express from 'express';
import { announce, databaseUrl } from './announce.js';
import { leadWriter } from './store-lead.js';

const write = leadWriter(databaseUrl());
const app = express();
app.post('/webhooks/leads', express.raw({ type: '*/*', limit: '1mb' }), async (request, response) => {
  response.type('application/json').send(await write(request.body as Buffer));
});
const server = app.listen(0, '127.0.0.1', () => announce(server));
