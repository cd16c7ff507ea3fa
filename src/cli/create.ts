import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { systemProblem } from '../operators/input/system-error.ts'
import { registry } from '../operators/registry.ts'
import { ExitCode } from './exit-code.ts'
import { print } from './print.ts'
import { FROMS, pipelineText, testText, TOS, type From, type Scaffold, type To } from './scaffold.ts'
import { schemaText } from './schema.ts'

interface CreateOptions {
  readonly name?: string
  readonly from?: From
  readonly to?: To
  readonly dir?: string
}

const NAME = /^[a-z][a-z0-9-]*$/
const DEFAULTS = { name: 'my-exchange', from: 'simulate', to: 'summary', dir: 'pipelines' } as const
const SCHEMA = fileURLToPath(new URL('../../schema/pipeline.schema.json', import.meta.url))
/** The schema, where none is within reach of the file. */
const COPY = 'pipeline.schema.json'

/** `millrace create`. */
export function addCreate(program: Command): void {
  program
    .command('create')
    .description(
      'write a new pipeline file and its test; asks for what is not given, where there is someone to ask',
    )
    .option('--name <name>', `name of the pipeline and of its file (${DEFAULTS.name})`, nameOf)
    .addOption(new Option('--from <source>', `where orders come from (${DEFAULTS.from})`).choices(FROMS))
    .addOption(new Option('--to <sink>', `where events go (${DEFAULTS.to})`).choices(TOS))
    .option('--dir <folder>', `where to write them (${DEFAULTS.dir})`)
    .action(async (options: CreateOptions) => {
      process.exitCode = await create(await completed(options))
    })
}

/** Writes the files. Nothing that is there is overwritten. Returns the exit code. */
async function create(scaffold: Scaffold & { readonly dir: string }): Promise<number> {
  const { name, dir } = scaffold
  const file = join(dir, `${name}.yaml`)
  const test = join(dir, `${name}.test.yaml`)
  const schema = schemaFor(dir)
  const files: (readonly [path: string, text: string])[] = [
    [file, pipelineText(scaffold, schema.path)],
    [test, testText(scaffold)],
    ...(schema.isCopied && !existsSync(join(dir, COPY))
      ? [[join(dir, COPY), schemaText(registry, false)] as const]
      : []),
  ]
  const there = files.find(([path]) => existsSync(path))
  if (there !== undefined) return refuse(`${there[0]} is there already: choose another --name or --dir`)
  try {
    mkdirSync(dir, { recursive: true })
    for (const [path, text] of files) writeFileSync(path, text, { flag: 'wx' })
  } catch (error) {
    return refuse(`${dir}: ${systemProblem(error)}`)
  }
  const input = scaffold.from === 'simulate' ? '' : ' --input FILE'
  return print(
    `${files.map(([path]) => `wrote ${path}\n`).join('')}\nmillrace run ${file}${input}\nmillrace test ${test}\n`,
  )
}

function refuse(message: string): number {
  process.stderr.write(`millrace: ${message}\n`)
  return ExitCode.cannotCreate
}

/** The options with what is not given: asked for on a terminal, else the defaults. */
async function completed(given: CreateOptions): Promise<Scaffold & { readonly dir: string }> {
  const { name, from, to, dir } = given
  const isAsked = process.stdin.isTTY && process.stdout.isTTY
  if (!isAsked || (name !== undefined && from !== undefined && to !== undefined)) {
    return { ...DEFAULTS, ...given }
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const ask = async <T extends string>(
    what: string,
    standard: T,
    isGood: (answer: string) => boolean,
  ): Promise<T> => {
    for (;;) {
      const answer = (await terminal.question(`${what} (${standard}): `)).trim() || standard
      if (isGood(answer)) return answer as T
    }
  }
  const oneOf = (words: readonly string[]) => (answer: string) => words.includes(answer)
  try {
    return {
      name: name ?? (await ask('name', DEFAULTS.name, (answer) => NAME.test(answer))),
      from: from ?? (await ask<From>(`orders from ${FROMS.join(', ')}`, DEFAULTS.from, oneOf(FROMS))),
      to: to ?? (await ask<To>(`events to ${TOS.join(', ')}`, DEFAULTS.to, oneOf(TOS))),
      dir: dir ?? (await ask('folder', DEFAULTS.dir, () => true)),
    }
  } finally {
    terminal.close()
  }
}

/** Where a file in a folder finds the schema: in the package it is installed with, or else as a copy beside it. */
function schemaFor(dir: string): { readonly path: string; readonly isCopied: boolean } {
  const from = resolve(dir)
  // The folder that the package belongs to: its own checkout, or the project that it is installed in.
  const project = SCHEMA.includes('node_modules')
    ? SCHEMA.slice(0, SCHEMA.lastIndexOf('/node_modules/'))
    : dirname(dirname(SCHEMA))
  const isWithin = from === project || from.startsWith(`${project}/`)
  return isWithin && existsSync(SCHEMA)
    ? { path: relative(from, SCHEMA), isCopied: false }
    : { path: COPY, isCopied: true }
}

function nameOf(text: string): string {
  if (NAME.test(text)) return text
  throw new InvalidArgumentError('expected a small letter, then small letters, digits and dashes')
}
