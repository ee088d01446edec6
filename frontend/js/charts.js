// The charts of the report, drawn outside a browser: drawChart(options as JSON, width, height) → SVG.
import './shim.js';
import * as echarts from 'echarts/core';
import { LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, MarkAreaComponent, MarkLineComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

echarts.use([LineChart, ScatterChart, GridComponent, MarkAreaComponent, MarkLineComponent, SVGRenderer]);

const grouped = (value, digits) => {
  const [whole, fraction] = Math.abs(value).toFixed(digits).split('.');
  const sign = value < 0 ? '−' : '';
  return sign + whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction ? `.${fraction}` : '');
};

// Options are JSON; where ECharts wants a function they name it ("format:percent") or list what it
// would say ({"labels": {…}}).
const FORMATS = {
  number: (value) => grouped(value, (String(Number(value.toPrecision(6))).split('.')[1] ?? '').length),
  percent: (value) => `${FORMATS.number(value)} %`,
};

const revive = (key, value) => {
  if (typeof value === 'string' && value.startsWith('format:')) return FORMATS[value.slice(7)];
  if (key === 'formatter' && value?.labels) return (at) => value.labels[at] ?? '';
  return value;
};

globalThis.drawChart = (json, width, height) => {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, ...JSON.parse(json, revive) });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
};
