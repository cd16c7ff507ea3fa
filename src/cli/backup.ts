import type { Command } from 'commander'
import { backUp, restoreBackup } from '../journal/backup.ts'
import { JournalError } from '../journal/problem.ts'
import { thousands } from '../telemetry/text-table.ts'
import { ExitCode } from './exit-code.ts'
import { print } from './print.ts'

/** `millrace backup` and `millrace restore`. */
export function addBackup(program: Command): void {
  program
    .command('backup')
    .description('copy a journal, which may be in use; again into the same place, only what is new')
    .argument('<dir>', 'directory of the journal')
    .argument('<into>', 'directory of the backup')
    .action(async (dir: string, into: string) => {
      process.exitCode = await attempt(() => backupText(dir, into))
    })
  program
    .command('restore')
    .description('make a journal of a backup, check every byte, and print the hash of its state')
    .argument('<backup>', 'directory of the backup')
    .argument('<dir>', 'directory of the journal to be made: a new one')
    .action(async (backup: string, dir: string) => {
      process.exitCode = await attempt(() => restoreText(backup, dir))
    })
}

function backupText(dir: string, into: string): string {
  const { files, kept, bytes } = backUp(dir, into)
  const known = kept === 0 ? '' : `, ${thousands(kept)} of them there already`
  return `${into}: ${thousands(files)} files, ${(bytes / 1e6).toFixed(1)} MB, all checked${known}\n`
}

function restoreText(backup: string, dir: string): string {
  const { files, bytes, sequence, commands, hash } = restoreBackup(backup, dir)
  return (
    `${dir}: ${thousands(files)} files, ${(bytes / 1e6).toFixed(1)} MB, as they were backed up\n` +
    `sequence ${thousands(sequence)}, ${thousands(commands)} commands\nstate ${hash}\n`
  )
}

async function attempt(work: () => string): Promise<number> {
  try {
    return await print(work())
  } catch (error) {
    if (!(error instanceof JournalError)) throw error
    process.stderr.write(`millrace: ${error.message}\n`)
    return ExitCode.badData
  }
}
