import type { AnswerStyle as AnswerStyleName } from '#core';
import { acknowledgeAnswers } from './acknowledge.js';
import type { AnswerStyle } from './answer-style.js';
import { guardAnswers } from './guard.js';
import { rawCrmAnswers } from './raw-crm.js';
import { v1Answers } from './v1.js';
import { webhookAnswers } from './webhook.js';

export const ANSWERS: Readonly<Record<AnswerStyleName, AnswerStyle>> = {
  webhook: webhookAnswers,
  raw_crm: rawCrmAnswers,
  guard: guardAnswers,
  v1: v1Answers,
  acknowledge: acknowledgeAnswers,
};
