type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/**
 * `nullable: true` is OpenAPI 3.0 and means nothing in 3.1, where null is a type like any other. The decorators only know the old word, so
 * it is translated here: `type: [T, 'null']`, null among the members of an enum, `anyOf` beside a reference.
 */
export function nullInTypes<Document>(document: Document): Document {
  return translate(document as Json) as Document;
}

function translate(value: Json): Json {
  if (Array.isArray(value)) return value.map(translate);
  if (typeof value !== 'object' || value === null) return value;
  const schema = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, translate(member)]));
  if (schema['nullable'] !== true) return schema;
  delete schema['nullable'];
  if (typeof schema['type'] !== 'string') {
    const { description, ...rest } = schema;
    return { ...(description === undefined ? {} : { description }), anyOf: [rest, { type: 'null' }] };
  }
  const { enum: members } = schema;
  return { ...schema, type: [schema['type'], 'null'], ...(Array.isArray(members) ? { enum: [...members, null] } : {}) };
}
