import { classifyGraphError, regainAccessSeconds } from './classify-graph-error.js';

const error = (code: unknown, more: object = {}) =>
  classifyGraphError({ error: { message: 'canary', type: 'OAuthException', code, ...more } } as never);

describe('classifyGraphError', () => {
  it.each([
    [190, 'refuses_us'],
    [102, 'refuses_us'],
    [10, 'refuses_us'],
    [200, 'refuses_us'],
    [299, 'refuses_us'],
    [4, 'retry'],
    [17, 'retry'],
    [32, 'retry'],
    [613, 'retry'],
    [80_005, 'retry'],
    [1, 'retry'],
    [2, 'retry'],
    [100, 'refused'],
    [803, 'refused'],
    [368, undefined],
    [300, undefined],
  ])('%d means %s', (code, kind) => {
    expect(error(code)).toMatchObject({ errorCode: `GRAPH_${code}` });
    expect(error(code)?.meaning?.kind).toBe(kind);
  });

  it('names the subcode, and nothing of the message', () => {
    const found = error(100, { error_subcode: 33 });
    expect(found?.errorCode).toBe('GRAPH_100_33');
    expect(found?.meaning?.cause).toMatch(/^Graph error 100\/33: there is no such lead/);
    expect(JSON.stringify(found)).not.toContain('canary');
  });

  it('believes that something passes', () => {
    expect(error(12_345, { is_transient: true })?.meaning?.kind).toBe('retry');
  });

  it.each([[null], [[]], [{}], [{ error: 'x' }], [{ error: {} }], [{ error: { code: '190' } }]])('finds none in %j', (answer) => {
    expect(classifyGraphError(answer as never)).toBeNull();
  });
});

describe('regainAccessSeconds', () => {
  it.each([
    ['{"1":[{"type":"leadgen","estimated_time_to_regain_access":19}],"2":[{"estimated_time_to_regain_access":3}]}', 1140],
    ['{"1":[{"type":"leadgen","estimated_time_to_regain_access":0}]}', null],
    ['{"1":{"estimated_time_to_regain_access":1}}', 60],
    ['[]', null],
    ['{', null],
    [undefined, null],
  ])('%s is %s', (header, seconds) => {
    expect(regainAccessSeconds(header)).toBe(seconds);
  });
});
