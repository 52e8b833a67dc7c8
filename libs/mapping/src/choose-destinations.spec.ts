import type { DestinationConfig, JsonObject, RouteCondition, RouteConfig } from '#core';
import { chooseDestinations } from './choose-destinations.js';

const destinations = ['north', 'south', 'all'].map((name) => ({ name })) as DestinationConfig[];
const chosen = (routes: RouteConfig[] | undefined, lead: JsonObject) => {
  const choice = chooseDestinations({ destinations, ...(routes && { routes }) }, lead);
  return { to: choice.destinations.map(({ name }) => name), routes: choice.routes };
};
const zip = (pattern: string): RouteCondition[] => [{ field: ['address.zip', 'zip'], check: 'matches', pattern }];

describe('where a lead goes', () => {
  it('is everywhere without routes', () => {
    expect(chosen(undefined, {})).toEqual({ to: ['north', 'south', 'all'], routes: null });
  });

  const ROUTES: RouteConfig[] = [
    { name: 'far-south', when: zip('8.*'), to: ['south'] },
    { when: zip('[2-8].*'), to: ['all', 'south'] },
    { name: 'rest', otherwise: true, to: ['north'] },
  ];

  it.each([
    ['several routes, each destination once', { zip: '80331' }, { to: ['south', 'all'], routes: ['far-south', 'routes[1]'] }],
    ['one route', { address: { zip: 20095 } }, { to: ['south', 'all'], routes: ['routes[1]'] }],
    ['the rest', { zip: '10115' }, { to: ['north'], routes: ['rest'] }],
    ['the rest, where there is nothing to compare', { zip: null }, { to: ['north'], routes: ['rest'] }],
  ])('is decided by %s', (_description, lead, expected) => {
    expect(chosen(ROUTES, lead)).toEqual(expected);
  });

  it('is nowhere where no route takes it', () => {
    expect(chosen(ROUTES.slice(0, 2), { zip: '10115' })).toEqual({ to: [], routes: [] });
  });

  it('is where a route without conditions says, whatever the lead', () => {
    expect(chosen([{ when: [], to: ['all'] }], {})).toEqual({ to: ['all'], routes: ['routes[0]'] });
  });

  it.each<[description: string, condition: Omit<RouteCondition, 'field'>, lead: JsonObject, holds: boolean]>([
    ['a field that is there', { check: 'present' }, { a: '' }, true],
    ['a field that is null', { check: 'present' }, { a: null }, false],
    ['a filled field', { check: 'filled' }, { a: 'x' }, true],
    ['an empty field', { check: 'filled' }, { a: '' }, false],
    ['an equal value', { check: 'equals', value: true }, { a: true }, true],
    ['a value that only looks equal', { check: 'equals', value: true }, { a: 'true' }, false],
    ['a missing value, which rules would pass', { check: 'equals', value: true }, {}, false],
    ['an empty value, which policy rules would pass', { check: 'matches', pattern: '.*' }, { a: '' }, false],
    ['one of', { check: 'in', values: ['x', 1] }, { a: 1 }, true],
    ['a number in a range', { check: 'between', min: 100, max: 200 }, { a: '150.5' }, true],
    ['a number outside', { check: 'between', min: 100 }, { a: 99 }, false],
    ['a text that is no number', { check: 'between', min: 0 }, { a: 'many' }, false],
  ])('depends on %s', (_description, condition, lead, holds) => {
    expect(chosen([{ when: [{ field: ['a'], ...condition }], to: ['all'] }], lead).to).toEqual(holds ? ['all'] : []);
  });

  it('needs all conditions of a route', () => {
    const both: RouteConfig = { when: [...zip('66.*'), { field: ['owner'], check: 'equals', value: true }], to: ['all'] };
    expect(chosen([both], { zip: '66123', owner: true }).to).toEqual(['all']);
    expect(chosen([both], { zip: '66123' }).to).toEqual([]);
  });
});
