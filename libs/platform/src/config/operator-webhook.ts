import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AllowedTarget } from '../http/allowed-targets.js';
import { OutboundRules } from '../http/outbound-rules.js';
import type { Environment } from './environment.js';
import { resolveText } from './references.js';

/** Where operators are told of events, as settings.operators.webhook. */
export interface OperatorWebhookSettings {
  readonly url: string | undefined;
  /** The current secret first; two while the receiver changes over. */
  readonly secrets: readonly string[];
}

/** @returns the secrets with their references replaced, and what is wrong with them, one sentence each */
export function readOperatorSecrets(
  written: Readonly<Record<string, string | undefined>>,
  env: Environment,
  folder: string,
): { secrets: string[]; problems: string[] } {
  const readFile = (path: string): string => readFileSync(resolve(folder, path), 'utf8');
  const sources = { env, readFile, startsFrom: 'the folder in which the command was given' };
  const secrets: string[] = [];
  const problems: string[] = [];
  for (const [name, text] of Object.entries(written)) {
    if (text === undefined) continue;
    const resolved = resolveText(text, sources);
    if ('text' in resolved) secrets.push(resolved.text);
    else problems.push(`${name}: ${resolved.problem}`);
  }
  return { secrets, problems };
}

/** An address without a secret would be told things that nobody there could believe. */
export function operatorWebhookProblems({ url, secrets }: OperatorWebhookSettings, allowed: readonly AllowedTarget[]): string[] {
  if (url === undefined) return [];
  const refused = new OutboundRules(allowed).problemOf(url);
  return [
    ...(refused === undefined ? [] : [`LEADGATE_OPERATOR_WEBHOOK_URL ${refused}.`]),
    ...(secrets.length > 0
      ? []
      : ['LEADGATE_OPERATOR_WEBHOOK_URL is set, but LEADGATE_OPERATOR_WEBHOOK_SECRET does not say what the calls are signed with.']),
  ];
}
