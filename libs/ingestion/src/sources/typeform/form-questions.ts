import type { JsonObject, JsonValue } from '#core';
import { memberOf, objectsOf, textOf } from '../json-body.js';

export interface FormQuestion {
  readonly id: string | null;
  readonly ref: string | null;
  /** The ref where somebody wrote it; Typeform's own are random and name nothing. */
  readonly name: string | null;
  /** The question as people saw it. */
  readonly title: string | null;
}

const MADE_UP = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-HJKMNP-TV-Z]{26})$/i;

/** The questions of a form, found by the id or the ref that an answer gives. */
export class FormQuestions {
  private readonly byId = new Map<string, JsonObject>();
  private readonly byRef = new Map<string, JsonObject>();

  constructor(definition: JsonValue | undefined) {
    this.collect(memberOf(definition, 'fields'));
  }

  of(asked: JsonValue | undefined): FormQuestion {
    const [askedId, askedRef] = [textOf(memberOf(asked, 'id')), textOf(memberOf(asked, 'ref'))];
    const field = this.byId.get(askedId ?? '') ?? this.byRef.get(askedRef ?? '');
    const ref = askedRef ?? textOf(memberOf(field, 'ref'));
    return {
      id: askedId ?? textOf(memberOf(field, 'id')),
      ref,
      name: ref === null || MADE_UP.test(ref) ? null : ref,
      title: textOf(memberOf(field, 'title')),
    };
  }

  /** Groups hold fields of their own. Recursion is safe: the depth of the body was checked. */
  private collect(fields: JsonValue | undefined): void {
    for (const field of objectsOf(fields)) {
      const [id, ref] = [textOf(memberOf(field, 'id')), textOf(memberOf(field, 'ref'))];
      if (id !== null && !this.byId.has(id)) this.byId.set(id, field);
      if (ref !== null && !this.byRef.has(ref)) this.byRef.set(ref, field);
      this.collect(memberOf(memberOf(field, 'properties'), 'fields'));
    }
  }
}
