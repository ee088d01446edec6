// Charts of the pages: every [data-chart] is drawn from the JSON option it names, when it is near the
// screen, in the colours of the theme, and again when the theme changes. A mark with `href` opens it in
// the drawer, one with `page` goes there.
import * as echarts from 'echarts/core';
import { BarChart, LineChart, SankeyChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
import { FORMATS, revive } from '../formats.js';

echarts.use([BarChart, LineChart, SankeyChart, ScatterChart, AriaComponent, GridComponent,
  MarkAreaComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);
globalThis.echarts = echarts;

// A token is light-dark(…): only a computed colour is one that ECharts understands.
function palette() {
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.transition = 'none';
  const known = new Map();
  const colour = (name) => {
    if (!known.has(name)) {
      probe.style.color = `var(--${name})`;
      known.set(name, getComputedStyle(probe).color);
    }
    return known.get(name);
  };
  return { colour, done: () => probe.remove() };
}

const coloured = (value, colour) => {
  if (typeof value === 'string') return /^\$[a-z]/.test(value) ? colour(value.slice(1)) : value;
  if (Array.isArray(value)) return value.map((item) => coloured(item, colour));
  if (value?.constructor !== Object) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, coloured(item, colour)]));
};

function theme(colour) {
  const axis = {
    axisLine: { lineStyle: { color: colour('line') } },
    axisTick: { show: false },
    axisLabel: { color: colour('muted'), fontSize: 12 },
    splitLine: { lineStyle: { color: colour('line') } },
  };
  return {
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    categoryAxis: { ...axis, splitLine: { show: false } },
    timeAxis: { ...axis, splitLine: { show: false } },
    valueAxis: { ...axis, axisLine: { show: false } },
    tooltip: {
      backgroundColor: colour('surface'),
      borderColor: colour('line'),
      textStyle: { color: colour('text'), fontSize: 13 },
      confine: true,
      valueFormatter: (value) => (typeof value === 'number' ? FORMATS.number(value) : String(value ?? '–')),
    },
    aria: { enabled: false }, // the element has its own label, and its marks are repeated as a list
  };
}

const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

function draw(element) {
  echarts.getInstanceByDom(element)?.dispose();
  const { colour, done } = palette();
  const chart = echarts.init(element, theme(colour), { renderer: 'svg' });
  const option = JSON.parse(document.getElementById(element.dataset.chart).textContent, revive);
  chart.setOption({ animation: !still(), animationDuration: 200, ...coloured(option, colour) });
  chart.on('click', (mark) => {
    const { href: url, page } = mark.data ?? {};
    if (page) location.assign(page);
    else if (url) document.dispatchEvent(new CustomEvent('open-drawer', { detail: { url } }));
  });
  done();
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) echarts.getInstanceByDom(target)?.resize();
});
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    sizes.observe(target);
    draw(target);
  }
}, { rootMargin: '200px' });

function scan() {
  for (const element of document.querySelectorAll('[data-chart]')) {
    if (!echarts.getInstanceByDom(element)) seen.observe(element);
  }
}

function redraw() {
  for (const element of document.querySelectorAll('[data-chart]')) {
    if (echarts.getInstanceByDom(element)) draw(element);
  }
}

scan();
document.addEventListener('htmx:after:swap', scan);
document.addEventListener('theme-changed', redraw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
