import { isPermanentFault } from './sql-state.js';

const withCode = (code: string): Error => Object.assign(new Error('of Postgres'), { code });

describe('what would fail again however often it is repeated', () => {
  it.each([
    ['a value that is too long', withCode('22001'), true],
    ['a row that is there already', withCode('23505'), true],
    ['a column that does not exist', withCode('42703'), true],
    ['a table we may not write', withCode('42501'), true],
    ['something Postgres does not do', withCode('0A000'), true],
    ['a mistake in our code', new TypeError('x is undefined'), true],
    ['a server that stops', withCode('57P01'), false],
    ['a server without connections', withCode('53300'), false],
    ['a deadlock', withCode('40P01'), false],
    ['a lock that was waited for too long', withCode('55P03'), false],
    ['a statement that took too long', withCode('57014'), false],
    ['a transaction we were too slow for', withCode('25P03'), false],
    ['a server that takes no writes while it fails over', withCode('25006'), false],
    ['a socket that broke', withCode('ECONNRESET'), false],
    ['a pool without a free connection', new Error('timeout exceeded when trying to connect'), false],
  ])('%s: %s', (_description, error, expected) => {
    expect(isPermanentFault(error)).toBe(expected);
  });
});
