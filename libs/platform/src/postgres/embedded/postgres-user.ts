import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

/** Whom Postgres runs as. null: as ourselves. */
export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

/** The ids the kernel itself uses for "nobody in particular"; the last resort on a system without any of the names. */
const OVERFLOW_ID = 65534;

/**
 * Postgres refuses to run as root, so root needs somebody else: the owner of an existing cluster, else `postgres`, else `nobody`.
 * Anyone but root runs it as themselves.
 */
export function choosePostgresUser(clusterDir: string): PostgresUser | null {
  if (process.getuid?.() !== 0) return null;
  const cluster = statSync(clusterDir, { throwIfNoEntry: false });
  if (cluster && cluster.uid !== 0) return { uid: cluster.uid, gid: cluster.gid };
  return lookUp('postgres') ?? lookUp('nobody') ?? { uid: OVERFLOW_ID, gid: OVERFLOW_ID };
}

function lookUp(name: string): PostgresUser | null {
  const ids = ['-u', '-g'].map((option) => spawnSync('id', [option, name], { encoding: 'utf8' }));
  const [uid, gid] = ids.map(({ status, stdout }) => (status === 0 ? Number(stdout) : Number.NaN));
  return uid && gid && Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : null;
}

/** Tried rather than worked out from modes: access lists and mount options count too. */
export function canEnter(user: PostgresUser, folder: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { uid: user.uid, gid: user.gid, stdio: 'ignore', cwd: '/' }).status === 0;
}
