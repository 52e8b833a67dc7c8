import { createLogger } from './logger.js';
import { ToldProblems } from './told-problems.js';

describe('problems that are told', () => {
  it('are told when they appear, and once when all are gone', () => {
    const logger = createLogger('silent', false);
    const said: string[] = [];
    jest.spyOn(logger, 'warn').mockImplementation((_fields: unknown, text?: string) => void said.push(`warn ${text}`));
    jest.spyOn(logger, 'info').mockImplementation((_fields: unknown, text?: string) => void said.push(`info ${text}`));
    const problems = new ToldProblems(logger, 'keys', 'all is well');
    for (const now of [[], ['a'], ['a', 'b'], ['b'], ['a', 'b'], [], [], ['b']]) problems.tell(now);
    expect(said).toEqual(['warn a', 'warn b', 'warn a', 'info all is well', 'warn b']);
  });
});
