import type { SourceConfig } from './source-config.js';

/** Whether anybody who reaches the source may use it. A secret that resolves to empty text counts as none; keys are rows, not secrets. */
export function isUnauthenticated({ authentication }: Pick<SourceConfig, 'authentication'>): boolean {
  if (authentication.kind === 'api_key') return false;
  return authentication.kind === 'none' || (authentication.secret ?? '') === '';
}

/**
 * How a request finds its source when several have one path: by the API key it carries, or by the tenant its body names (the guard's
 * route). Every other path belongs to one source.
 */
export function sharesPathBy({ kind, authentication }: Pick<SourceConfig, 'kind' | 'authentication'>): 'api_key' | 'tenant' | null {
  if (kind === 'guard') return 'tenant';
  return authentication.kind === 'api_key' ? 'api_key' : null;
}
