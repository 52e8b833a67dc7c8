import { readPath, type DestinationConfig, type JsonValue } from '#core';
import { OutboundRules } from '#platform';
import { OPTIONS, takenProblems } from './check-taken-members.js';
import type { Destination, DestinationField, DestinationOwner, DestinationKind, Fetcher, FetchingSource } from './destination.port.js';

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
    return [...takenProblems(config, kind), ...this.problemsIn(config, kind.fields)];
  }

  /** Calls in flight at once that the kind asks for; undefined: it does not mind. */
  concurrencyOf({ kind }: Pick<DestinationConfig, 'kind'>): number | undefined {
    return this.kinds.get(kind)?.concurrency;
  }

  /** Where a person looks at a record of this destination, with `{record_id}`; undefined: nobody has said. */
  recordUrlOf(config: DestinationConfig): string | undefined {
    return config.record_url ?? this.kinds.get(config.kind)?.recordUrl?.(config);
  }

  /** Targets that the mapping of a destination of this kind must have as required fields. */
  requiredTargetsOf({ kind }: Pick<DestinationConfig, 'kind'>): readonly string[] {
    return this.kinds.get(kind)?.requiredTargets ?? [];
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
  open(config: DestinationConfig, owner: DestinationOwner): Destination {
    const problems = this.problems(config);
    const kind = this.kinds.get(config.kind);
    if (kind === undefined || problems.length > 0) throw new Error(`Destination ${config.name} cannot be used: ${problems.join('; ')}`);
    return kind.open(config, owner);
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
    return fields.flatMap((field) => {
      const problem = this.problemIn(readPath(config as JsonValue, field.path), field);
      return problem === undefined ? [] : [`${field.path}: ${problem}`];
    });
  }

  private problemIn(
    value: JsonValue | undefined,
    { path, help, required, values, check, isAddress }: DestinationField,
  ): string | undefined {
    if (value === undefined || value === null) return required === true ? `is missing; ${help}` : undefined;
    if (values !== undefined && !values.some((one) => one === value)) return `must be one of: ${values.join(', ')}`;
    if (typeof value !== 'string') return values === undefined && path.startsWith(OPTIONS) ? 'must be text; put it in quotes' : undefined;
    return check?.(value) ?? (isAddress === true ? this.rules.problemOf(value) : undefined);
  }
}
