import type { JsonValue } from '../json.js';
import { isHtmlPage, readAnswerPath, recordIdAt } from './read-answer.js';

describe('isHtmlPage', () => {
  it.each([
    ...['<!DOCTYPE html><html>', '<html lang="de">', '\n  <!doctype HTML >', '\uFEFF<!-- proxy --><html>', '<HTML>'],
    ...['<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">', '<head><title>Log in</title>'],
    ...['<body>', '<title>503</title>', '<meta http-equiv="refresh" content="0;url=/login">', '<script>location="/login"</script>'],
  ])('%j is a page for people', (body) => {
    expect(isHtmlPage(body)).toBe(true);
  });

  it.each([
    '',
    'OK',
    '{"id":1}',
    '<xml/>',
    '<htmlish/>',
    '{"page":"<html>"}',
    '<?xml version="1.0"?><response/>',
    '<?xml version="1.0"?>\n<body><status>OK</status></body>',
    '<header/>',
    '<script-run/>',
  ])('%j is an answer', (body) => {
    expect(isHtmlPage(body)).toBe(false);
  });

  it('stays linear on an answer made to be slow', () => {
    const began = process.cpuUsage();
    isHtmlPage('<!--'.repeat(16_000));
    isHtmlPage(' '.repeat(64_000));
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(200);
  });
});

describe('recordIdAt', () => {
  it.each([
    { body: '{"id":"crm-7"}', path: 'id', id: 'crm-7' },
    { body: '{"data":{"lead":{"id":42}}}', path: 'data.lead.id', id: '42' },
    { body: '{"results":[{"id":"a"},{"id":"b"}]}', path: 'results.1.id', id: 'b' },
    { body: '[{"id":"a"}]', path: '0.id', id: 'a' },
    { body: '{"id":12345678901234567890}', path: 'id', id: null },
    { body: '{"id":1.5}', path: 'id', id: null },
    { body: '{"id":""}', path: 'id', id: null },
    { body: '{"id":{"x":1}}', path: 'id', id: null },
    { body: '{"id":"a\\u0000b"}', path: 'id', id: 'ab' },
    { body: '{"id":"\\ud800"}', path: 'id', id: '\uFFFD' },
    { body: 'null', path: 'id', id: null },
    { body: '{}', path: '__proto__', id: null },
    { body: '[]', path: 'length', id: null },
    { body: `{"id":"${'x'.repeat(300)}"}`, path: 'id', id: 'x'.repeat(255) },
  ])('$body at $path is $id', ({ body, path, id }) => {
    expect(recordIdAt(JSON.parse(body) as JsonValue, path)).toBe(id);
  });
});

describe('readAnswerPath', () => {
  it.each<[answer: JsonValue, path: string, value: JsonValue | undefined]>([
    [{ a: { b: 1 } }, 'a.b', 1],
    [{ 'a.b': 2, a: { b: 1 } }, 'a.b', 2],
    [{ a: [{ b: [3] }] }, 'a.0.b.0', 3],
    [{ a: [1] }, 'a.1', undefined],
    [{ a: [1] }, 'a.-1', undefined],
    [{ a: { 0: 'x' } }, 'a.0', 'x'],
    ['text', 'a', undefined],
  ])('%j at %s is %j', (answer, path, value) => {
    expect(readAnswerPath(answer, path)).toEqual(value);
  });
});
