import { resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { SegmentKind } from '../../journal/layout.ts'
import { listSegments } from '../../journal/segment-reader.ts'
import type { Definition, StageDefinition } from '../../pipeline/definition.ts'
import { preparePipeline } from '../../pipeline/runtime.ts'
import { ExitCode } from '../exit-code.ts'
import { loadOrTell, printProblems } from '../load.ts'
import type { ReplayCommandOptions } from './replay-options.ts'
import { runToReport } from '../run.ts'
import { JournalSource } from './journal-source.ts'
import { Pacer } from './pacer.ts'

/** `millrace replay DIR --into FILE`: what would this pipeline have made of it. Returns the exit code. */
export async function replayInto(dir: string, file: string, options: ReplayCommandOptions): Promise<number> {
  const { set, format, pace, to = Infinity } = options
  const loaded = await loadOrTell(file, { set, format })
  if (loaded === undefined) return ExitCode.configuration
  const from = options.from ?? listSegments(dir, SegmentKind.commands)[0]?.firstSequence ?? 1
  const pacer = pace === undefined ? undefined : new Pacer(pace)
  const definition = withSource(loaded, dir, (market) => new JournalSource(dir, market, from, to, pacer))
  const prepared = await preparePipeline(definition, {})()
  if (E.isLeft(prepared)) {
    printProblems(prepared.left, format)
    return ExitCode.configuration
  }
  return runToReport(prepared.right, definition, {
    set,
    format,
    ...(options.quiet === true ? { quiet: true } : {}),
  })
}

type MakeSource = (market: Parameters<StageDefinition['operator']['create']>[1]['market']) => JournalSource

/** The pipeline with the journal in place of its source. It must not write to that journal. */
function withSource(definition: Definition, dir: string, make: MakeSource): Definition {
  const stages = definition.stages.map((stage): StageDefinition => {
    const { operator, options } = stage
    if (operator.consumes === undefined) {
      const create: StageDefinition['operator']['create'] = (_, { market }) =>
        TE.tryCatch(
          async () => make(market),
          (error) => ({ path: [], message: (error as Error).message }),
        )
      return { ...stage, operator: { ...operator, create } }
    }
    const { journal } = options as { readonly journal?: { readonly dir: string } }
    if (journal === undefined || resolve(journal.dir) !== resolve(dir)) return stage
    process.stderr.write(
      `${definition.file}: ${stage.id}.journal is the journal that is replayed: nothing is written to it\n`,
    )
    return { ...stage, options: { ...(options as object), journal: undefined } }
  })
  return { ...definition, stages }
}
