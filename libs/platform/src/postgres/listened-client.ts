import pg from 'pg';

/**
 * A client whose broken connection never ends the process. `pg` tells of one with an 'error' event, and Node ends a process in which nobody
 * listens to it: that is so for every client taken from a pool, between two of its queries (seen with BullMQ's, while the server ended
 * connections at random). Nothing is lost by not acting on the event: the query in hand, or the next one, rejects with the same error.
 */
export class ListenedClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
