import type { TenantConfig } from '#core';
import { jsonSource } from './json/json.source.js';
import type { SourceKind } from './source-kind.js';

/** The kinds of sources this gateway can read. */
export class SourceKinds {
  private readonly byName = new Map<string, SourceKind>();

  /** @throws when two kinds share a name: a mistake of ours, found at start */
  constructor(kinds: readonly SourceKind[] = [jsonSource]) {
    for (const kind of kinds) {
      if (this.byName.has(kind.kind))
        throw new Error(`Two source kinds are called "${kind.kind}": rename one of them in libs/ingestion/src/sources.`);
      this.byName.set(kind.kind, kind);
    }
  }

  get(name: string): SourceKind | undefined {
    return this.byName.get(name);
  }

  /** One sentence for each source whose kind is not known here. */
  problemsOf(config: TenantConfig): string[] {
    const known = [...this.byName.keys()].join(', ');
    return config.sources.flatMap(({ kind }, index) =>
      this.byName.has(kind) ? [] : [`sources[${index}].kind: "${kind}" is not a kind of source; known kinds: ${known}`],
    );
  }
}
