/** The lead of the README, on one line: whoever copies it sees a lead arrive at the demo CRM. */
const EXAMPLE_LEAD = {
  email: ' John.Doe@Example.com ',
  phone: '0160 8912308',
  first_name: 'John',
  last_name: 'Doe',
  address: { zip: '66123', street: 'Musterstraße 1', city: 'Saarbrücken' },
  house: { is_owner: true },
  solar_offer_type: 'Kaufen',
};

/** The address to call from this machine for a gateway that listens on `host`. */
export function localUrl(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What the person at the terminal has been waiting for. */
export function readyText(gatewayUrl: string, demoCrmUrl: string | null): string {
  const arrives = demoCrmUrl === null ? '' : `, see it arrive at ${demoCrmUrl}`;
  return [
    `leadgate: ready at ${gatewayUrl} (API: ${gatewayUrl}/docs; sources without a secret take leads from this machine only). Send a lead${arrives}:`,
    `curl -X POST ${gatewayUrl}/webhooks/leads -H 'Content-Type: application/json' -d '${JSON.stringify(EXAMPLE_LEAD)}'`,
    '',
  ].join('\n');
}
