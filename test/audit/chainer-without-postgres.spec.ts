import { pino } from 'pino';
import { AUDIT_CHAINER_DEFAULTS, AuditChainer } from '#audit';
import { createPgPool, type Pool } from '#platform';
import { eventually } from '../support/eventually.js';

describe('while Postgres is away', () => {
  it('the chainer says so once, goes on trying, and stops when it is told to', async () => {
    const said: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => said.push(line) });
    const away = createPgPool({ url: 'postgresql://nobody@127.0.0.1:1/none', applicationName: 'test' });
    let tries = 0;
    const counted = Object.assign(Object.create(away) as Pool, {
      query: (text: string) => {
        tries += 1;
        return away.query(text);
      },
    });
    const chainer = new AuditChainer(counted, logger, { ...AUDIT_CHAINER_DEFAULTS, pauseMillis: 5 });
    chainer.start();
    await eventually('a third try', async () => (tries >= 3 ? true : undefined));
    await chainer.stop();
    expect(said).toHaveLength(1);
    expect(JSON.parse(said[0] as string)).toMatchObject({ component: 'audit', code: 'unreachable' });
    await away.end();
  });
});
