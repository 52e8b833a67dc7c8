import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBody } from './lead-intake.js';
import type { LeadRequest } from './ledger-line.js';
import { LedgerError, RequestLedger } from './request-ledger.js';

const noTornLine = (): never => {
  throw new Error('no torn line was planned');
};
const aRequest = (given: Partial<LeadRequest> = {}): LeadRequest => ({
  at: '2026-01-02T03:04:05.678Z',
  method: 'POST',
  path: '/leads',
  headers: { 'content-type': 'application/json' },
  status: 201,
  key: null,
  repeat: false,
  effect: true,
  id: 'id-1',
  leadToken: 'token-1',
  mode: 'ok',
  ...given,
});
const aBody = (text = '{"phone":"0160"}') => readBody(Buffer.from(text));

async function read<T>(json: AsyncGenerator<Buffer | string>): Promise<T[]> {
  let text = '';
  for await (const piece of json) text += piece.toString();
  return JSON.parse(text) as T[];
}

describe('the request ledger', () => {
  let folder: string;
  let file: string;
  let ledger: RequestLedger;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'demo-crm-'));
    file = join(folder, 'deeper', 'demo-crm.ndjson');
    ledger = RequestLedger.open(file, noTornLine);
  });
  afterEach(() => {
    ledger.close();
    rmSync(folder, { recursive: true });
  });
  const reopen = (onTornLine: (bytes: number) => void = noTornLine): void => {
    ledger.close();
    ledger = RequestLedger.open(file, onTornLine);
  };

  it('begins empty, for its owner only', async () => {
    expect(await read(ledger.requestsJson())).toEqual([]);
    expect(await read(ledger.leadsJson())).toEqual([]);
    expect(await ledger.latestLeads(5)).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('has a line in the file before it says so', async () => {
    await ledger.append(aRequest(), aBody());
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ path: '/leads', body: { phone: '0160' } });
  });

  it('groups lines, keeps their order and shows each', async () => {
    await Promise.all(Array.from({ length: 500 }, (_, n) => ledger.append(aRequest({ key: `k${n}`, id: `id-${n}` }), aBody(`{"n":${n}}`))));
    const requests = await read<{ body: { n: number } }>(ledger.requestsJson());
    expect(requests.map(({ body }) => body.n)).toEqual(Array.from({ length: 500 }, (_, n) => n));
    const leads = await read<{ id: string; body: { n: number } }>(ledger.leadsJson());
    expect(leads.every(({ id, body }) => id === `id-${body.n}`)).toBe(true);
    expect(leads).toHaveLength(500);
  });

  it('counts all requests of a key, and one lead', async () => {
    await ledger.append(aRequest({ key: 'k', effect: false, id: null, leadToken: null, status: 500 }), aBody());
    await ledger.append(aRequest({ key: 'k' }), aBody());
    await ledger.append(aRequest({ key: 'k', repeat: true, effect: false }), aBody());
    await ledger.append(aRequest({ id: 'id-2' }), aBody());
    const at = '2026-01-02T03:04:05.678Z';
    const expected = [
      { id: 'id-1', key: 'k', requests: 3, at, body: { phone: '0160' } },
      { id: 'id-2', key: null, requests: 1, at, body: { phone: '0160' } },
    ];
    expect(await read(ledger.leadsJson())).toEqual(expected);
    expect(await ledger.latestLeads(9)).toEqual([...expected].reverse());
    expect(ledger.counts()).toEqual({ requests: 4, repeats: 1, leads: 2 });
  });

  it('is the same after it was opened again, and goes on', async () => {
    await ledger.append(aRequest({ key: 'k' }), aBody());
    await ledger.append(aRequest({ key: 'k', repeat: true, effect: false }), aBody());
    const before = { counts: ledger.counts(), leads: await read(ledger.leadsJson()) };
    reopen();
    expect({ counts: ledger.counts(), leads: await read(ledger.leadsJson()) }).toEqual(before);
    expect(ledger.leadUnder('k')).toMatchObject({ id: 'id-1', leadToken: 'token-1' });
    await ledger.append(aRequest({ id: 'id-2' }), aBody('{"second":true}'));
    expect(await read(ledger.leadsJson())).toHaveLength(2);
  });

  it('cuts off a last line that a crash tore, and says so', async () => {
    await ledger.append(aRequest(), aBody());
    appendFileSync(file, '{"at":"2026-01-02T0');
    const torn: number[] = [];
    reopen((bytes) => torn.push(bytes));
    expect(torn).toEqual([19]);
    await ledger.append(aRequest({ id: 'id-2' }), aBody('{"after":1}'));
    reopen();
    expect((await read<{ id: string }>(ledger.leadsJson())).map(({ id }) => id)).toEqual(['id-1', 'id-2']);
  });

  it('refuses a file whose middle is damaged and names the line', async () => {
    await ledger.append(aRequest(), aBody());
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"hello":"world"}\n`);
    expect(() => RequestLedger.open(file, noTornLine)).toThrow(
      new LedgerError(`Line 2 of ${file} is not a line of this ledger. Move the file away and start again; a new one is made.`),
    );
  });

  it('reads lines longer than what it reads at once', async () => {
    const long = 'ü'.repeat(1_500_000);
    await ledger.append(aRequest({ id: 'id-1' }), aBody(JSON.stringify({ long })));
    await ledger.append(aRequest({ id: 'id-2' }), aBody());
    reopen();
    const [first, second] = await read<{ body: { long?: string } }>(ledger.leadsJson());
    expect(first?.body.long).toBe(long);
    expect(second?.body).toEqual({ phone: '0160' });
  });

  it.each([
    { description: 'JSON on one line', bytes: '{"a":1.0, "a":12345678901234567890,"b":"ü\\u0000"}', exact: 'in place' },
    { description: 'JSON on several lines', bytes: '{\r\n  "a": "x\\ny"\n}', exact: 'bodyText', body: { a: 'x\ny' } },
    { description: 'JSON nested 100,000 deep', bytes: `${'['.repeat(1e5)}\n${']'.repeat(1e5)}`, exact: 'bodyText', deep: true },
    { description: 'no JSON', bytes: '{"a":\n', exact: 'bodyText', body: '{"a":\n' },
    { description: 'nothing', bytes: '', exact: 'null', body: null },
  ])('keeps the exact bytes of $description', async ({ bytes, exact, body, deep }) => {
    await ledger.append(aRequest({ headers: { body: 'x', bodysha256: '"bodySha256":"' } }), aBody(bytes));
    reopen();
    const line = readFileSync(file, 'utf8');
    const [request] = await read<{ body: unknown; bodyText?: string }>(ledger.requestsJson());
    if (exact === 'in place') expect(line).toContain(`,"body":${bytes}}\n`);
    expect(request?.bodyText).toBe(exact === 'bodyText' ? bytes : undefined);
    if (exact !== 'in place' && deep !== true) expect(request?.body).toEqual(body);
    expect(line.match(/\n/g)).toHaveLength(1);
  });

  it('keeps bytes that are no text', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
    await ledger.append(aRequest({ effect: false, id: null, leadToken: null, status: 400 }), readBody(bytes));
    expect(await read(ledger.requestsJson())).toMatchObject([{ body: null, bodyBase64: bytes.toString('base64') }]);
  });

  it('forgets everything on clear, also what is just being written', async () => {
    await ledger.append(aRequest({ key: 'k' }), aBody());
    const waiting = ledger.append(aRequest({ key: 'k2', id: 'id-2' }), aBody());
    ledger.clear();
    await waiting;
    expect(readFileSync(file, 'utf8')).toBe('');
    expect(ledger.leadUnder('k2')).toBeUndefined();
    expect(ledger.counts()).toEqual({ requests: 0, repeats: 0, leads: 0 });
    await ledger.append(aRequest({ id: 'id-3' }), aBody('{"new":1}'));
    expect(await read(ledger.leadsJson())).toMatchObject([{ id: 'id-3', requests: 1, body: { new: 1 } }]);
  });

  it('takes nothing after it was closed', async () => {
    const other = RequestLedger.open(join(folder, 'other.ndjson'), noTornLine);
    other.close();
    await expect(other.append(aRequest(), aBody())).rejects.toThrow(LedgerError);
    expect(other.isWritable()).toBe(false);
  });

  it('says what to mend when the file cannot be opened', () => {
    expect(() => RequestLedger.open(folder, noTornLine)).toThrow(/cannot open .* \(EISDIR\).*LEADGATE_DATA_DIR/);
  });
});

// The device on which every write fails for want of room; Linux has it.
if (existsSync('/dev/full')) {
  it('answers nothing with success once a write failed', async () => {
    const ledger = RequestLedger.open('/dev/full', noTornLine);
    await expect(ledger.append(aRequest({ key: 'k' }), aBody())).rejects.toThrow(/cannot write \/dev\/full \(ENOSPC\)/);
    await expect(ledger.append(aRequest(), aBody())).rejects.toThrow(LedgerError);
    expect(ledger.isWritable()).toBe(false);
    expect(await read(ledger.leadsJson())).toEqual([]);
    ledger.close();
  });
}
