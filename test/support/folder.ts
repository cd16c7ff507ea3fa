import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A folder of files for one test, by their paths. */
export class Folder {
  readonly path: string

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.path = mkdtempSync(join(tmpdir(), 'millrace-folder-'))
    for (const [name, text] of Object.entries(files)) this.write(name, text)
  }

  write(name: string, text: string, mode = 0o600): string {
    const file = this.at(name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }

  at(name: string): string {
    return join(this.path, name)
  }

  /** A text with this folder's path taken out. */
  short(text: string): string {
    return text.replaceAll(`${this.path}/`, '')
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
