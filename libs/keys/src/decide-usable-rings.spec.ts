import { decideUsableRings } from './decide-usable-rings.js';
import { keyCheckOf } from './key-check.js';
import type { KeyDocument } from './key-document.js';
import type { IdentityKey, KeyRing } from './key-rings.port.js';
import type { RegisteredKey } from './registered-key.js';

const aKey = (id: string, variant = ''): IdentityKey => ({ id, secret: Buffer.from(`${id}${variant}`.padEnd(32, '.')) });
const ring = (current: string, ...previous: string[]): KeyRing => ({ current: aKey(current), previous: previous.map((id) => aKey(id)) });
const document = (shared: KeyRing | null, tenants: Record<string, KeyRing | null> = {}): KeyDocument => ({
  shared,
  tenants: new Map(Object.entries(tenants)),
});
const row = (keyId: string, day: number, given: Partial<RegisteredKey> = {}): RegisteredKey => ({
  ring: '',
  keyId,
  keyCheck: keyCheckOf(aKey(keyId).secret),
  activatedAt: new Date(Date.UTC(2026, 0, day)),
  retiredAt: null,
  ...given,
});
const retired = { retiredAt: new Date(Date.UTC(2026, 1, 1)) };

describe('a ring is used', () => {
  it.each<{ description: string; shared: KeyRing; rows: RegisteredKey[]; registers: string[] }>([
    { description: 'by the first process', shared: ring('k1'), rows: [], registers: ['k1'] },
    { description: 'by the first process, in the middle of a rotation', shared: ring('k2', 'k1'), rows: [], registers: ['k1', 'k2'] },
    { description: 'with the key of the others', shared: ring('k1'), rows: [row('k1', 1)], registers: [] },
    { description: 'with a new current key beside the old one', shared: ring('k2', 'k1'), rows: [row('k1', 1)], registers: ['k2'] },
    {
      description: 'without the new key, which others already have',
      shared: ring('k1'),
      rows: [row('k1', 1), row('k2', 2)],
      registers: [],
    },
    { description: 'after the old key was retired', shared: ring('k2'), rows: [row('k1', 1, retired), row('k2', 2)], registers: [] },
    { description: 'with a retired key still in it', shared: ring('k2', 'k1'), rows: [row('k1', 1, retired), row('k2', 2)], registers: [] },
    { description: 'after the only key was given up as lost', shared: ring('k2'), rows: [row('k1', 1, retired)], registers: ['k2'] },
    { description: 'with an unknown previous key, which is not registered', shared: ring('k1', 'k0'), rows: [row('k1', 1)], registers: [] },
  ])('$description', ({ shared, rows, registers }) => {
    const usable = decideUsableRings(document(shared), rows);
    expect(usable).toMatchObject({ shared, problems: [], refused: false });
    expect(usable.register.map(({ keyId }) => keyId)).toEqual(registers);
  });
});

describe('a ring is not used, and the reason says what mends it', () => {
  it.each<{ description: string; shared: KeyRing; rows: RegisteredKey[]; says: RegExp }>([
    {
      description: 'with a key of its own',
      shared: ring('x1'),
      rows: [row('k1', 1)],
      says: /does not have the key k1, in use since 2026-01-01.*copy identity-keys\.json.*keys retire k1 --lost/,
    },
    {
      description: 'with another secret under the same id',
      shared: { current: aKey('k1', 'x'), previous: [] },
      rows: [row('k1', 1)],
      says: /the key k1 of this process is another one/,
    },
    {
      description: 'with the new key only, while others have the old one only',
      shared: ring('k2'),
      rows: [row('k1', 1), row('k2', 2)],
      says: /does not have the key k1/,
    },
    {
      description: 'with the retired key only',
      shared: ring('k1'),
      rows: [row('k1', 1, retired), row('k2', 2)],
      says: /does not have the key k2/,
    },
    { description: 'when every key was retired', shared: ring('k1'), rows: [row('k1', 1, retired)], says: /its current key k1 is retired/ },
    {
      description: 'with a second new key, when the common one was retired',
      shared: ring('b2', 'k1'),
      rows: [row('k1', 1, retired), row('a2', 2), row('b2', 3)],
      says: /does not have the key a2/,
    },
  ])('$description', ({ shared, rows, says }) => {
    const usable = decideUsableRings(document(shared), rows);
    expect(usable).toMatchObject({ shared: null, register: [], refused: true });
    expect(usable.problems).toEqual([expect.stringMatching(says)]);
    expect(usable.problems.join()).toContain('the duplicate check is off');
  });
});

describe('tenants with a ring of their own', () => {
  it('are judged by the registry of that ring', () => {
    const usable = decideUsableRings(document(ring('k1'), { acme: ring('a1'), beta: ring('b9') }), [
      row('k1', 1),
      row('b1', 1, { ring: 'beta' }),
    ]);
    expect(usable.tenants.get('acme')).toEqual(ring('a1'));
    expect(usable.tenants.get('beta')).toBeNull();
    expect(usable.register).toEqual([expect.objectContaining({ ring: 'acme', keyId: 'a1', first: true })]);
    expect(usable.problems).toEqual([expect.stringMatching(/the tenant beta is off: .*b1/)]);
  });

  it('do not fall back to the shared ring in a process that does not know theirs', () => {
    const usable = decideUsableRings(document(ring('k1')), [row('k1', 1), row('a1', 1, { ring: 'acme' })]);
    expect(usable.tenants.get('acme')).toBeNull();
    expect(usable.shared).toEqual(ring('k1'));
  });

  it('may come back to the shared ring when that has their key', () => {
    const usable = decideUsableRings(document(ring('k1')), [
      row('k1', 1),
      row('k1', 3, { ring: 'acme' }),
      row('a1', 1, { ring: 'acme', ...retired }),
    ]);
    expect(usable.tenants.has('acme')).toBe(false);
    expect(usable.problems).toEqual([]);
  });

  it('have no key where the document says null, and that is said', () => {
    const usable = decideUsableRings(document(ring('k1'), { acme: null }), []);
    expect(usable.tenants.get('acme')).toBeNull();
    expect(usable).toMatchObject({ refused: false, problems: ['the tenant acme has no key: the keys say null for it'] });
  });
});
