import type { JsonValue } from '#core';
import { crmColumns } from './crm-columns.js';

describe('crmColumns', () => {
  it.each<[value: JsonValue | undefined, column: string | null]>([
    ['+1', '+1'],
    [5.5, '5.5'],
    [1e21, '1000000000000000000000'],
    [true, 'true'],
    [['a'], '["a"]'],
    [{ a: 1 }, '{"a":1}'],
    ['0', '0'],
    ['', null],
    [0, null],
    [false, null],
    [null, null],
    [undefined, null],
  ])('%j fills the column with %j', (value, column) => {
    expect(crmColumns({ first_name: 'firstName' }, value === undefined ? {} : { firstName: value })).toEqual({ first_name: column });
  });
});
