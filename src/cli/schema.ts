import * as E from 'fp-ts/lib/Either.js'
import { registry } from '../operators/registry.ts'
import { loadRegistry } from '../pipeline/definition.ts'
import { pipelineSchema } from '../pipeline/json-schema.ts'
import { Option, type Command } from 'commander'
import { ExitCode } from './exit-code.ts'
import { importPlugin } from './import-plugin.ts'
import { KEY_NOTES } from './key-notes.ts'
import { printProblems } from './load.ts'
import { print } from './print.ts'

/** `millrace schema`. */
export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of pipeline files, for editors: descriptions, completion and checks')
    .argument('[file]', 'a pipeline file whose plugins are taken in')
    .addOption(
      new Option('--layer', 'the schema of profiles and of files to include, in which nothing is needed'),
    )
    .action(async (file: string | undefined, options: { readonly layer?: boolean }) => {
      process.exitCode = await schemaOf(file, options.layer === true)
    })
}

/** Prints the schema. Returns the exit code. */
async function schemaOf(file: string | undefined, isLayer: boolean): Promise<number> {
  if (file === undefined) return print(schemaText(registry, isLayer))
  const loaded = await loadRegistry(file, registry, { variables: process.env, importModule: importPlugin })()
  if (E.isRight(loaded)) return print(schemaText(loaded.right, isLayer))
  printProblems(loaded.left, 'text')
  return ExitCode.configuration
}

/** The schema as a file has it. */
export function schemaText(operators: typeof registry, isLayer: boolean): string {
  return `${JSON.stringify(pipelineSchema(operators, { isLayer, keyNotes: KEY_NOTES }), undefined, 2)}\n`
}
