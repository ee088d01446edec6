// The charts of the report, drawn outside a browser: drawChart(options as JSON, width, height) → SVG.
import './shim.js';
import * as echarts from 'echarts/core';
import { LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, MarkAreaComponent, MarkLineComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
import { revive } from './formats.js';

echarts.use([LineChart, ScatterChart, GridComponent, MarkAreaComponent, MarkLineComponent, SVGRenderer]);

globalThis.drawChart = (json, width, height) => {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, ...JSON.parse(json, revive) });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
};
