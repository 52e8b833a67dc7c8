import { eventually } from '../../../../../test/support/eventually.js';
import { stopPostmaster } from './postmaster.js';

const PID = 4711;
const DIR = { cluster: '/data/cluster', mark: 'leadgate-spec' };

/** A process that answers to nobody but this suite. */
const server = { isThere: true, command: '', looks: 0 };

jest.mock('./process-identity.js', () => {
  const isThere = (): boolean => {
    server.looks += 1;
    return server.isThere;
  };
  return {
    identifyProcess: (pid: number) => (isThere() ? { pid, startedAt: 'then' } : null),
    isSameProcess: isThere,
    isAlive: isThere,
    commandLine: () => server.command,
  };
});

describe('a server that is stopped', () => {
  beforeEach(() => Object.assign(server, { isThere: true, command: `postgres -D ${DIR.cluster} -c cluster_name=${DIR.mark}`, looks: 0 }));
  afterEach(() => jest.restoreAllMocks());

  it('is waited for until its process is gone, not only its command line', async () => {
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      server.command = '';
      return true;
    });
    let isStopped = false;
    const stopped = stopPostmaster(PID, DIR, 'fast').then(() => (isStopped = true));
    expect(kill).toHaveBeenCalledWith(PID, 'SIGINT');
    await eventually('it is looked for several times', async () => (server.looks > 5 ? true : undefined));
    expect(isStopped).toBe(false);
    server.isThere = false;
    await stopped;
  });

  it.each([
    ['is gone', { isThere: false, command: '' }],
    ['is another program by now', { command: 'node main.js' }],
  ])('is let be when it %s', async (_what, state) => {
    Object.assign(server, state);
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => true);
    await stopPostmaster(PID, DIR, 'fast');
    expect(kill).not.toHaveBeenCalled();
  });
});
