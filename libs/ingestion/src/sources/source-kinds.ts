import type { SourceConfig, TenantConfig } from '#core';
import { formSource } from './form/form.source.js';
import { googleAdsSource } from './google-ads/google-ads.source.js';
import { guardSource } from './guard/guard.source.js';
import { jsonSource } from './json/json.source.js';
import { metaSource } from './meta/meta.source.js';
import type { SourceKind } from './source-kind.js';
import { typeformSource } from './typeform/typeform.source.js';

/** Every kind there is; a further one is its folder and a line here. */
export const SOURCE_KINDS: readonly SourceKind[] = [jsonSource, formSource, guardSource, metaSource, googleAdsSource, typeformSource];

/** The kinds of sources this gateway can read. */
export class SourceKinds {
  private readonly byName = new Map<string, SourceKind>();

  /** @throws when two kinds share a name: a mistake of ours, found at start */
  constructor(kinds: readonly SourceKind[] = SOURCE_KINDS) {
    for (const kind of kinds) {
      if (this.byName.has(kind.kind))
        throw new Error(`Two source kinds are called "${kind.kind}": rename one of them in libs/ingestion/src/sources.`);
      this.byName.set(kind.kind, kind);
    }
  }

  get(name: string): SourceKind | undefined {
    return this.byName.get(name);
  }

  all(): readonly SourceKind[] {
    return [...this.byName.values()];
  }

  /** What the kinds have to say about a configuration, one sentence each, beginning with its place. */
  problemsOf(config: TenantConfig): string[] {
    return config.sources.flatMap((source, index) => this.problemsOfSource(source).map((problem) => `sources[${index}].${problem}`));
  }

  private problemsOfSource(source: SourceConfig): string[] {
    const kind = this.byName.get(source.kind);
    if (kind === undefined)
      return [
        `kind: "${source.kind}" is not a kind of source; known kinds: ${this.all()
          .map(({ kind: known }) => known)
          .join(', ')}`,
      ];
    const useless = [
      ['field_names', kind.readsFieldNames === true],
      ['fetch', kind.fetches === true],
      ['handshake_token', kind.handshake !== undefined],
    ] as const;
    return [
      ...useless
        .filter(([member, used]) => !used && source[member] != null)
        .map(([member]) => `${member}: has no use for the kind ${kind.kind}; remove it`),
      ...(kind.problems?.(source) ?? []),
    ];
  }
}
