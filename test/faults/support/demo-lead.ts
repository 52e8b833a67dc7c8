/** Stands in every e-mail, and must stand nowhere but in the columns for personal data. */
export const CANARY = 'kanarienvogel';

/** A lead the demo tenant delivers; each number is a person of their own. */
export function demoLead(number: number): Record<string, unknown> {
  return {
    email: `${CANARY}-${number}@example.com`,
    phone: phoneOf(number),
    first_name: 'Zwitscherina',
    address: { zip: `66${String(number % 1000).padStart(3, '0')}` },
    house: { is_owner: true },
  };
}

/** As the customer's API has them. */
export function personOf(number: number): string {
  return `${CANARY}-${number}@example.com ${phoneOf(number).replaceAll(' ', '').replace(/^0/, '+49')}`;
}

/** What of a demo lead may be nowhere but in the columns for it: e-mail, first name, phone as it came and as it is kept. */
export const PERSONAL_TEXTS = [CANARY, 'zwitscherina', '0160 4', '+491604'];

/** German mobile numbers with seven digits after the prefix. */
export function phoneOf(number: number): string {
  return `0160 ${String(4_000_000 + number).padStart(7, '0')}`;
}
