import { watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'

const SETTLED_MS = 100

/**
 * Calls back when one of some files has been saved, once for all that an editor does while it saves. Their folders are
 * watched: an editor may write a new file and give it the old one's name.
 * @returns a function that ends it
 * @throws Error if a folder cannot be watched
 */
export function watchFiles(files: Iterable<string>, onSaved: () => void, settledMs = SETTLED_MS): () => void {
  const byFolder = new Map<string, Set<string>>()
  for (const file of files) {
    const folder = dirname(resolve(file))
    byFolder.set(folder, (byFolder.get(folder) ?? new Set()).add(basename(file)))
  }
  let timer: NodeJS.Timeout | undefined
  const watchers = [...byFolder].map(([folder, names]) =>
    watch(folder, (_, changed) => {
      if (changed !== null && !names.has(changed)) return
      clearTimeout(timer)
      timer = setTimeout(onSaved, settledMs)
    }).on('error', () => {}),
  )
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}
