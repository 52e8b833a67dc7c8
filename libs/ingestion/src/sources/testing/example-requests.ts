/** A body of each kind as its sender would send it; a further kind brings its own. */
export const EXAMPLE_REQUESTS: Readonly<Record<string, { readonly contentType: string; readonly body: string }>> = {
  json: json({ email: 'ada@lovelace.org', address: { zip: '66123' } }),
  guard: json({ tenant_id: 't1', source_id: 'S-1', source_type: 'API', email: 'ada@lovelace.org', extra: { a: 1 } }),
  form: { contentType: 'application/x-www-form-urlencoded', body: 'email=ada%40lovelace.org&address%5Bzip%5D=66123' },
  meta: json({
    object: 'page',
    entry: [{ id: '1', time: 1, changes: [{ field: 'leadgen', value: { leadgen_id: '2', form_id: '3', created_time: 4 } }] }],
  }),
  'google-ads': json({
    lead_id: 'L1',
    user_column_data: [
      { column_id: 'EMAIL', string_value: 'ada@lovelace.org' },
      { column_name: 'Which one?', string_value: 'This' },
    ],
    form_id: 1,
    google_key: '***',
    is_test: true,
  }),
  typeform: json({
    event_id: 'e',
    event_type: 'form_response',
    form_response: {
      token: 't',
      hidden: { a: 'b' },
      variables: [{ key: 'score', type: 'number', number: 4 }],
      definition: { fields: [{ id: 'f1', ref: 'email', title: 'Your e-mail' }] },
      answers: [
        { type: 'email', email: 'ada@lovelace.org', field: { id: 'f1', ref: 'email' } },
        { type: 'choices', choices: { labels: ['a'], other: 'b' }, field: { id: 'f2' } },
      ],
    },
  }),
};

function json(body: object): { contentType: string; body: string } {
  return { contentType: 'application/json', body: JSON.stringify(body) };
}
