import { readPath, type DestinationConfig, type JsonValue } from '#core';
import type { Destination, DestinationKind } from './destination.port.js';

/** The kinds of destinations this gateway knows. */
export class DestinationRegistry {
  private readonly kinds = new Map<string, DestinationKind>();

  /** @throws when two kinds have one name: the gateway refuses to start rather than send leads through the wrong one */
  constructor(kinds: readonly DestinationKind[]) {
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
    return kind.fields.flatMap(({ path, check }) => {
      const value = readPath(config as unknown as JsonValue, path);
      const problem = typeof value === 'string' ? check?.(value) : undefined;
      return problem === undefined ? [] : [`${path}: ${problem}`];
    });
  }

  /** @throws when the configuration has problems */
  open(config: DestinationConfig): Destination {
    const problems = this.problems(config);
    const kind = this.kinds.get(config.kind);
    if (kind === undefined || problems.length > 0) throw new Error(`Destination ${config.name} cannot be used: ${problems.join('; ')}`);
    return kind.open(config);
  }
}
