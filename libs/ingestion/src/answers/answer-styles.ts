import type { AnswerStyle as AnswerStyleName } from '#core';
import type { AnswerStyle } from './answer-style.js';
import { rawCrmAnswers } from './raw-crm.js';
import { webhookAnswers } from './webhook.js';

export const ANSWERS: Readonly<Record<AnswerStyleName, AnswerStyle>> = {
  webhook: webhookAnswers,
  raw_crm: rawCrmAnswers,
  guard: webhookAnswers,
  v1: webhookAnswers,
  acknowledge: webhookAnswers,
};
