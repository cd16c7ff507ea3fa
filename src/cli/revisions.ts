import { existsSync, readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { Option, type Command } from 'commander'
import type { Definition } from '../pipeline/definition.ts'
import { diffLines, diffOf } from '../pipeline/reload/diff.ts'
import { Revisions, type Revision } from '../pipeline/reload/revisions.ts'
import type { Reloaded } from '../pipeline/reload/supervisor.ts'
import { reachAll } from './control/client.ts'
import { ExitCode } from './exit-code.ts'
import { load, printProblems } from './load.ts'
import { print } from './print.ts'
import { thisUser } from './supervise.ts'
import { wholeAbove0 } from './tap.ts'

interface RevisionsOptions {
  readonly revisions?: string
  readonly format: 'text' | 'json'
}

/** `millrace revisions` and `millrace rollback`. */
export function addRevisions(program: Command): void {
  const dir = (command: Command): Command =>
    command.option('--revisions <dir>', 'where they are kept; by default .millrace/revisions beside the file')
  dir(
    program
      .command('revisions')
      .description('list what a pipeline file was while it was run: who changed what, and when')
      .argument('<file>', 'pipeline file'),
  )
    .addOption(new Option('--format <format>', 'how to list them').choices(['text', 'json']).default('text'))
    .action(async (file: string, options: RevisionsOptions) => {
      process.exitCode = await revisionsOf(file, options)
    })
  dir(
    program
      .command('rollback')
      .description('give a pipeline file the text of a revision again; processes that run it take it up')
      .argument('<number>', 'of the revision', wholeAbove0)
      .argument('<file>', 'pipeline file'),
  ).action(async (number: number, file: string, options: RevisionsOptions) => {
    process.exitCode = await rollback(number, file, options)
  })
}

async function revisionsOf(file: string, { revisions, format }: RevisionsOptions): Promise<number> {
  const store = new Revisions(file, revisions)
  const list = store.list()
  if (format === 'json') return print(`${JSON.stringify(list)}\n`)
  if (list.length > 0) return print(list.map(revisionText).join(''))
  process.stderr.write(`millrace: ${store.dir} has no revisions: they are kept from the first reload on\n`)
  return existsSync(file) ? ExitCode.good : ExitCode.noInput
}

function revisionText({ number, at, who, why, diff }: Revision): string {
  return [
    `${String(number).padStart(4)}  ${at}  ${who}  ${why}`,
    ...diff.map((line) => `        ${line}`),
    '',
  ].join('\n')
}

async function rollback(number: number, file: string, { revisions }: RevisionsOptions): Promise<number> {
  const store = new Revisions(file, revisions)
  if (!existsSync(file)) {
    process.stderr.write(`millrace: ${file}: there is no such file\n`)
    return ExitCode.noInput
  }
  const decode = (): ReturnType<ReturnType<typeof load>> => load(file, { set: [] })()
  const before = await decode()
  try {
    // What stands in the file now can be come back to.
    store.add(readFileSync(file, 'utf8'), { who: thisUser(), why: 'before a rollback', diff: [] })
    const text = store.restore(number)
    const after = await decode()
    const diff = E.isRight(before) && E.isRight(after) ? differing(before.right, after.right) : []
    const made = store.add(text, { who: thisUser(), why: `rollback to ${number}`, diff })
    process.stderr.write(`${file} is as in revision ${number}, kept as revision ${made.number}\n`)
    for (const line of diff) process.stderr.write(`  ${line}\n`)
    if (E.isLeft(after)) printProblems(after.left, 'text')
  } catch (error) {
    process.stderr.write(`millrace: ${(error as Error).message}\n`)
    return error instanceof RangeError ? ExitCode.usage : ExitCode.ioError
  }
  return tellRunning(file)
}

function differing(before: Definition, after: Definition): string[] {
  return diffLines(diffOf(before, after))
}

/** Has every process that runs the file take it up. */
async function tellRunning(file: string): Promise<number> {
  let code: number = ExitCode.good
  for (const client of await reachAll(file)) {
    const { outcome, problems } = await client.ask<Reloaded>({ do: 'reload' })
    client.close()
    process.stderr.write(`process ${client.pid}: ${outcome}\n`)
    for (const problem of problems) process.stderr.write(`  ${problem}\n`)
    if (outcome === 'refused') code = ExitCode.configuration
  }
  return code
}
