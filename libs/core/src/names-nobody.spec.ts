import { namesNobody } from './names-nobody.js';

describe('a reason in the trail', () => {
  it.each([
    'the CRM was down until noon',
    'down on 2026-11-21 from 10:15 to 2026-11-22 08:00',
    'seit 2.11.2026',
    'ticket 123456',
    'version 1.2.3',
  ])('names nobody: %s', (reason) => {
    expect(namesNobody(reason)).toBe(true);
  });

  it.each(['john.doe@example.com asked', 'call 0160 8912308', 'tel. +49 (160) 89-12-308', 'id 20261122', '891 2026-11-22 2308'])(
    'may name somebody: %s',
    (reason) => {
      expect(namesNobody(reason)).toBe(false);
    },
  );
});
