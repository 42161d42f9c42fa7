// All test files in one process, so that they share one browser: node all.js [FILE]...
import fs from 'node:fs';
import path from 'node:path';

const here = path.dirname(new URL(import.meta.url).pathname);
const files = process.argv.slice(2).map((file) => path.resolve(file));
const all = fs.readdirSync(here).filter((file) => file.endsWith('.test.js'));
for (const file of files.length ? files : all.map((name) => path.join(here, name))) await import(file);
