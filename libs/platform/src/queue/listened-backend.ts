import { createPostgresBackend } from 'bullmq';
import { ListenedClient } from '../postgres/listened-client.js';

/**
 * BullMQ's Postgres backend with clients of ours everywhere. It makes the client on which a worker waits for jobs itself, whatever `Client` its pool
 * has, and listens to it only once it is connected: a server that ends the session at that moment ended the process (seen with 6.7.0).
 */
export const createListenedBackend: typeof createPostgresBackend = (...parts) => {
  const backend = createPostgresBackend(...parts);
  Object.assign(backend.connection, { pgModule: { Client: ListenedClient } });
  return backend;
};
