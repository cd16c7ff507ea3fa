import * as E from 'fp-ts/lib/Either.js'
import type { Definition } from '../pipeline/definition.ts'
import type { DefinitionSource } from '../pipeline/threads/protocol.ts'
import { load, type LoadOptions } from './load.ts'

interface Arguments {
  readonly file: string
  readonly options: LoadOptions
}

/** Where the threads of a pipeline have its definition from: they read the file as the main thread did. */
export function definitionSource(file: string, options: LoadOptions): DefinitionSource {
  // Only what can be sent to a thread: options of a command may have more in them.
  const args: Arguments = JSON.parse(JSON.stringify({ file, options })) as Arguments
  return { module: import.meta.url, args }
}

/** Called on a thread. */
export async function definitionFor({ file, options }: Arguments): Promise<Definition> {
  const definition = await load(file, options)()
  if (E.isLeft(definition)) throw new Error(`${file} is no longer as it was when the run began`)
  return definition.right
}
