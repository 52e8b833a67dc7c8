import { isHtmlPage, recordIdOf } from './http-answer.js';

describe('isHtmlPage', () => {
  it.each(['<!DOCTYPE html><html>', '<html lang="de">', '\n  <!doctype HTML >', '\uFEFF<!-- proxy --><html>', '<HTML>'])(
    '%j is a page for people',
    (body) => {
      expect(isHtmlPage(Buffer.from(body))).toBe(true);
    },
  );

  it.each(['', 'OK', '{"id":1}', '<xml/>', '<htmlish/>', '{"page":"<html>"}', '<?xml version="1.0"?><response/>'])(
    '%j is an answer',
    (body) => {
      expect(isHtmlPage(Buffer.from(body))).toBe(false);
    },
  );

  it('stays linear on an answer made to be slow', () => {
    const began = process.cpuUsage();
    isHtmlPage(Buffer.from('<!--'.repeat(16_000)));
    isHtmlPage(Buffer.from(' '.repeat(64_000)));
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(200);
  });
});

describe('recordIdOf', () => {
  it.each([
    { body: '{"id":"crm-7"}', path: 'id', id: 'crm-7' },
    { body: '{"data":{"lead":{"id":42}}}', path: 'data.lead.id', id: '42' },
    { body: '{"id":12345678901234567890}', path: 'id', id: null },
    { body: '{"id":""}', path: 'id', id: null },
    { body: '{"id":{"x":1}}', path: 'id', id: null },
    { body: '{"id":"a\\u0000b"}', path: 'id', id: 'ab' },
    { body: '{"id":"\\ud800"}', path: 'id', id: '\uFFFD' },
    { body: '{"id"', path: 'id', id: null },
    { body: 'OK', path: 'id', id: null },
    { body: 'null', path: 'id', id: null },
    { body: '{}', path: '__proto__', id: null },
    { body: `{"id":"${'x'.repeat(300)}"}`, path: 'id', id: 'x'.repeat(255) },
  ])('$body at $path is $id', ({ body, path, id }) => {
    expect(recordIdOf(Buffer.from(body), path)).toBe(id);
  });
});
