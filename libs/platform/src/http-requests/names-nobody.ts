import { ValidateBy } from 'class-validator';
import { namesNobody } from '#core';

/** A text of a person's own words that is kept in the trail. @param message what is wrong with another one */
export function NamesNobody(message: string): PropertyDecorator {
  return ValidateBy(
    { name: 'namesNobody', validator: { validate: (value: unknown) => typeof value === 'string' && namesNobody(value) } },
    { message },
  );
}
