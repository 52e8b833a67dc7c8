import { readPath, type DestinationConfig, type JsonValue } from '#core';
import { OutboundRules } from '#platform';
import type { Destination, DestinationField, DestinationKind, Fetcher, FetchingSource } from './destination.port.js';

/** The kinds of destinations this gateway knows, and the fetchers of sources that are sent ids only. */
export class DestinationRegistry {
  private readonly kinds = new Map<string, DestinationKind>();
  private readonly fetchers = new Map<string, Fetcher>();

  /** @throws when two kinds have one name: the gateway refuses to start rather than send leads through the wrong one */
  constructor(
    kinds: readonly DestinationKind[],
    fetchers: readonly Fetcher[] = [],
    /** What addresses are judged by. */
    private readonly rules = OutboundRules.strict,
  ) {
    for (const fetcher of fetchers) {
      if (this.fetchers.has(fetcher.sourceKind)) {
        throw new Error(
          `Two fetchers are for sources of the kind "${fetcher.sourceKind}". Remove one of their lines in ` +
            'libs/delivery/src/destinations/fetchers.ts.',
        );
      }
      this.fetchers.set(fetcher.sourceKind, fetcher);
    }
    for (const kind of kinds) {
      if (this.kinds.has(kind.kind)) {
        throw new Error(
          `Two destination kinds are called "${kind.kind}". Give one of them another \`kind\` in its folder under ` +
            'libs/delivery/src/destinations, or remove its line in destinations/destination-kinds.ts.',
        );
      }
      this.kinds.set(kind.kind, kind);
    }
  }

  /** Everything that keeps a destination from being called, one sentence each. Values are never repeated: some are secrets. */
  problems(config: DestinationConfig): string[] {
    const kind = this.kinds.get(config.kind);
    if (kind === undefined) {
      return [
        `kind: "${config.kind}" is not a kind of destination; known: ${[...this.kinds.keys()].join(', ')}. ` +
          'A new kind is a folder under libs/delivery/src/destinations and a line in destinations/destination-kinds.ts.',
      ];
    }
    return this.problemsIn(config, kind.fields);
  }

  /** The same for what a source says about fetching its leads. */
  fetchProblems(source: FetchingSource): string[] {
    const fetcher = this.fetchers.get(source.kind);
    if (fetcher === undefined) {
      return [
        `fetch: nothing fetches the leads of sources of the kind "${source.kind}"; remove it. ` +
          'A fetcher is a folder under libs/delivery/src/destinations and a line in destinations/fetchers.ts.',
      ];
    }
    return this.problemsIn(source, fetcher.fields);
  }

  /** @throws when the configuration has problems */
  open(config: DestinationConfig): Destination {
    const problems = this.problems(config);
    const kind = this.kinds.get(config.kind);
    if (kind === undefined || problems.length > 0) throw new Error(`Destination ${config.name} cannot be used: ${problems.join('; ')}`);
    return kind.open(config);
  }
  /** @throws when the configuration has problems */
  openFetcher(source: FetchingSource): Destination {
    const problems = this.fetchProblems(source);
    const fetcher = this.fetchers.get(source.kind);
    if (fetcher === undefined || problems.length > 0)
      throw new Error(`The leads of source ${source.name} cannot be fetched: ${problems.join('; ')}`);
    return fetcher.open(source);
  }
  private problemsIn(config: object, fields: readonly DestinationField[]): string[] {
    return fields.flatMap(({ path, check, isAddress }) => {
      const value = readPath(config as JsonValue, path);
      if (typeof value !== 'string') return [];
      const problem = check?.(value) ?? (isAddress === true ? this.rules.problemOf(value) : undefined);
      return problem === undefined ? [] : [`${path}: ${problem}`];
    });
  }
}
