// What is published: its size, its types, and that it is whole.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';

const here = path.dirname(new URL(import.meta.url).pathname);
const plugin = path.resolve(here, '../../plugins/web');
const installed = (name) => path.join(here, 'node_modules', name);

test('eddy-client: under 6 KB, minified and gzipped, without CBOR', (t) => {
  const { outputFiles } = buildSync({
    stdin: { contents: 'export * from "eddy-client"', resolveDir: here },
    bundle: true,
    minify: true,
    format: 'esm',
    external: ['cbor-x'],
    write: false,
  });
  const size = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  t.diagnostic(`${size} bytes`);
  assert.ok(size < 6 * 1024, `${size} bytes`);
});

test('types: a sample that uses everything, and the sources against them, pass tsc --strict', () => {
  try {
    execFileSync(process.execPath, [path.join(installed('typescript'), 'bin/tsc'), '-p', here], { encoding: 'utf8' });
  } catch (error) {
    assert.fail(error.stdout);
  }
});

test('types: what index.js exports index.d.ts declares, and the other way round', async () => {
  for (const name of ['client', 'react']) {
    const types = fs.readFileSync(path.join(plugin, name, 'index.d.ts'), 'utf8');
    const declared = [...types.matchAll(/^export (?:declare )?(?:class|function|const) (\w+)/gm)].map(
      ([, word]) => word,
    );
    const exported = Object.keys(await import(`eddy-${name}`));
    assert.deepEqual([...new Set(declared)].sort(), exported.sort());
  }
});

test('packages: all files, no more; nothing but what is named is imported, and by relative addresses', () => {
  for (const [name, allowed] of [
    ['client', ['cbor-x']],
    ['react', ['eddy-client', 'react']],
  ]) {
    const folder = installed(`eddy-${name}`);
    const files = fs.readdirSync(folder).sort();
    const expected = fs.readdirSync(path.join(plugin, name)).sort();
    assert.deepEqual(files, expected);
    for (const file of files.filter((one) => one.endsWith('.js'))) {
      const text = fs.readFileSync(path.join(folder, file), 'utf8');
      for (const [, from] of text.matchAll(/(?:^import [^;]*?from |^export [^;]*?from |import\()'([^']+)'/gms)) {
        if (allowed.includes(from)) continue;
        assert.match(from, /^\.\/\w+\.js$/, `${file} imports ${from}`);
        assert.ok(files.includes(from.slice(2)), `${file} imports ${from}`);
      }
    }
  }
});

test('READMEs: every knob of the types has its row', () => {
  for (const [name, kinds] of [
    ['client', /interface (\w*Options) [^{]*\{(.*?)\n\}/gs],
    ['react', /interface (\w*Options|\w*Props) [^{]*\{(.*?)\n\}/gs],
  ]) {
    const types = fs.readFileSync(path.join(plugin, name, 'index.d.ts'), 'utf8');
    const readme = fs.readFileSync(path.join(plugin, name, 'README.md'), 'utf8');
    for (const [, kind, body] of types.matchAll(kinds)) {
      for (const [, knob] of body.matchAll(/^ {2}(\w+)\??:/gm))
        assert.ok(readme.includes(`\`${knob}`) || readme.includes(`.${knob}`), `${name}: ${kind}.${knob}`);
    }
  }
});
