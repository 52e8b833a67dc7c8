import { resolveReferences } from './references.js';

const files: Record<string, string> = {
  'token.txt': 'from-file\nsecond line\n',
  'windows.txt': '\uFEFFfrom-windows\r\n',
  'empty.txt': '\n',
};
const readFile = (path: string): string => {
  const text = files[path];
  if (text === undefined) throw Object.assign(new Error('gone'), { code: 'ENOENT' });
  return text;
};
const resolve = (content: Parameters<typeof resolveReferences>[0], env: Record<string, string> = {}) =>
  resolveReferences(content, { env, readFile });

describe('resolveReferences', () => {
  it.each([
    { description: 'a variable that is set', written: 'env:TOKEN', env: { TOKEN: 'abc' }, becomes: 'abc' },
    { description: 'a variable that is set wins over its default', written: 'env:TOKEN|x', env: { TOKEN: 'abc' }, becomes: 'abc' },
    { description: 'a default', written: 'env:TOKEN|http://a|b', env: {}, becomes: 'http://a|b' },
    { description: 'an empty default', written: 'env:TOKEN|', env: {}, becomes: '' },
    { description: 'an empty variable counts as not set', written: 'env:TOKEN|x', env: { TOKEN: '' }, becomes: 'x' },
    { description: 'the first line of a file', written: 'file:token.txt', env: {}, becomes: 'from-file' },
    { description: 'a byte order mark and CRLF', written: 'file:windows.txt', env: {}, becomes: 'from-windows' },
    { description: 'a text that only contains a reference', written: 'see env:TOKEN', env: {}, becomes: 'see env:TOKEN' },
    {
      description: 'a value that looks like a reference is not resolved again',
      written: 'env:A',
      env: { A: 'env:B', B: 'x' },
      becomes: 'env:B',
    },
  ])('$description', ({ written, env, becomes }) => {
    expect(resolve({ at: [written] }, env as Record<string, string>)).toEqual({ content: { at: [becomes] }, problems: [] });
  });

  it('lists every open reference with its place and leaves it as written', () => {
    const content = { a: { b: ['env:ONE', 'env:', 'file:gone', 'file:empty.txt', 'file:', 1, null] }, 'env:NAME': true };
    const { content: resolved, problems } = resolve(content);
    expect(resolved).toEqual(content);
    expect(problems).toEqual([
      'a.b[0]: the variable ONE is not set. Set it, or write what holds without it: env:ONE|default',
      'a.b[1]: env: must be followed by the name of a variable, as in env:NAME or env:NAME|default',
      'a.b[2]: the file gone cannot be read (ENOENT: it is not there); its path starts from the configuration folder',
      'a.b[3]: the first line of the file empty.txt is empty; put the value there',
      'a.b[4]: file: must be followed by a path, as in file:/run/secrets/token',
    ]);
  });

  it('never repeats the value of a variable in a problem', () => {
    expect(JSON.stringify(resolve({ a: 'env:ONE', b: 'env:TWO' }, { TWO: 'hunter2' }).problems)).not.toContain('hunter2');
  });
});
