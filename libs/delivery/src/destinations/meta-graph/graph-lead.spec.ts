import { readGraphLead } from './graph-lead.js';

const ID = '555971704561545';
/** As the documentation shows it. */
const DOCUMENTED = {
  created_time: '2015-11-12T15:27:06+0000',
  id: ID,
  ad_id: '6032512345678',
  form_id: '551111744595541',
  field_data: [
    { name: 'car_make', values: ['Honda'] },
    { name: 'full_name', values: ['Joe Example'] },
    { name: 'email', values: ['joe@example.com'] },
    { name: 'selected_dealer', values: ['99213450', '99213451'] },
  ],
};
const read = (changes: object = {}, names: Record<string, string> = {}) => readGraphLead({ ...DOCUMENTED, ...changes }, ID, names);

describe('readGraphLead', () => {
  it('joins the fields to members by name: one value is text, several are a list', () => {
    expect(read()).toEqual({
      created_time: '2015-11-12T15:27:06+0000',
      ad_id: '6032512345678',
      form_id: '551111744595541',
      car_make: 'Honda',
      full_name: 'Joe Example',
      email: 'joe@example.com',
      selected_dealer: ['99213450', '99213451'],
    });
  });

  it('puts a field where field_names says', () => {
    const names = { car_make: 'wish.make', email: 'contact.email', full_name: 'name' };
    expect(read({}, names)).toMatchObject({ wish: { make: 'Honda' }, contact: { email: 'joe@example.com' }, name: 'Joe Example' });
    expect(read({}, names)).not.toHaveProperty('email');
  });

  it.each([
    { description: 'no value', field: { name: 'x', values: [] }, lead: { x: null } },
    { description: 'no values at all', field: { name: 'x' }, lead: { x: null } },
    { description: 'a value that is not text', field: { name: 'x', values: [7, null, { a: 1 }] }, lead: { x: '7' } },
    { description: 'an empty text', field: { name: 'x', values: [''] }, lead: { x: '' } },
    { description: 'a name of Meta', field: { name: 'form_id', values: ['mine'] }, lead: { questions: { form_id: 'mine' } } },
    { description: 'a question', field: { name: 'wie_alt_ist_ihr_dach?', values: ['alt'] }, lead: { 'wie_alt_ist_ihr_dach?': 'alt' } },
    {
      description: 'NUL and half a surrogate pair',
      field: { name: 'a\0', values: ['b\0', '\ud800'] },
      lead: { 'a\ufffd': ['b\ufffd', '\ufffd'] },
    },
  ])('reads a field with $description', ({ field, lead }) => {
    expect(read({ created_time: undefined, ad_id: undefined, form_id: undefined, field_data: [field] })).toEqual(lead);
  });

  it('takes both values of a name that comes twice', () => {
    const twice = [
      { name: 'email', values: ['a@b.de'] },
      { name: 'email', values: ['c@d.de'] },
    ];
    expect(read({ field_data: twice })).toMatchObject({ email: ['a@b.de', 'c@d.de'] });
  });

  it('reaches no prototype', () => {
    const lead = read({ field_data: ['__proto__', 'constructor', 'email'].map((name) => ({ name, values: ['x'] })) });
    expect(Object.keys(lead ?? {}).sort()).toEqual(['ad_id', 'created_time', 'email', 'form_id']);
    expect(Object.getPrototypeOf(lead)).toBe(Object.prototype);
  });

  it('keeps what was consented to, by the key of the box', () => {
    const responses = [
      { checkbox_key: 'optional_1', is_checked: '' },
      { checkbox_key: 'optional_2', is_checked: '1' },
    ];
    expect(read({ custom_disclaimer_responses: responses, is_organic: false })).toMatchObject({
      custom_disclaimer_responses: { optional_1: '', optional_2: '1' },
      is_organic: false,
    });
  });

  it.each([
    ['another lead', { ...DOCUMENTED, id: '1' }],
    ['a lead without an id', { ...DOCUMENTED, id: undefined }],
    ['a lead without fields', { id: ID, created_time: 'x' }],
    ['fields that are no list', { ...DOCUMENTED, field_data: {} }],
    ['an empty answer', {}],
    ['no JSON', null],
    ['a list', []],
  ])('is not %s', (_description, answer) => {
    expect(readGraphLead(answer as never, ID, {})).toBeNull();
  });
});
