import { sharesPathBy, sourceIdOf, type ConfiguredSource, type ConfigVersionId, type ResolvedConfig, type TenantId } from '#core';

/** How many versions no longer active stay readable; a job needs one for seconds. */
const KEPT = 100;

/** The versions this process works with: the active one of each tenant, and earlier ones for jobs in flight. */
export class ConfigShelf {
  private readonly active = new Map<TenantId, ResolvedConfig>();
  private readonly byId = new Map<ConfigVersionId, ResolvedConfig>();
  private byPath = new Map<string, readonly ConfiguredSource[]>();
  private list: readonly ResolvedConfig[] = [];

  tenant(tenantId: TenantId): ResolvedConfig | undefined {
    return this.active.get(tenantId);
  }

  tenants(): readonly ResolvedConfig[] {
    return this.list;
  }

  sourcesAt(path: string): readonly ConfiguredSource[] {
    return this.byPath.get(path) ?? [];
  }

  version(id: ConfigVersionId): ResolvedConfig | undefined {
    return this.byId.get(id);
  }

  /** Takes each version as its tenant's active one from now on; all at once, so that a start shows either no route or every one. */
  put(versions: readonly ResolvedConfig[]): void {
    for (const resolved of versions) {
      this.active.set(resolved.tenantId, resolved);
      this.byId.delete(resolved.id);
      this.byId.set(resolved.id, resolved);
    }
    for (const [id, { tenantId }] of this.byId) {
      if (this.byId.size <= KEPT + this.active.size) break;
      if (this.active.get(tenantId)?.id !== id) this.byId.delete(id);
    }
    this.rebuild();
  }

  private rebuild(): void {
    this.list = [...this.active.values()].sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
    const byPath = new Map<string, ConfiguredSource[]>();
    for (const resolved of this.list) {
      for (const source of resolved.config.sources) {
        const configured = { sourceId: sourceIdOf(resolved.tenantId, source.name), source, resolved };
        const others = byPath.get(source.path);
        if (others === undefined) byPath.set(source.path, [configured]);
        // The database keeps a route to one tenant, or to sources that share it; while a route moves between two, the first of them answers.
        else if (sharesPathBy(source) !== null && sharesPathBy(source) === sharesPathBy((others[0] as ConfiguredSource).source))
          others.push(configured);
      }
    }
    this.byPath = byPath;
  }
}
