/**
 * cli: what a person types. In: argv, the terminal. Out: results on stdout, all else on stderr, an exit code.
 * Never: works by itself; a command calls one function of one room and prints.
 */
export { runCli } from './cli.ts'
