// Everything that the report and the pages need from node_modules, in one folder each.
// No node at run time, no CDN.
import { build } from 'esbuild';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pagesStyle } from './tailwind.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const REPORT = here('../src/amends/flows/report/vendor/');
const PAGES = here('../src/amends/web/ui/static/vendor/');
const FONT = here('node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2');

const common = { bundle: true, minify: true, legalComments: 'none', sourcemap: false };
const script = (from, to) =>
  build({ ...common, entryPoints: [here(from)], format: 'iife', target: 'es2022', outfile: to });

// A map that is not shipped must not be named: collectstatic would look for it.
const withoutMap = (text) => text.replace(/\/[/*][#@] sourceMappingURL=.*?(\*\/)?\s*$/gm, '');

async function report() {
  await build({
    ...common,
    entryPoints: [here('js/charts.js')],
    format: 'iife',
    target: 'es2020',
    outfile: `${REPORT}charts.js`,
  });
  await build({
    ...common,
    entryPoints: [here('css/report.css')],
    charset: 'utf8',
    outfile: `${REPORT}report.css`,
  });
  await copyFile(FONT, `${REPORT}inter.woff2`);
}

async function pages() {
  for (const [to, from] of [['htmx.js', 'dist/htmx.min.js'], ['sse.js', 'dist/ext/hx-sse.min.js']]) {
    const text = await readFile(here(`node_modules/htmx.org/${from}`), 'utf8');
    await writeFile(PAGES + to, withoutMap(text));
  }
  await script('js/pages/theme.js', `${PAGES}theme.js`);
  await script('js/pages/ui.js', `${PAGES}ui.js`);
  await script('js/pages/cases.js', `${PAGES}cases.js`);
  await script('js/pages/charts.js', `${PAGES}charts.js`);
  const style = await pagesStyle(here('css/pages.css'), here('../src/amends/web'));
  await build({
    ...common,
    stdin: { contents: style, loader: 'css', resolveDir: here('css') },
    external: ['*.woff2'],
    charset: 'utf8',
    outfile: `${PAGES}pages.css`,
  });
  await copyFile(FONT, `${PAGES}inter.woff2`);
}

for (const folder of [REPORT, PAGES]) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}
await Promise.all([report(), pages()]);
