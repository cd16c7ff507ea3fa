import test from 'ava'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { libc } from '../../src/memory/libc.ts'
import { createMappedFile, MappedFileError, openMappedFile } from '../../src/memory/mapped-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-mapped-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test('mapped file - what one mapping writes, the file and another process have', (t) => {
  const path = join(folder, 'shared')
  const mapped = createMappedFile(path, 8_192)
  t.is(mapped.bytes, 8_192)
  t.is(statSync(path).size, 8_192)
  const words = new Int32Array(mapped.buffer)
  words[1_000] = 42
  t.is(readFileSync(path).readInt32LE(4_000), 42)
  const module = JSON.stringify(new URL('../../src/memory/mapped-file.ts', import.meta.url))
  const script = `import { openMappedFile } from ${module}
    const words = new Int32Array(openMappedFile(${JSON.stringify(path)}).buffer)
    Atomics.add(words, 1_000, 58)`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script])
  t.is(status, 0, String(stderr))
  t.is(Atomics.load(words, 1_000), 100)
  mapped.close()
})

test('mapped file - it appears under its name only when it is filled, and leaves no draft', (t) => {
  const path = join(folder, 'filled')
  const mapped = createMappedFile(path, 4_096, (buffer) => {
    t.throws(() => statSync(path), { code: 'ENOENT' })
    new Int32Array(buffer)[0] = 7
  })
  mapped.close()
  t.is(readFileSync(path).readInt32LE(0), 7)
  const error = t.throws(() => createMappedFile(path, 4_096), { instanceOf: MappedFileError })
  t.is(error.code, 'EEXIST')
  t.is(readFileSync(path).readInt32LE(0), 7, 'the first one is left as it is')
  const refuse = (): never => {
    throw new Error('refused')
  }
  const failing = join(folder, 'failing')
  t.throws(() => createMappedFile(failing, 4_096, refuse), { message: 'refused' })
  t.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.new') || name === 'failing'),
    [],
  )
})

test('mapped file - a part that is flushed need not begin at a page', (t) => {
  const mapped = createMappedFile(join(folder, 'flushed'), 65_536)
  t.notThrows(() => mapped.flush(20_001, 20_002))
  t.notThrows(() => mapped.flush())
  mapped.close()
  t.is(t.throws(() => mapped.flush(), { instanceOf: MappedFileError }).code, 'EBADF')
})

test('mapped file - a view of a closed one finds nothing, and closing twice does no harm', (t) => {
  const mapped = createMappedFile(join(folder, 'closed'), 4_096)
  const words = new Int32Array(mapped.buffer)
  words[0] = 5
  mapped.close()
  mapped.close()
  t.is(words.length, 0)
  t.deepEqual(Object.entries(words), [])
  t.throws(() => Atomics.load(words, 0), { instanceOf: TypeError })
})

test('mapped file - one that is opened read-only sees what a writer writes', (t) => {
  const path = join(folder, 'observed')
  const writer = createMappedFile(path, 4_096)
  chmodSync(path, 0o444)
  const reader = openMappedFile(path, { writable: false })
  new Int32Array(writer.buffer)[9] = 99
  t.is(Atomics.load(new Int32Array(reader.buffer), 9), 99)
  writer.close()
  reader.close()
})

test('mapped file - what cannot be mapped is named, with the name of the error', (t) => {
  const refused = (make: () => unknown): MappedFileError => t.throws(make, { instanceOf: MappedFileError })
  const missing = join(folder, 'missing')
  t.is(refused(() => openMappedFile(missing)).message, `${missing}: no such file or directory (ENOENT)`)
  t.is(refused(() => createMappedFile(join(missing, 'inner'), 64)).code, 'ENOENT')
  t.is(refused(() => openMappedFile(folder)).code, 'EISDIR')
  t.is(refused(() => openMappedFile(folder, { writable: false })).code, 'EINVAL')
  t.is(refused(() => createMappedFile(join(folder, 'huge'), 2 ** 52)).code, 'EFBIG')
  const empty = join(folder, 'empty')
  writeFileSync(empty, '')
  t.regex(refused(() => openMappedFile(empty)).message, /is 0 bytes long, at least 1 expected/)
  const short = join(folder, 'short')
  createMappedFile(short, 8_192).close()
  truncateSync(short, 100)
  t.regex(refused(() => openMappedFile(short, { bytes: 8_192 })).message, /is 100 bytes long, at least 8192/)
})

const onTmpfs = existsSync('/dev/shm') ? test : test.skip

onTmpfs('mapped file - a disk that is full is told when the file is made, and nothing stays behind', (t) => {
  const path = `/dev/shm/millrace-full-${process.pid}`
  const error = t.throws(() => createMappedFile(path, 2 ** 44), { instanceOf: MappedFileError })
  t.is(error.code, 'ENOSPC')
  t.deepEqual(
    readdirSync('/dev/shm').filter((name) => name.includes(`millrace-full-${process.pid}`)),
    [],
  )
})

test('mapped file - where koffi cannot be loaded, that is what is said', (t) => {
  const library = (): ReturnType<typeof libc> =>
    libc(() => {
      throw new Error("Cannot find module 'koffi'\nRequire stack: ...")
    })
  const path = join(folder, 'without')
  const error = t.throws(() => createMappedFile(path, 64, undefined, { library }), {
    instanceOf: MappedFileError,
  })
  t.is(error.code, 'ENOTSUP')
  t.is(error.message, `${path}: mapped files need the package koffi: Cannot find module 'koffi' (ENOTSUP)`)
})
