import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { VERSION } from '#platform';
import { nullInTypes } from './null-in-types.js';
import { shareExamples } from './share-examples.js';

const DESCRIPTION = `Leadgate stores every lead before it judges it, then validates, maps and delivers it to the CRM, with an audit trail.

Routes that read leads need a key: \`Authorization: Bearer <key>\`. \`leadgate api-keys create\` makes one: a tenant's key sees the tenant's
leads only, what is another's is answered like what does not exist; an operator's key sees those of every tenant, and so does the admin key
(\`admin.key\` in the data directory, or \`LEADGATE_ADMIN_KEY\`). A source's key only sends leads. Every error is RFC 9457; \`requestId\` leads to the log.`;

/** The description of every route of the application, from its controllers and their classes. Needs no database: a preview application will do. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const outline = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Leadgate')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A key of `leadgate api-keys create`, or the admin key' }, 'key')
    .addTag('door', 'Leads come in')
    .addTag('quarantine', 'Requests that did not become a lead')
    .addTag('leads', 'Leads and their stories')
    .addTag('replays', 'Leads and refused requests, taken up again')
    .addTag('destinations', 'Where leads go, and how it stands')
    .addTag('operators', 'What operators are told')
    .addTag('feedback', 'What a CRM tells about the leads it has')
    .addTag('what-ifs', 'Drafts of the configuration, tried on leads that came')
    .addTag('stats', 'What older clients read')
    .addTag('health', 'For operators and their tools; without a key')
    .build();
  return shareExamples(nullInTypes(SwaggerModule.createDocument(app, outline, { operationIdFactory })));
}

/** `LeadsController.one` is `leads_one`: short, and unique without numbers. */
function operationIdFactory(controller: string, method: string): string {
  return `${controller.replace(/Controller$/, '').toLowerCase()}_${method}`;
}

/** The description for people at `/docs`, for programs at `/docs-json`. Call before the application listens. */
export function serveApiDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => describeApi(app), {
    customSiteTitle: 'Leadgate API',
    jsonDocumentUrl: 'docs-json',
    raw: ['json'],
    swaggerOptions: { persistAuthorization: true },
  });
}
