import { localUrl } from './ready-line.js';

/** The demo CRM shows everything it was sent to everybody who asks, so it stays on this machine whatever HOST says. */
export const DEMO_CRM_HOST = '127.0.0.1';

/** The demo CRM's own environment: its port, and the token the gateway will send. */
export function demoCrmEnv(port: number, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const token = env['DEMO_CRM_TOKEN'] ?? env['CUSTOMER_TOKEN']?.replace(/^Bearer /, '');
  return { HOST: DEMO_CRM_HOST, DEMO_CRM_PORT: String(port), ...(token ? { DEMO_CRM_TOKEN: token } : {}) };
}

/** What makes a gateway deliver the demo tenant's leads to the demo CRM at this port; nothing when CUSTOMER_API_URL says otherwise. */
export function towardsDemoCrm(port: number | null, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return port === null || env['CUSTOMER_API_URL'] ? {} : { CUSTOMER_API_URL: `${localUrl(DEMO_CRM_HOST, port)}/leads` };
}
