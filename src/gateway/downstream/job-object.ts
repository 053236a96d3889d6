import { dlopen, FFIType, ptr } from 'bun:ffi'

/** JOBOBJECT_EXTENDED_LIMIT_INFORMATION on 64 bits, and in it `BasicLimitInformation.LimitFlags`. */
const INFORMATION_BYTES = 144
const LIMIT_FLAGS_AT = 16
const EXTENDED_LIMIT_INFORMATION = 9
const KILL_ON_JOB_CLOSE = 0x2000

/**
 * Windows: this process and all that it starts from now on end together, however it ends: the system closes the only
 * handle of the job with it. Microsoft, "Job Objects". Throws when the system refuses.
 */
export function endTogether(): void {
  const { symbols } = dlopen('kernel32.dll', {
    CreateJobObjectW: { args: [FFIType.ptr, FFIType.ptr], returns: FFIType.u64 },
    SetInformationJobObject: {
      args: [FFIType.u64, FFIType.i32, FFIType.ptr, FFIType.u32],
      returns: FFIType.i32,
    },
    GetCurrentProcess: { args: [], returns: FFIType.u64 },
    AssignProcessToJobObject: { args: [FFIType.u64, FFIType.u64], returns: FFIType.i32 },
  })
  const information = new Uint8Array(INFORMATION_BYTES)
  new DataView(information.buffer).setUint32(LIMIT_FLAGS_AT, KILL_ON_JOB_CLOSE, true)
  const job = symbols.CreateJobObjectW(null, null)
  const isLimited = symbols.SetInformationJobObject(
    job,
    EXTENDED_LIMIT_INFORMATION,
    ptr(information),
    INFORMATION_BYTES,
  )
  if (isLimited === 0 || symbols.AssignProcessToJobObject(job, symbols.GetCurrentProcess()) === 0)
    throw new Error('the system has refused the job')
}
