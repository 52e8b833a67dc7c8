/**
 * Messy leads with labels: for each the decisions that are right under either policy. Computed from the seed and the number alone, so any
 * amount of them can be made, in any order, without keeping one.
 */
import { SOURCE_TYPES } from '#core';
import { pick, type Random, seededRandomFor, wholeBelow } from '../support/seeded-random.js';
import { edgeCase } from './edge-cases.js';
import { emailAddress, nationalPhone, personName } from './identities.js';
import { type Content, HINTED, type LabelledLead, type LeadFields, PASSES, REJECTED } from './labels.js';
import { type LeadKind, LeadKinds } from './lead-kinds.js';
import { brokenEmail, brokenPhone, messyEmail, messyPhone, NO_EMAIL } from './mess.js';

const COMPANIES = ['Acme Inc.', 'Northwind & Sons', 'Contoso Ltd', null] as const;

export class LeadGenerator {
  private readonly kinds: LeadKinds;

  constructor(private readonly seed: number) {
    this.kinds = new LeadKinds(seed);
  }

  /** @param number from 0 */
  lead(number: number): LabelledLead {
    const kind = this.kinds.kindOf(number);
    const copyOf = this.kinds.originalOf(number);
    const random = seededRandomFor(this.seed, number);
    const own = { number, kind, copyOf };
    if (copyOf !== null && kind === 'exact_duplicate') {
      const { fields, allowed } = this.lead(copyOf);
      if (random() < 0.5) return { ...own, isReplay: true, fields, allowed };
      return { ...own, isReplay: false, fields: { ...fields, source_id: this.sourceId(number) }, allowed: HINTED };
    }
    const content = copyOf === null ? this.original(random, number, kind) : this.nearDuplicate(random, number, copyOf);
    return {
      ...own,
      isReplay: false,
      fields: { source_id: this.sourceId(number), source_type: pick(random, SOURCE_TYPES), ...content.fields },
      allowed: content.allowed,
    };
  }

  private original(random: Random, number: number, kind: LeadKind): Content {
    switch (kind) {
      case 'dirty':
        return { fields: this.dirty(random, number), allowed: PASSES };
      case 'broken':
        return this.broken(random, number);
      case 'edge_case':
        return edgeCase(random, this.seed, number);
      default:
        return { fields: this.clean(random, number), allowed: PASSES };
    }
  }

  private clean(random: Random, number: number): LeadFields {
    const person = { ...personName(random), company: pick(random, COMPANIES) };
    const phone = random() < 0.85 ? { phone: `+1${this.phone(number)}` } : {};
    return { email: this.email(number), ...phone, ...person };
  }

  private dirty(random: Random, number: number): LeadFields {
    const phone = random() < 0.8 ? messyPhone(random, this.phone(number)) : pick(random, [null, '', '  ']);
    const { first_name, last_name } = personName(random);
    return {
      email: messyEmail(random, this.email(number)),
      phone,
      first_name: `  ${first_name.toUpperCase()}`,
      last_name,
      extra: { note: ' \t' },
    };
  }

  private broken(random: Random, number: number): Content {
    const person = personName(random);
    const goodPhone = `+1${this.phone(number)}`;
    switch (wholeBelow(random, 4)) {
      case 0:
        return { fields: { email: brokenEmail(random, number), phone: goodPhone, ...person }, allowed: REJECTED };
      case 1:
        return { fields: { email: brokenEmail(random, number), phone: brokenPhone(random), ...person }, allowed: REJECTED };
      case 2:
        return { fields: { email: pick(random, NO_EMAIL), phone: goodPhone, ...person }, allowed: REJECTED };
      default:
        // Only what is optional is wrong: SALVAGE drops it and takes the lead.
        return {
          fields: { email: this.email(number), phone: brokenPhone(random), ...person },
          allowed: { STRICT: ['REJECT'], SALVAGE: ['WARN'] },
        };
    }
  }

  /** The same e-mail address in other letters; the phone is another one or none at all. */
  private nearDuplicate(random: Random, number: number, original: number): Content {
    const email = messyEmail(random, this.email(original));
    const person = personName(random);
    if (random() < 0.6) return { fields: { email, phone: messyPhone(random, this.phone(number)), ...person }, allowed: HINTED };
    return { fields: { email, phone: brokenPhone(random), ...person }, allowed: { STRICT: ['REJECT'], SALVAGE: ['DUPLICATE_HINT'] } };
  }

  private email(number: number): string {
    const tagged = this.kinds.kindOf(number) === 'dirty' && number % 3 === 0;
    return emailAddress(seededRandomFor(this.seed ^ 0x0e11a11, number), this.seed, number, tagged);
  }

  private phone(number: number): string {
    return nationalPhone(this.seed, number);
  }

  private sourceId(number: number): string {
    return `bench-${this.seed}-${number}`;
  }
}
