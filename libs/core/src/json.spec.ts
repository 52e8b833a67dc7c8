import fc from 'fast-check';
import { changeAtPath, digitsOf, readFirst, readPath, withoutPath, writePath, type JsonObject } from './json.js';

describe('readPath', () => {
  it.each([
    { description: 'a nested member', path: 'address.zip', value: '66123' },
    { description: 'a label after the first dot, dots and all', path: 'questions.Alter? (ca.)', value: '6' },
    { description: 'a member whose own name is the path', path: 'flat.zip', value: 'flat' },
    { description: 'nothing below a text', path: 'address.zip.x', value: undefined },
    { description: 'nothing that is inherited', path: 'address.toString', value: undefined },
  ])('reads $description', ({ path, value }) => {
    expect(readPath({ address: { zip: '66123' }, questions: { 'Alter? (ca.)': '6' }, 'flat.zip': 'flat' }, path)).toBe(value);
  });
});

describe('readFirst', () => {
  it('takes null for missing and "" for present', () => {
    expect(readFirst({ a: null, b: '', c: 'x' }, ['a', 'b', 'c'])).toEqual({ path: 'b', value: '' });
  });
});

describe('withoutPath', () => {
  it('leaves nothing that readPath could read there, and what it was given as it was', () => {
    const root: JsonObject = { a: { b: 1, b_original: 2, c: 3 }, 'a.b': 4, 'a.b_original': 5, b: 6 };
    const before = JSON.stringify(root);
    expect(withoutPath(root, 'a.b', '_original')).toEqual({ a: { c: 3 }, b: 6 });
    expect(withoutPath(root, 'b', '_original')).toEqual({ a: { b: 1, b_original: 2, c: 3 }, 'a.b': 4, 'a.b_original': 5 });
    expect(withoutPath(root, 'x.y')).toEqual(root);
    expect(JSON.stringify(root)).toBe(before);
  });

  it('keeps a member called __proto__ as data', () => {
    const root = JSON.parse('{"__proto__": {"x": 1}, "b": 2}') as JsonObject;
    expect(JSON.stringify(withoutPath(root, 'b'))).toBe('{"__proto__":{"x":1}}');
  });
});

describe('changeAtPath', () => {
  it.each(['address.zip', 'questions.Alter? (ca.)', 'flat.zip'])('changes what readPath reads: %s', (path) => {
    const root: JsonObject = { address: { zip: 1 }, questions: { 'Alter? (ca.)': 1 }, 'flat.zip': 1 };
    changeAtPath(root, path, () => 2);
    expect(readPath(root, path)).toBe(2);
  });

  it('leaves alone what is not there', () => {
    const root: JsonObject = { address: 'x' };
    changeAtPath(root, 'address.zip', () => 2);
    changeAtPath(root, 'constructor', () => 2);
    expect(root).toEqual({ address: 'x' });
  });
});

describe('writePath', () => {
  it('makes the objects on the way, also where a value stood', () => {
    const body: JsonObject = { lead: 'x' };
    writePath(body, 'lead.phone', '1');
    expect(body).toEqual({ lead: { phone: '1' } });
  });
});

describe('digitsOf', () => {
  it.each([
    [66123.0, '66123'],
    [-5.5, '-5.5'],
    [1e21, '1000000000000000000000'],
    [1.25e22, '12500000000000000000000'],
    [1e-7, '0.0000001'],
    [-1.5e-7, '-0.00000015'],
  ])('%d is %s', (value, digits) => {
    expect(digitsOf(value)).toBe(digits);
  });

  it('never has an exponent and reads back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(digitsOf(value)).toMatch(/^-?\d+(\.\d+)?$/);
        expect(Number(digitsOf(value))).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});
