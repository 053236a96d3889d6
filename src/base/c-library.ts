/** Which of them there is depends on the distribution. */
const NAMES = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1']

/** Functions of the C library of Linux, for what the runtime does not offer; null where there is none of them. */
export async function openCLibrary<Functions extends Record<string, import('bun:ffi').FFIFunction>>(
  functions: (types: typeof import('bun:ffi').FFIType) => Functions,
) {
  if (process.platform !== 'linux') return null
  const { dlopen, FFIType, ptr } = await import('bun:ffi')
  for (const name of NAMES) {
    try {
      return { symbols: dlopen(name, functions(FFIType)).symbols, ptr }
    } catch {
      // the next one
    }
  }
  return null
}
