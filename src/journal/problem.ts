/** Why a journal cannot be opened, read or written: in words for whoever runs it, with the file and what can be done. */
export class JournalError extends Error {
  override readonly name = 'JournalError'
  /** The file or directory it is about. */
  readonly path: string
  /** Where in the file, in bytes; undefined where it is about the whole. */
  readonly offset: number | undefined

  constructor(path: string, message: string, offset?: number) {
    super(offset === undefined ? `${path}: ${message}` : `${path}: at byte ${offset}: ${message}`)
    this.path = path
    this.offset = offset
  }
}

/** What a system call said, in the few words that matter. */
export function systemMessage(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const known: Readonly<Record<string, string>> = {
    ENOSPC: 'no space is left on the device',
    EDQUOT: 'the disk quota is used up',
    EFBIG: 'the file would be larger than this process may write (ulimit -f)',
    EROFS: 'the file system is read-only',
    EACCES: 'permission is denied',
    EPERM: 'permission is denied',
    ENOENT: 'there is no such file or directory',
    ENOTDIR: 'it is not a directory',
    EIO: 'the device reports an error',
    EMFILE: 'too many files are open',
  }
  return known[code ?? ''] ?? message ?? String(error)
}
