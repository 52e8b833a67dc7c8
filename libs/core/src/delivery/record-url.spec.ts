import type { DestinationConfig } from '../config/destination-config.js';
import { recordUrlOf } from './record-url.js';

const config = (record_url?: string) => ({ destinations: [{ name: 'crm', ...(record_url && { record_url }) } as DestinationConfig] });
const TEMPLATE = 'https://crm.example.com/leads/{record_id}?of={record_id}';

describe('recordUrlOf', () => {
  it.each([
    ['an id', 'crm-7', 'https://crm.example.com/leads/crm-7?of=crm-7'],
    ['an id that would go elsewhere', '../x?y#z', 'https://crm.example.com/leads/..%2Fx%3Fy%23z?of=..%2Fx%3Fy%23z'],
    ['an id that looks like a replacement', '$&', 'https://crm.example.com/leads/%24%26?of=%24%26'],
    ['half a surrogate pair', '\ud800', 'https://crm.example.com/leads/%EF%BF%BD?of=%EF%BF%BD'],
  ])('links to the record of %s', (_description, id, url) => {
    expect(recordUrlOf(config(TEMPLATE), 'crm', id)).toBe(url);
  });

  it('links to where a kind of destination says', () => {
    const templateOf = ({ record_url: own }: DestinationConfig): string => own ?? 'https://kind.example.com/{record_id}';
    expect(recordUrlOf(config(), 'crm', '7', templateOf)).toBe('https://kind.example.com/7');
    expect(recordUrlOf(config('https://own.example.com/{record_id}'), 'crm', '7', templateOf)).toBe('https://own.example.com/7');
    expect(recordUrlOf(config(), 'other', '7', templateOf)).toBeNull();
  });

  it('links to nothing that is not known', () => {
    expect(recordUrlOf(config(TEMPLATE), 'crm', null)).toBeNull();
    expect(recordUrlOf(config(TEMPLATE), 'other', 'crm-7')).toBeNull();
    expect(recordUrlOf(config(), 'crm', 'crm-7')).toBeNull();
    expect(recordUrlOf(undefined, 'crm', 'crm-7')).toBeNull();
  });
});
