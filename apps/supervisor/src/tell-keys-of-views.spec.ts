import { tellKeysOfViews } from './tell-keys-of-views.js';

const relation = (name: string, ...columns: string[]) => ({
  schema: 'public',
  name,
  columns: columns.map((column) => ({ name: column, datatype: 'text', pk: null })),
});

describe('what Prisma Studio is told of the database', () => {
  it('names the key of our views, and leaves everything else alone', () => {
    const told = [relation('support_leads', 'status', 'lead_id'), relation('leads', 'lead_id'), relation('support_requests', 'request_id')];
    expect(JSON.parse(tellKeysOfViews(JSON.stringify([null, told])))).toEqual([
      null,
      [
        { ...told[0], columns: [told[0]?.columns[0], { ...told[0]?.columns[1], pk: 1 }] },
        told[1],
        { ...told[2], columns: [{ ...told[2]?.columns[0], pk: 1 }] },
      ],
    ]);
  });

  it.each([
    { what: 'rows', body: '[null,[{"name":"support_leads","columns":"a"}]]' },
    { what: 'a fault', body: '[{"name":"Error","message":"\\"columns\\" are missing"}]' },
    { what: 'numbers that JavaScript would round', body: '[null,[{"columns":9007199254740993}]]' },
    { what: 'no JSON', body: 'Forbidden "columns"' },
    { what: 'nothing', body: '' },
  ])('passes $what on byte for byte', ({ body }) => {
    expect(tellKeysOfViews(body)).toBe(body);
  });
});
