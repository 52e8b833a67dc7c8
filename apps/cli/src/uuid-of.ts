import { UsageProblem } from './command.js';

/**
 * An argument that is an id of ours, in small letters.
 * @throws UsageProblem
 */
export function uuidOf<Id extends string>(text: string, argument: string, what: string): Id {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw new UsageProblem(`${argument} must be the id of ${what}, e.g. 0192f3c1-6d1a-7cc0-8a52-1f2e3d4c5b6a.`);
  return text.toLowerCase() as Id;
}
