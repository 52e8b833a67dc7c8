import {
  faultOfCommonRule,
  readFirst,
  type DestinationConfig,
  type JsonObject,
  type RouteCondition,
  type RouteConfig,
  type TenantConfig,
} from '#core';

export interface Choice {
  /** In the order of the configuration. */
  readonly destinations: readonly DestinationConfig[];
  /** The routes that took the lead, by name; null: the tenant has none, and every lead goes everywhere. */
  readonly routes: readonly string[] | null;
}

/** Where a lead goes: to the destinations of every route that takes it. */
export function chooseDestinations(
  { routes, destinations }: Pick<TenantConfig, 'routes' | 'destinations'>,
  normalised: JsonObject,
): Choice {
  if (routes == null) return { destinations, routes: null };
  const named = routes.map((route, r) => ({ route, name: route.name ?? `routes[${r}]` }));
  const matching = named.filter(({ route }) => route.otherwise !== true && takes(route, normalised));
  const taken = matching.length > 0 ? matching : named.filter(({ route }) => route.otherwise === true);
  const chosen = new Set(taken.flatMap(({ route }) => route.to));
  return { destinations: destinations.filter(({ name }) => chosen.has(name)), routes: taken.map(({ name }) => name) };
}

function takes({ when = [] }: RouteConfig, normalised: JsonObject): boolean {
  return when.every((condition) => holds(condition, normalised));
}

function holds(condition: RouteCondition, normalised: JsonObject): boolean {
  const found = readFirst(normalised, condition.field);
  if (found === undefined) return false;
  // "" is present; nothing can be said of it beyond that.
  if (found.value === '') return condition.check === 'present';
  return faultOfCommonRule(condition, found.value) === undefined;
}
