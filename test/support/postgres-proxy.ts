import { COMMITS_BY_ITSELF } from '../../libs/ingestion/src/accept/store-at-once.js';
import { FaultProxy } from '../faults/support/fault-proxy.js';

/**
 * What happens to a connection whose client says COMMIT, or sends a statement that is its own transaction:
 * `before` it is cut and Postgres never hears of it; `after` Postgres commits and the client never hears of it.
 */
export type Cut = 'before' | 'after';

export interface PostgresProxy {
  readonly url: string;
  /** Applied to the next commits, one each. */
  readonly cuts: Cut[];
  /** true: no new connections, and every open one is cut. */
  down: boolean;
  /** true: connections stay open and nothing passes. */
  frozen: boolean;
  close(): Promise<void>;
}

const COMMITS = ['COMMIT', ...COMMITS_BY_ITSELF].map((said) => Buffer.from(`${said}\0`));

/** Stands between a pool and Postgres and breaks connections at the moments that matter. */
export async function startPostgresProxy(databaseUrl: string): Promise<PostgresProxy> {
  const cuts: Cut[] = [];
  const deaf = new Set<number>();
  const proxy = await FaultProxy.start(databaseUrl, {
    look: (direction, bytes, connectionNo) => {
      if (direction === 'downstream') return deaf.delete(connectionNo) ? 'cut' : 'pass';
      const next = COMMITS.some((commit) => bytes.includes(commit)) ? cuts.shift() : undefined;
      if (next === 'after') deaf.add(connectionNo);
      return next === 'before' ? 'cut' : 'pass';
    },
  });
  let thaw: (() => void) | undefined;
  return {
    url: proxy.before(databaseUrl),
    cuts,
    get down() {
      return proxy.down;
    },
    set down(down) {
      proxy.down = down;
    },
    get frozen() {
      return thaw !== undefined;
    },
    set frozen(frozen) {
      thaw?.();
      thaw = frozen ? proxy.add({ type: 'timeout', ms: 0 }) : undefined;
    },
    close: () => proxy.close(),
  };
}
