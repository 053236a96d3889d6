/** Run by Bun with MCPLEXER_HOME set: rotates, and kills itself right after the step that is named. */
import { resolvePaths } from '../../src/base/index.ts'
import { openVault } from '../../src/vault/index.ts'

const [wanted] = process.argv.slice(2)
const vault = openVault({ paths: resolvePaths() })
await vault.rotate(
  { isDryRun: false, isPostQuantum: false, keepOldFile: null },
  {
    onStep: (step) => {
      if (step === wanted) process.kill(process.pid, 'SIGKILL')
    },
  },
)
