import { applyDecorators } from '@nestjs/common';
import { ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { KEY_REUSED } from '../accept/settle-submission.js';
import type { AnswerStyle } from '../answers/answer-style.js';
import { type BodyIssue, type RefusalVerdict, VERDICTS } from '../body/refusal.js';
import { refusalProblem, refusalStatus, unstoredProblem, type UnstoredCode } from '../door/problems.js';

const REQUEST_ID = '0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11';
const CORRELATION_ID = '8d199d96-e14b-49a8-a193-dd7c3135907e';

/** What the door says of each; where it has several sentences for one, that of a usual source. */
const DETAILS = {
  empty_body: 'The request has no body. Send the lead as a JSON object.',
  malformed_json: 'The body is not valid JSON.',
  duplicate_keys: 'A name stands twice in one JSON object; send every name once.',
  invalid_idempotency_key: 'The header idempotency-key must be 1 to 255 visible ASCII characters, bare or in double quotes.',
  missing_authentication: 'This source expects its shared secret in the header X-Shared-Secret.',
  invalid_authentication: 'The shared secret is not the one configured for this source.',
  source_not_open:
    'This source has no authentication, so it answers only programs on its own machine. Give it a shared secret (the demo webhook: ' +
    'WEBHOOK_SHARED_SECRET), or set open: true in its configuration.',
  unknown_tenant: 'No tenant with this tenant_id takes leads here; leadgate config list shows those that do.',
  body_too_large: 'The body is larger than this gateway takes (LEADGATE_MAX_BODY_BYTES).',
  unsupported_media_type:
    'This Content-Type is not taken. Send the lead as application/json, application/x-www-form-urlencoded or multipart/form-data.',
  schema_invalid: 'Not as this route takes them: tenant_id.',
  idempotency_key_reused: KEY_REUSED,
  rate_limited:
    "This address may send 100 requests in 60 s here. The source's rate_limit_per_minute sets the limit; where it says nothing and has no " +
    'authentication, LEADGATE_RATE_LIMIT_PER_MINUTE does.',
  undecided:
    'The lead is stored and will be decided, but there is no verdict yet. Send the same request again to read it; with the same source_id it ' +
    'stays one lead.',
  unavailable: 'The request could not be stored just now. Send it again.',
} as const satisfies Partial<Record<RefusalVerdict | UnstoredCode, string>>;
type Example = keyof typeof DETAILS;

/** The faults of a body one by one, as the guard tells them. */
const ISSUES: readonly BodyIssue[] = [{ type: 'missing', loc: ['body', 'tenant_id'], msg: 'Field required' }];

/** Error answers of a lead route: by status what they mean, and what to show of it. */
export type DoorFailures = Readonly<Record<number, readonly [description: string, ...examples: Example[]]>>;

/** Each status with its own answers, made by the style that answers on the route. */
export function Failures(style: AnswerStyle, shape: new () => object, failures: DoorFailures): MethodDecorator {
  return applyDecorators(
    ...Object.entries(failures).map(([status, [description, ...examples]]) => {
      const answers = examples.map((code) => [code, answerOf(style, code)] as const);
      const wrong = answers.find(([, answer]) => answer.status !== Number(status));
      if (wrong !== undefined) throw new Error(`${wrong[0]} is answered ${wrong[1].status}, not ${status}`);
      const contentType = answers[0]?.[1].contentType ?? 'application/json';
      return ApiResponse({
        status: Number(status),
        description,
        content: {
          [contentType]: {
            schema: { $ref: getSchemaPath(shape) },
            examples: Object.fromEntries(answers.map(([code, { body }]) => [code, { value: JSON.parse(body) as unknown }])),
          },
        },
      });
    }),
  );
}

function answerOf(style: AnswerStyle, code: Example) {
  const detail = DETAILS[code];
  if (!isRefusal(code)) return style.failed(unstoredProblem(code, detail, REQUEST_ID), CORRELATION_ID, []);
  const issues = code === 'schema_invalid' ? ISSUES : [];
  const problem = refusalProblem({ verdict: code, detail, issues }, refusalStatus(code, style), REQUEST_ID);
  return style.failed(problem, CORRELATION_ID, issues);
}

const isRefusal = (code: Example): code is Example & RefusalVerdict => code in VERDICTS;
