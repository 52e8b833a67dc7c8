import { decideUsableRings, readKeyDocument, readRegistry } from '#keys';
import type { Pool, Settings } from '#platform';
import { CommandProblem } from '../command.js';
import { withKeyProvider } from '../identity-keys.js';
import { bad, good, type Finding, warn } from './finding.js';

const ABOUT = 'keys';
const CONSEQUENCE = 'until then leads are not checked for duplicates, and flagged';

/** The identity keys, where this process would read them, against those that other processes registered. Makes and registers nothing. */
export async function examineKeys(pool: Pool, settings: Settings): Promise<Finding[]> {
  try {
    return await withKeyProvider(settings, async (provider) => {
      const registered = await readRegistry(pool);
      const text = await provider.read();
      if (text === null) {
        return registered.some(({ retiredAt }) => retiredAt === null)
          ? [
              bad(
                ABOUT,
                `there are no identity keys in ${provider.place}, but other processes have registered some`,
                `copy them here before a gateway makes others; ${CONSEQUENCE}`,
              ),
            ]
          : [good(ABOUT, `the first start of a gateway makes a key and keeps it in ${provider.place}`)];
      }
      const reading = readKeyDocument(text);
      if ('problems' in reading) return reading.problems.map((problem) => bad(ABOUT, `${provider.place}: ${problem}`, CONSEQUENCE));
      const { problems, refused } = decideUsableRings(reading.document, registered);
      if (refused) return problems.map((problem) => bad(ABOUT, problem, CONSEQUENCE));
      if (problems.length > 0) return problems.map((problem) => warn(ABOUT, problem, `give it a key in ${provider.place}; ${CONSEQUENCE}`));
      return [
        good(
          ABOUT,
          `identities are compared with the keys in ${provider.place}; keep a copy of them apart from the back-up of the database`,
        ),
      ];
    });
  } catch (error) {
    if (!(error instanceof CommandProblem)) throw error;
    return [bad(ABOUT, error.message, CONSEQUENCE)];
  }
}
