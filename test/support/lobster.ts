import { rmSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import {
  Batch,
  MatchingEngine,
  RECORD_WORDS,
  readEvents,
  type Command,
  type EngineEvent,
} from '../../src/book/index.ts'
import { type Agreement, openAgreement } from '../../src/operators/lobster/agreement.ts'
import { type LobsterSource, openLobster } from '../../src/operators/lobster/lobster-source.ts'
import { Market } from '../../src/pipeline/market.ts'
import { readCommand } from './commands.ts'

const folders: string[] = []
process.once('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

/** Writes a file into a folder of its own, gone when the tests are over. Returns its path. */
export async function temporaryFile(name: string, content: string | Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
  folders.push(folder)
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

/** Writes a message file about the symbol XYZ. Returns its path. */
export function messageFile(...rows: string[]): Promise<string> {
  return temporaryFile('XYZ_message.csv', rows.map((row) => `${row}\n`).join(''))
}

/** What a set-up gives, or an exception with what went wrong. */
export async function opened<T>(setUp: TE.TaskEither<string, T>): Promise<T> {
  const result = await setUp()
  if (E.isLeft(result)) throw new Error(result.left)
  return result.right
}

/** Takes all that a source gives, some records at a time. */
export async function drain(
  source: LobsterSource,
  each: (batch: Batch) => void,
  upTo = 1_024,
): Promise<void> {
  const batch = new Batch(upTo)
  for (let more = true; more;) {
    batch.count = 0
    more = source.pull(batch, upTo)
    each(batch)
    if (more && batch.count === 0) await source.ready()
  }
}

export interface Replay {
  readonly market: Market
  readonly source: LobsterSource
  readonly agreement: Agreement
  readonly engine: MatchingEngine
  readonly commands: Command[]
  readonly events: EngineEvent[]
}

/** Runs a message file through source, engine and agreement. */
export async function replay(messages: string, upTo = 1_024, market = new Market()): Promise<Replay> {
  const source = await opened(openLobster(market, { messages }))
  const agreement = await opened(openAgreement(market, { messages }))
  const engine = new MatchingEngine(market.instruments)
  const commands: Command[] = []
  const events: EngineEvent[] = []
  const run = (batch: Batch): void => {
    engine.events.count = 0
    for (let i = 0; i < batch.count; i++) {
      commands.push(readCommand(batch.words, i * RECORD_WORDS))
      engine.apply(batch.words, i * RECORD_WORDS)
    }
    events.push(...readEvents(engine.events))
    for (let i = 0; i < engine.events.count; i++) agreement.process(engine.events.words, i * RECORD_WORDS)
  }
  await drain(source, run, upTo)
  await source.close()
  return { market, source, agreement, engine, commands, events }
}
