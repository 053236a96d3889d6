/**
 * The official age test vectors (C2SP CCTV, npm `cctv-age`) through the product's own cipher, in a program that is
 * compiled with the product's flags. Prints `passed N of M` and the names of those that did not.
 */
import { vectors } from './age-vectors.ts'

let passed = 0
const failed: string[] = []
for (const { name, run } of await vectors()) {
  if (await run()) passed++
  else failed.push(name)
}
process.stdout.write(`passed ${passed} of ${passed + failed.length} ${failed.join(' ')}\n`)
