import { Option, type Command } from 'commander'
import { createKey, readKeys, ROLES, type Role } from '../server/keys.ts'
import { ExitCode } from './exit-code.ts'

interface CreateOptions {
  readonly file: string
  readonly role: Role
  readonly client?: string
}

/** `millrace keys`. */
export function addKeys(program: Command): void {
  const keys = program.command('keys').description('make and list keys of the API')
  keys
    .command('create')
    .description('make a key and print it; only its hash is kept')
    .argument('<id>', 'a name for whoever holds it')
    .option('--file <file>', 'where keys are kept', 'keys.json')
    .addOption(new Option('--role <role>', 'what it may be used for').choices(ROLES).default('viewer'))
    .option('--client <client>', 'the one client that its orders may be for')
    .action((id: string, { file, role, client }: CreateOptions) => {
      process.exitCode = attempt(() => process.stdout.write(`${createKey(file, id, role, client)}\n`))
    })
  keys
    .command('list')
    .description('list who has a key')
    .option('--file <file>', 'where keys are kept', 'keys.json')
    .action(({ file }: { readonly file: string }) => {
      process.exitCode = attempt(() => {
        for (const { id, role, client = '' } of readKeys(file))
          process.stdout.write(`${[id, role, client].join(' ').trimEnd()}\n`)
      })
    })
}

function attempt(work: () => void): number {
  try {
    work()
    return ExitCode.good
  } catch (error) {
    process.stderr.write(`millrace: ${(error as Error).message}\n`)
    return ExitCode.badData
  }
}
