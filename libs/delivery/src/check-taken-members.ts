import type { DestinationConfig } from '#core';
import { MEMBERS_OF_SOME_KINDS, type DestinationKind } from './destination.port.js';

/** How the paths of members begin that only one kind has. */
export const OPTIONS = 'options.';

/**
 * What stands in a configuration and means nothing to its kind: a rule over answers that nobody asks, a way to log in that is not tried.
 * @returns a sentence each, beginning with the member; values are never repeated but the words of our own lists
 */
export function takenProblems(config: DestinationConfig, { kind, label, takes, fields }: DestinationKind): string[] {
  const problems: string[] = [];
  for (const member of MEMBERS_OF_SOME_KINDS) {
    if (config[member] == null || takes.members.includes(member)) continue;
    problems.push(`${member}: has no use for the kind ${kind}; remove it${othersIn(takes.members)}`);
  }
  const choices = [
    ['authentication.kind', config.authentication.kind, takes.authentication],
    ['answers', config.answers, takes.answers],
    ['effect', config.effect, takes.effect],
  ] as const;
  for (const [path, chosen, offered] of choices) {
    if (!(offered as readonly string[]).includes(chosen))
      problems.push(`${path}: must be ${oneOf(offered)} for the kind ${kind} (${label})`);
  }
  const known = fields.flatMap(({ path }) => (path.startsWith(OPTIONS) ? [path.slice(OPTIONS.length)] : []));
  for (const option of Object.keys(config.options ?? {})) {
    if (!known.includes(option))
      problems.push(
        `${OPTIONS}${option}: is not known to the kind ${kind}; ${known.length === 0 ? 'it takes no options' : `it takes: ${known.join(', ')}`}`,
      );
  }
  const unused = (['failures', 'probe_multiple'] as const).filter((member) => config.breaker?.[member] != null);
  if (config.breaker?.off === true && unused.length > 0)
    problems.push(`breaker.off: with true there is no breaker, so ${unused.join(' and ')} would mean nothing; remove one or the other`);
  return problems;
}

const oneOf = (words: readonly string[]): string => (words.length === 1 ? (words[0] as string) : `one of ${words.join(', ')}`);

const othersIn = (members: readonly string[]): string => (members.length === 0 ? '' : `, or use one of: ${members.join(', ')}`);
