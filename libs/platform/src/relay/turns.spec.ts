import { Turns } from './turns.js';

const all = (...ids: string[]): [string, number][] => ids.map((id) => [id, 1]);
const idsOf = (turned: readonly (readonly [string, number])[]): string => turned.map(([id]) => id).join('');

describe('turns', () => {
  it('begin behind the last one who was served', () => {
    const turns = new Turns<string>();
    expect(idsOf(turns.inOrder(all('c', 'a', 'b')))).toBe('abc');
    turns.had(new Set(['b', 'a']));
    expect(idsOf(turns.inOrder(all('a', 'b', 'c')))).toBe('cab');
    turns.had(new Set(['c', 'a']));
    expect(idsOf(turns.inOrder(all('a', 'b', 'c')))).toBe('bca');
  });

  it('go on in the same place when whoever was there last has no room, and when nobody was served', () => {
    const turns = new Turns<string>();
    turns.inOrder(all('a', 'b', 'c', 'd'));
    turns.had(new Set(['b']));
    expect(idsOf(turns.inOrder(all('a', 'c', 'd')))).toBe('cda');
    turns.had(new Set());
    expect(idsOf(turns.inOrder(all('a', 'b', 'c', 'd')))).toBe('cdab');
  });

  it('begin anew behind the end', () => {
    const turns = new Turns<string>();
    turns.inOrder(all('a', 'b'));
    turns.had(new Set(['a', 'b']));
    expect(idsOf(turns.inOrder(all('a', 'b')))).toBe('ab');
  });
});
