// Everything the report needs from node_modules, in one folder. No node at run time, no CDN.
import { build } from 'esbuild';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const OUT = here('../src/amends/flows/report/vendor/');

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });

const common = { bundle: true, minify: true, legalComments: 'none', sourcemap: false };
await build({
  ...common,
  entryPoints: [here('js/charts.js')],
  format: 'iife',
  target: 'es2020',
  outfile: `${OUT}charts.js`,
});
await build({
  ...common,
  entryPoints: [here('css/report.css')],
  charset: 'utf8',
  outfile: `${OUT}report.css`,
});
await copyFile(
  here('node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2'),
  `${OUT}inter.woff2`,
);
