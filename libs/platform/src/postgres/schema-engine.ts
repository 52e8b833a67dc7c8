import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  type ColumnType,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

/** Prisma's column type "character" (ColumnTypeEnum.Character), and Postgres' OIDs of "char" and text. */
const CHARACTER: ColumnType = 6;
const CHAR_OID = 18;
const TEXT_OID = 25;

/** Statements that Postgres refuses inside a transaction, or that end one: a script with them cannot be applied all or nothing. */
const NOT_ATOMIC = /\bconcurrently\b|^\s*(begin|commit|rollback|vacuum)\b/im;

export function isAtomic(script: string): boolean {
  return !NOT_ATOMIC.test(script.replace(/--.*$/gm, ''));
}

/** What we use of the global of that name; the types of Node 20 leave it to the browser's. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: Record<string, object>): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

let loaded: Promise<void> | undefined;

/**
 * Opens Prisma's own schema engine on one database. It comes as WebAssembly from npm, because the `prisma` CLI wants to download a binary of it
 * from a host that many networks block. Three things stand between that engine and the pg adapter, and this file is where they are put right:
 *
 * - the adapter cuts scripts at every semicolon, also inside a function body or a comment: scripts go to Postgres whole;
 * - the adapter does not know the type "char", which the catalogue queries about constraints return;
 * - a process killed between the end of a script and the engine's note of it would leave a migration that is applied, but marked as failed:
 *   script and note are committed together.
 *
 * @param projectRoot the folder with node_modules
 * @param pool connections to the database; the caller ends it
 */
export async function openSchemaEngine(projectRoot: string, pool: pg.Pool, schema: string, datamodel: [path: string, content: string]) {
  loaded ??= loadWasm(projectRoot);
  await loaded;
  const scripts: ScriptLog = { lastError: undefined };
  const adapter = bindMigrationAwareSqlAdapterFactory(adapterFactory(pool, schema, scripts));
  return { engine: await engineModule.SchemaEngine.new({ datamodels: [datamodel] }, () => undefined, adapter), scripts };
}

/** What Postgres said to the last script that failed; the engine itself only says that something did. */
export interface ScriptLog {
  lastError: unknown;
}

async function loadWasm(projectRoot: string): Promise<void> {
  const resolve = createRequire(join(projectRoot, 'package.json')).resolve;
  const bytes = await readFile(resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': engineImports() });
  // The engine hands a panic message to this global before it traps; without it the message is lost behind a TypeError.
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message: (message: string) => {
        throw new Error(`The schema engine stopped: ${message}`);
      },
    },
  });
  engineModule.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

/** What the engine imports from its JavaScript side. Its lock timer (10 s) is never cleared, so it must not keep the process alive. */
function engineImports(): Record<string, unknown> {
  const imports: Record<string, unknown> = { ...engineModule };
  for (const name of Object.keys(imports)) {
    if (name.startsWith('__wbg_setTimeout_')) {
      imports[name] = (callback: () => void, milliseconds: number) => setTimeout(callback, milliseconds).unref();
    }
  }
  return imports;
}

function adapterFactory(pool: pg.Pool, schema: string, scripts: ScriptLog): SqlMigrationAwareDriverAdapterFactory {
  const charColumns = new WeakMap<object, number[]>();
  const factory = new PrismaPg(poolReadingCharAsText(pool, charColumns), { schema });
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => adapt(await factory.connect(), pool, charColumns, scripts),
    connectToShadowDb: () => factory.connectToShadowDb(),
  };
}

/** Lets the adapter take "char" columns for text and remembers which they were, by the identity of the rows it passes on. */
function poolReadingCharAsText(pool: pg.Pool, charColumns: WeakMap<object, number[]>): pg.Pool {
  const query = async (...args: Parameters<pg.Pool['query']>) => {
    const result = await (pool.query as (...parameters: unknown[]) => Promise<pg.QueryResult>).apply(pool, args);
    const columns = result.fields.flatMap((field, index) => (field.dataTypeID === CHAR_OID ? [index] : []));
    for (const index of columns) Object.assign(result.fields[index] ?? {}, { dataTypeID: TEXT_OID });
    charColumns.set(result.rows, columns);
    return result;
  };
  // The adapter asks `instanceof pg.Pool`, so the wrapper keeps the prototype.
  return new Proxy(pool, { get: (target, name) => (name === 'query' ? query : Reflect.get(target, name, target)) });
}

function adapt(adapter: SqlDriverAdapter, pool: pg.Pool, charColumns: WeakMap<object, number[]>, scripts: ScriptLog): SqlDriverAdapter {
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    const columnTypes = [...result.columnTypes];
    for (const index of charColumns.get(result.rows) ?? []) columnTypes[index] = CHARACTER;
    return { ...result, columnTypes };
  };
  adapter.executeScript = (script) =>
    executeWhole(pool, script).catch((error: unknown) => {
      scripts.lastError = error;
      throw error;
    });
  return adapter;
}

async function executeWhole(pool: pg.Pool, script: string): Promise<void> {
  if (!isAtomic(script)) {
    await pool.query(script);
    return;
  }
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(script);
    const { rows } = await client.query<{ present: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS present`);
    if (rows[0]?.present) {
      await client.query('UPDATE _prisma_migrations SET finished_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL');
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
