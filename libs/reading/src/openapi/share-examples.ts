import type { OpenAPIObject } from '@nestjs/swagger';

interface Example {
  readonly value: unknown;
}
type Shared = Record<string, Example>;
type Content = Readonly<Record<string, { examples?: Record<string, Example | { readonly $ref: string }> }>>;
interface Answer {
  readonly content?: Content;
}

/**
 * Examples that several answers show are written once, under `components.examples`, and referred to. What has the name of another but says
 * something else gets a number.
 */
export function shareExamples(document: OpenAPIObject): OpenAPIObject {
  const shared: Shared = {};
  for (const methods of Object.values(document.paths)) {
    for (const operation of Object.values(methods) as { readonly responses?: Readonly<Record<string, Answer>> }[]) {
      for (const { content = {} } of Object.values(operation.responses ?? {})) {
        for (const media of Object.values(content)) {
          if (media.examples !== undefined) media.examples = referredTo(media.examples as Record<string, Example>, shared);
        }
      }
    }
  }
  return { ...document, components: { ...document.components, examples: { ...shared } } };
}

function referredTo(examples: Readonly<Record<string, Example>>, shared: Shared): Record<string, { $ref: string }> {
  return Object.fromEntries(
    Object.entries(examples).map(([name, example]) => [name, { $ref: `#/components/examples/${placeOf(name, example, shared)}` }]),
  );
}

function placeOf(name: string, example: Example, shared: Shared): string {
  for (let number = 1; ; number += 1) {
    const place = number === 1 ? name : `${name}_${number}`;
    const there = shared[place];
    if (there === undefined) shared[place] = example;
    if (there === undefined || JSON.stringify(there) === JSON.stringify(example)) return place;
  }
}
