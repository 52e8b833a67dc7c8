import { answerExcerpt, redact } from './answer-excerpt.js';

const excerptOf = (body: string | Buffer, headers = {}) => answerExcerpt(Buffer.from(body), headers);

describe('redact', () => {
  it.each([
    ['{"error":"john.doe@example.com exists"}', '{"error":"[redacted] exists"}'],
    ['mail=john.doe%40example.com&x=1', 'mail=[redacted]&x=1'],
    ['{"email":"john\\u0040example.com"}', '{"email":"[redacted]"}'],
    ['<john@localhost>', '<[redacted]>'],
    ['phone +49 160 8912308 known', 'phone [redacted] known'],
    ['phone 0160/8912308.', 'phone [redacted].'],
    ['phone (0160) 891-23-08', 'phone [redacted]'],
    ['{"phone":"+491608912308"}', '{"phone":"[redacted]"}'],
    ['lead%5Bphone%5D=%2B491608912308&x=1', 'lead%5Bphone%5D=%2B[redacted]&x=1'],
    ['{"phone":491608912308}', '{"phone":[redacted]}'],
    ['Authorization: Bearer abc.def-123', 'Authorization: Bearer [redacted]'],
    ['bearer demo-token is wrong', 'bearer [redacted] is wrong'],
    ['{"lead_token":"s3cr3t","id":"7"}', '{"lead_token":"[redacted]","id":"7"}'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln here', 'jwt [redacted] here'],
    ['müller@käse.example', '[redacted]'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    ['{"id":"01935f2a-1234-7890-8123-123456789012"}'],
    ['{"at":"2026-11-22T04:33:00.123Z","status":201}'],
    ['{"id":"crm-123456","code":4711}'],
    ['zip 66123, house 12'],
    [''],
  ])('leaves %s as it is', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('stays linear on answers made to be slow', () => {
    const parts = ['a', '1', '"', 'eyJ', 'a@', '1-', '"token', 'Bearer ', '0 ', '(', 'a.'];
    const began = process.cpuUsage();
    for (const part of parts) redact(part.repeat(4600 / part.length));
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(1000);
  });
});

describe('answerExcerpt', () => {
  it('is null for no body', () => {
    expect(excerptOf('')).toBeNull();
  });

  it('keeps 4 KiB at most, never half a character', () => {
    const excerpt = excerptOf('ä'.repeat(4000)) ?? '';
    expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(4096);
    expect(excerpt).toMatch(/^ä+$/);
  });

  it('recognises a value that the end of the excerpt cuts in two', () => {
    expect(excerptOf(`${'-'.repeat(4085)} john.doe@example.com`)).not.toContain('john');
  });

  it('is text that Postgres takes', () => {
    const excerpt = excerptOf(Buffer.from([0x61, 0x00, 0xff, 0xed, 0xa0, 0x80, 0x62])) ?? '';
    expect(excerpt).not.toContain('\0');
    expect(excerpt.isWellFormed()).toBe(true);
    expect(excerpt.startsWith('a')).toBe(true);
  });

  it('does not show compressed bytes', () => {
    expect(excerptOf('\u001f\u008b...', { 'content-encoding': 'gzip' })).toMatch(/^\[\d+ bytes with content-encoding\]$/);
  });
});
