// Tailwind without its native scanner: every word in the templates is offered as a class name, and
// the compiler keeps those it knows.
import { compile } from 'tailwindcss';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULES = fileURLToPath(new URL('node_modules/', import.meta.url));

async function loadStylesheet(id, base) {
  const path = resolve(id.startsWith('.') ? base : MODULES, id);
  return { path, base: dirname(path), content: await readFile(path, 'utf8') };
}

async function words(folder) {
  const names = await readdir(folder, { recursive: true });
  const found = new Set();
  for (const name of names.filter((n) => n.endsWith('.html'))) {
    for (const word of (await readFile(resolve(folder, name), 'utf8')).split(/[\s"'`<>=]+/)) {
      found.add(word);
    }
  }
  return [...found].sort();
}

// Returns the style sheet `entry` with the utilities that templates below `templates` use.
export async function pagesStyle(entry, templates) {
  const source = await readFile(entry, 'utf8');
  const { build } = await compile(source, { base: dirname(entry), loadStylesheet });
  return build(await words(templates));
}
