import type { SourceConfig } from './tenant-config.js';

/** Whether anybody who reaches the source may use it. A shared secret that resolves to empty text counts as none. */
export function isUnauthenticated({ authentication }: SourceConfig): boolean {
  return authentication.kind === 'none' || (authentication.secret ?? '') === '';
}
