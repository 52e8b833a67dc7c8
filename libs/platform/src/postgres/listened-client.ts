import pg from 'pg';

/**
 * A client whose broken connection never ends the process. `pg` tells of one with an 'error' event, and Node ends a process in which nobody
 * listens to it: that is so for every client taken from a pool, between two of its queries (seen with BullMQ's, while the server ended
 * connections at random). Nothing is lost by not acting on the event: the query in hand, or the next one, rejects with the same error.
 */
export class ListenedClient extends pg.Client {
  private broken: Error | undefined;
  private readonly breaks = (error: Error): void => {
    this.broken ??= error;
  };

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', this.breaks);
  }

  override connect(): Promise<this>;
  override connect(callback: (error: Error) => void): void;
  /** @throws also when the server ended the session right behind its welcome: who waits for the promise cannot have heard of that. */
  override connect(callback?: (error: Error) => void): Promise<this> | void {
    if (callback !== undefined) return super.connect(callback);
    return super.connect().then(() => {
      if (this.broken !== undefined) throw this.broken;
      return this;
    });
  }

  /** Not ours: BullMQ takes every listener away before it ends a client, whose server may still have something to say. */
  override removeAllListeners(event?: string | symbol): this {
    // Without a name, also with one that is undefined, `pg` would take them for the listeners of that name.
    if (event === undefined) super.removeAllListeners();
    else super.removeAllListeners(event);
    if (event === undefined || event === 'error') this.on('error', this.breaks);
    return this;
  }
}
