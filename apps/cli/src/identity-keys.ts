import { type KeyProvider, keyProviderOf, KeysUnreadable } from '#keys';
import { OutboundHttp, OutboundRules, type Settings, VERSION } from '#platform';
import { CommandProblem } from './command.js';

/** Works with the place the gateway reads its identity keys from. @throws CommandProblem when they cannot be read */
export async function withKeyProvider<Result>(settings: Settings, work: (provider: KeyProvider) => Promise<Result>): Promise<Result> {
  const http = new OutboundHttp({ userAgent: `leadgate/${VERSION}`, rules: OutboundRules.operatorsOwn });
  try {
    return await work(keyProviderOf(settings, http));
  } catch (error) {
    if (error instanceof KeysUnreadable) throw new CommandProblem(`${error.message}.`, { cause: error });
    throw error;
  } finally {
    await http.close();
  }
}

/** How a ring is named to people. */
export const ringName = (ring: string): string => (ring === '' ? 'shared ring' : `ring of ${ring}`);
