import type { ServerResponse } from 'node:http';
import { Controller, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { Caller, type CallerOf, TakesKeys } from '#access';
import { REPLAY_KINDS, type TenantId } from '#core';
import {
  CheckedBody,
  CheckedQuery,
  Conflict,
  InvalidRequest,
  isDatabaseUnavailable,
  isRepeatable,
  NotFound,
  pageOf,
  PageQuery,
  Pools,
  type Settings,
  SETTINGS,
} from '#platform';
import { ApiProblem, BodyAnswers, ReadAnswers } from '#reading';
import { checkWish } from './check-wish.js';
import { countCandidates } from './count-candidates.js';
import { cancelReplay, findReplay, listReplays, type ReplayCaller, resumeReplay, startReplay, tenantExists } from './pg-replays.js';
import { type Replay, replayAsJson, type ReplayId, type ReplayWish } from './replay.js';
import { ReplayDryRunShape, ReplayRequestShape, ReplayShape, ReplaysPageShape } from './replay-shapes.js';
import { RunReplays } from './run-replays.js';

const noSuchReplay = (): NotFound => new NotFound('replay_not_found', 'No replay has this id.');
const noSuchTenant = (): NotFound => new NotFound('tenant_not_found', 'There is no such tenant.');
const finished = (): Conflict => new Conflict('replay_finished', 'This replay is finished; everything it was about has an outcome.');

type ReplayingCaller = CallerOf<'tenant' | 'operator'>;

/** How long the request that asks for a replay looks for what it is about; the rest is found in the background. */
const COLLECT_MS = 1000;

@ApiTags('replays')
@ApiBearerAuth('key')
@ReadAnswers()
@TakesKeys('tenant', 'operator')
@ApiExtraModels(ReplayDryRunShape, ReplayShape)
@Controller('v1/replays')
export class ReplaysController {
  constructor(
    private readonly pools: Pools,
    private readonly runReplays: RunReplays,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Take up many leads, or requests in quarantine, again; `dry_run` only counts them' })
  @ApiBody({ type: ReplayRequestShape })
  @ApiResponse({ status: 200, description: 'Of a dry run', schema: { $ref: getSchemaPath(ReplayDryRunShape) } })
  @ApiResponse({ status: 202, description: 'It goes on in the background', schema: { $ref: getSchemaPath(ReplayShape) } })
  @BodyAnswers(['kind', `must be one of ${REPLAY_KINDS.join(', ')}`])
  @ApiProblem(noSuchTenant())
  async start(
    @Caller() caller: ReplayingCaller,
    @CheckedBody() body: ReplayRequestShape,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<ReplayDryRunShape | ReplayShape> {
    const wish = await this.wishOf(caller, body);
    if (body.dry_run === true) {
      response.statusCode = 200;
      return { dry_run: true, kind: wish.kind, ...(await countCandidates(this.pools.work, wish)) };
    }
    const terms = { ratePerSecond: body.rate_per_second ?? null, usualPerSecond: this.settings.replay.perSecond };
    const begun = await startReplay(this.pools.work, wish, { ...terms, requestedBy: `key:${caller.keyId}` });
    const replay = shapeOf(await this.collected(begun));
    response.statusCode = 202;
    response.setHeader('location', replay.href);
    return replay;
  }

  @Get()
  @ApiOperation({ summary: 'Replays, newest first, in pages' })
  @ApiOkResponse({ type: ReplaysPageShape })
  async page(@Caller() caller: ReplayingCaller, @CheckedQuery() { tenant, cursor, limit }: PageQuery): Promise<ReplaysPageShape> {
    const own = callerOf(caller).tenantId;
    if (own !== null && tenant !== undefined && tenant !== own) return { replays: [], next_cursor: null };
    const wanted = own ?? ((tenant ?? null) as TenantId | null);
    const found = await listReplays(this.pools.work, { tenantId: wanted, before: cursor ?? null, limit: limit + 1 });
    const onePage = pageOf(found, limit);
    return { replays: onePage.rows.map(shapeOf), next_cursor: onePage.next_cursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One replay and how far it got' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: ReplayShape })
  @ApiProblem(noSuchReplay())
  async one(@Caller() caller: ReplayingCaller, @Param('id') id: string): Promise<ReplayShape> {
    return shapeOf(await findReplay(this.pools.work, replayIdOf(id), callerOf(caller).tenantId));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop it: after the answer nothing more is taken up. It may be resumed' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: ReplayShape })
  @ApiProblem(noSuchReplay())
  @ApiProblem(finished())
  async cancel(@Caller() caller: ReplayingCaller, @Param('id') id: string): Promise<ReplayShape> {
    return unlessFinished(shapeOf(await cancelReplay(this.pools.work, replayIdOf(id), callerOf(caller))));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'A cancelled one goes on where it stopped' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: ReplayShape })
  @ApiProblem(noSuchReplay())
  @ApiProblem(finished())
  async resume(@Caller() caller: ReplayingCaller, @Param('id') id: string): Promise<ReplayShape> {
    return unlessFinished(shapeOf(await resumeReplay(this.pools.work, replayIdOf(id), callerOf(caller))));
  }

  /** It has begun and goes on by itself: who was told now that nothing was changed would begin it once more. */
  private async collected(begun: Replay): Promise<Replay> {
    try {
      await this.runReplays.collect(begun.id, COLLECT_MS);
      return (await findReplay(this.pools.work, begun.id, null)) ?? begun;
    } catch (error) {
      if (isDatabaseUnavailable(error) || isRepeatable(error)) return begun;
      throw error;
    }
  }

  /** @throws InvalidRequest, NotFound */
  private async wishOf(caller: ReplayingCaller, body: ReplayRequestShape): Promise<ReplayWish> {
    const { kind, reason, tenant } = body;
    const filter = { ...body.filter };
    const problems = checkWish(kind, filter);
    if (problems.length > 0) {
      const errors = problems.map(({ member, detail }) => ({
        pointer: member === 'filter' ? '/filter' : `/filter/${member}`,
        code: 'invalid_value',
        detail,
      }));
      throw new InvalidRequest('invalid_body', `The body cannot be used: ${problems.map(({ detail }) => detail).join('; ')}.`, errors);
    }
    const own = callerOf(caller).tenantId;
    if (own === null && tenant === undefined) {
      const detail = 'tenant must name whose leads are meant: a key of scope operator sees those of all';
      throw new InvalidRequest('invalid_body', `The body cannot be used: ${detail}.`, [
        { pointer: '/tenant', code: 'invalid_value', detail },
      ]);
    }
    const tenantId = own ?? (tenant as TenantId);
    if ((tenant !== undefined && tenant !== tenantId) || !(await tenantExists(this.pools.work, tenantId))) {
      throw noSuchTenant();
    }
    return { tenantId, kind, filter, reason };
  }
}

export function callerOf(caller: ReplayingCaller): ReplayCaller {
  return { tenantId: caller.scope === 'operator' ? null : caller.tenantId, actor: `key:${caller.keyId}` };
}

/** What is no UUID is no replay's id: unknown, not malformed. */
function replayIdOf(text: string): ReplayId {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) throw noSuchReplay();
  return text.toLowerCase() as ReplayId;
}

function shapeOf(replay: Replay | undefined): ReplayShape {
  if (replay === undefined) throw noSuchReplay();
  return replayAsJson(replay) as unknown as ReplayShape;
}

function unlessFinished(replay: ReplayShape): ReplayShape {
  if (replay.status === 'FINISHED') throw finished();
  return replay;
}
