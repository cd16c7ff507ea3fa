import * as E from 'fp-ts/lib/Either.js'
import type { ExecutionContext } from 'ava'
import { readFileSync, writeFileSync } from 'node:fs'
import { registry } from '../../../src/operators/registry.ts'
import { loadDefinition } from '../../../src/pipeline/definition.ts'
import type { AnyOperator } from '../../../src/pipeline/operator.ts'
import { formatProblem } from '../../../src/pipeline/problem.ts'
import { Revisions } from '../../../src/pipeline/reload/revisions.ts'
import { Supervisor, type SupervisorOptions } from '../../../src/pipeline/reload/supervisor.ts'
import { prepareOnThreads } from '../../../src/pipeline/threads/threaded-pipeline.ts'
import { preparePipeline, type RunOptions } from '../../../src/pipeline/runtime.ts'
import { Folder } from '../../support/folder.ts'

export const ORDERS = 'id: orders, operator: ingest, from: { simulate: { seed: 7, orders: 400000 } }'
export const CHECKS = [
  'id: validate, operator: validate',
  'id: risk, operator: risk, limits: { maxOrderLots: 50000 }',
]
export const MATCH = 'id: match, operator: match'

/** A pipeline file with some stages; `FOLDER` in them stands for the folder that it is in. */
export function fileText(stages: readonly string[], top: readonly string[] = []): string {
  return [
    'name: reloaded',
    'instruments:',
    '  AAPL: { tick: 0.01, lot: 1, referencePrice: 585.33 }',
    ...top,
    'stages:',
    ...stages.map((stage) => `  - { ${stage} }`),
    '',
  ].join('\n')
}

/** A sink of every event. */
export function lines(id: string, file: string): string {
  return `id: ${id}, operator: publish, inputs: match, to: { ndjson: { file: FOLDER/${file} } }`
}

/** A file that is run, and can be changed. */
export class Supervised {
  readonly folder = new Folder()
  readonly told: string[] = []
  readonly supervisor: Supervisor

  private constructor(supervisor: Supervisor, folder: Folder, told: string[]) {
    this.supervisor = supervisor
    this.folder = folder
    this.told = told
  }

  static async of(
    t: ExecutionContext,
    text: string,
    options: Partial<SupervisorOptions> = {},
    operators: readonly AnyOperator[] = [],
  ): Promise<Supervised> {
    const folder = new Folder()
    t.teardown(() => folder.remove())
    const file = folder.write('p.yaml', text.replaceAll('FOLDER', folder.path))
    const known = new Map([...registry, ...operators.map((operator) => [operator.name, operator] as const)])
    const load = loadDefinition(file, known)
    const definition = await load()
    if (E.isLeft(definition)) throw new Error(definition.left.problems.map(formatProblem).join('\n'))
    const run: RunOptions = { allowance: { left: Infinity }, ...options.run }
    const pipeline = await preparePipeline(definition.right, run)()
    if (E.isLeft(pipeline)) throw new Error(pipeline.left.problems.map(formatProblem).join('\n'))
    const told: string[] = []
    const supervisor = new Supervisor(definition.right, pipeline.right, {
      file,
      load,
      prepare: (next, given) => prepareOnThreads(next, { module: '', args: {} }, given),
      revisions: new Revisions(file),
      tell: (line) => told.push(line),
      ...options,
      run,
    })
    return new Supervised(supervisor, folder, told)
  }

  get file(): string {
    return this.folder.at('p.yaml')
  }

  write(text: string): void {
    writeFileSync(this.file, text.replaceAll('FOLDER', this.folder.path))
  }

  read(...names: readonly string[]): string {
    return names.map((name) => readFileSync(this.folder.at(name), 'utf8')).join('')
  }

  /** Resolves when so many commands have come in. */
  async past(sequence: number): Promise<void> {
    while (this.supervisor.pipeline.market.sequence < sequence)
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
  }

  /** Resolves when something has been told. */
  async untilTold(pattern: RegExp): Promise<void> {
    while (!this.told.some((line) => pattern.test(line)))
      await new Promise((resolve) => {
        setTimeout(resolve, 5)
      })
  }
}
