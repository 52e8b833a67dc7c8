import { asInteger, asPositiveDecimal, asText, asUrl, optional, type SettingKey, withPreset } from './setting-key.js';

/** What operators are told, where, and from when on. */
export const OPERATOR_KEYS = {
  LEADGATE_OPERATOR_WEBHOOK_URL: optional(
    'Where operators are told of changes of state (docs/operations.md) by a signed POST; without it the events are only kept, logged and read.',
    'https://alerts.example.com/leadgate',
    asUrl(['http:', 'https:']),
  ),
  LEADGATE_OPERATOR_WEBHOOK_SECRET: optional(
    'What those calls are signed with (Standard Webhooks): whsec_<base64> or plain text, or a reference: env:NAME, file:PATH.',
    'whsec_bm90LWEtc2VjcmV0LWp1c3QtYW4tZXhhbXBsZQ==',
    asText,
  ),
  LEADGATE_OPERATOR_WEBHOOK_PREVIOUS_SECRET: optional(
    'The secret before, while the receiver changes over: both sign.',
    'the-text-before',
    asText,
  ),
  LEADGATE_OPERATOR_EVENTS_PER_MINUTE: withPreset(
    'Operator events that are sent one by one in a minute; what comes beyond is told in one summary.',
    '30',
    asInteger(1, 10_000),
  ),
  LEADGATE_STUCK_SECONDS: withPreset(
    'How long a lead may wait for its decision before operators are told that leads are stuck.',
    '300',
    asPositiveDecimal(86_400),
  ),
} satisfies Record<string, SettingKey<unknown>>;
