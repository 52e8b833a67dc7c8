import { createServer } from 'node:net';
import { StartProblem, systemErrorCode } from '#platform';

/**
 * Takes the port for a moment to see whether it is free.
 * @returns the port, chosen by the system when 0 was asked for
 * @throws StartProblem with the setting to change
 */
export async function claimablePort(host: string, port: number, setting: 'PORT' | 'DEMO_CRM_PORT', user: string): Promise<number> {
  const server = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  } catch (error) {
    throw new StartProblem(problem(systemErrorCode(error), host, port, setting, user), { cause: error });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function problem(code: string | undefined, host: string, port: number, setting: string, user: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is taken, and ${user} needs it: stop what listens there, or set ${setting} to another port.`;
    case 'EACCES':
      return `This user may not listen on port ${port}: set ${setting} to one from 1024 on.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine: set HOST to one that is, for example 127.0.0.1 or 0.0.0.0.`;
    default:
      return `${user} cannot listen on ${host} port ${port} (${code ?? 'for an unknown reason'}).`;
  }
}
