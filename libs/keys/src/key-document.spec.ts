import { randomBytes } from 'node:crypto';
import { documentFromShort, readKeyDocument, writeKeyDocument } from './key-document.js';

const SECRET = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7));
const OTHER = Buffer.from(Array.from({ length: 40 }, (_, at) => 255 - at));
const key = (id: string, secret = SECRET.toString('base64')) => ({ id, secret });

function documentOf(content: unknown) {
  const reading = readKeyDocument(JSON.stringify(content));
  if ('problems' in reading) throw new Error(reading.problems.join('\n'));
  return reading.document;
}
function problemsOf(content: unknown): readonly string[] {
  const reading = readKeyDocument(typeof content === 'string' ? content : JSON.stringify(content));
  return 'problems' in reading ? reading.problems : [];
}

describe('the document of the keys', () => {
  it.each([
    ['hex', SECRET.toString('hex')],
    ['capital hex', SECRET.toString('hex').toUpperCase()],
    ['base64', SECRET.toString('base64')],
    ['base64url', SECRET.toString('base64url')],
    ['with blanks around it', ` ${SECRET.toString('hex')}\n`],
  ])('reads a secret in %s', (_form, secret) => {
    expect(documentOf({ current: key('k1', secret) }).shared?.current).toEqual({ id: 'k1', secret: SECRET });
  });

  it('reads rings of tenants, and null for a tenant without a key', () => {
    const document = documentOf({
      current: key('k2', OTHER.toString('hex')),
      previous: [key('k1')],
      tenants: { acme: { current: key('a1', randomBytes(64).toString('hex')) }, beta: null },
    });
    expect(document.shared?.previous.map(({ id }) => id)).toEqual(['k1']);
    expect([...document.tenants].map(([name, ring]) => [name, ring?.current.id ?? null])).toEqual([
      ['acme', 'a1'],
      ['beta', null],
    ]);
  });

  it('is the same after writing and reading', () => {
    const document = documentOf({
      current: key('k2', OTHER.toString('hex')),
      previous: [key('k1')],
      tenants: { acme: { current: key('k1') }, beta: null },
    });
    expect(readKeyDocument(writeKeyDocument(document))).toEqual({ document });
  });

  it('is also written as one line: id and secret', () => {
    expect(readKeyDocument(documentFromShort(`k1:${SECRET.toString('hex')}`))).toEqual({
      document: { shared: { current: { id: 'k1', secret: SECRET }, previous: [] }, tenants: new Map() },
    });
  });

  it.each<[what: string, content: unknown, problem: RegExp]>([
    ['no JSON', 'hunter2-is-my-secret', /not valid JSON/],
    ['a list', [], /must be a JSON object/],
    ['nothing', {}, /^current is missing/],
    ['a short secret', { current: key('k1', 'hunter2s') }, /current\.secret has 6 bytes and needs at least 32.*openssl rand -hex 32/],
    ['31 bytes', { current: key('k1', '7'.repeat(62)) }, /has 31 bytes/],
    ['one byte repeated', { current: key('k1', '00'.repeat(32)) }, /one byte repeated/],
    ['a secret that is no text', { current: { id: 'k1', secret: 5 } }, /current\.secret must be text/],
    ['other characters', { current: key('k1', 'hunter2 '.repeat(8)) }, /current\.secret must be text in hex or base64/],
    ['a bad id', { current: key('hunter2 !') }, /current\.id must be/],
    ['previous that is no list', { current: key('k1'), previous: key('k0') }, /previous must be a list/],
    ['an incomplete previous key', { current: key('k1'), previous: [{ id: 'k0' }] }, /previous\[0\]\.secret/],
    ['two keys of one id', { current: key('k1'), previous: [key('k1')] }, /the shared ring has two keys of one id/],
    [
      'one id for two secrets',
      { current: key('k1'), tenants: { acme: { current: key('k1', OTHER.toString('hex')) } } },
      /the ring of acme has a key whose id stands for/,
    ],
    ['an unknown member', { current: key('k1'), hunter2: 1 }, /only "current", "previous" and "tenants"/],
    ['a tenant that is no ring', { current: key('k1'), tenants: { acme: 'hunter2' } }, /tenants\.acme must be an object/],
  ])('refuses %s, without repeating a value', (_what, content, problem) => {
    const problems = problemsOf(content);
    expect(problems).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
    expect(problems.join()).not.toContain('hunter2');
    expect(problems.join()).not.toContain(SECRET.toString('base64'));
  });

  it('tells every problem at once', () => {
    expect(problemsOf({ current: key('k1', 'aa'), previous: [key('!', 'bb')] })).toHaveLength(3);
  });
});
