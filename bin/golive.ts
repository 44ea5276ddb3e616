#!/usr/bin/env -S npx tsx
import { main } from '../cli/main';

void main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
